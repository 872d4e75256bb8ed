/** Rows out of the cluster: of a table or a query, streamed in one consistent read. */
import type { Client, QueryStream } from "../../client/api.ts";
import { cellLiteral, quoteName } from "../../client/sql_text.ts";
import type { Column, Row } from "../../protocol/values.ts";
import { FORMAT_WRITERS } from "../output/choose_format.ts";
import type { BinaryWord, FormatName, ResultWriter } from "../output/result_format.ts";
import type { FileSink, ShellPort } from "../port.ts";
import { Progress } from "../progress.ts";
import { ShellError } from "../shell_error.ts";
import { type TableColumn, tableLayout } from "./table_columns.ts";

export const EXPORT_FORMATS = ["csv", "jsonl", "json", "tsv", "markdown", "sql"] as const;

export type ExportFormat = typeof EXPORT_FORMATS[number];

export interface ExportOptions {
  /** One of the two. */
  readonly table: string | null;
  readonly query: string | null;
  readonly format: ExportFormat;
  /** Null: stdout. */
  readonly path: string | null;
  readonly header: boolean;
  readonly nullText: string;
  readonly binary: BinaryWord;
  /** With `sql`: the statement that makes the table comes first. */
  readonly create: boolean;
}

/** A statement of this length is stored in one go by whoever imports it. */
const INSERT_LENGTH_MAX = 256 * 1024;
const UNFINISHED = ".part";

/** Answers how many rows were written. */
export async function exportRows(
  client: Client,
  port: ShellPort,
  options: ExportOptions,
): Promise<number> {
  const { table, query, path } = options;
  const label = table === null ? "export" : `export ${table}`;
  const total = table === null || !port.err.isTerminal ? null : await countOf(client, port, table);
  const progress = new Progress(port, label, { total, unit: "rows" });
  const { sql, head } = table === null
    ? { sql: query ?? "", head: "" }
    : await selectOf(client, port, {
      ...options,
      table,
    });
  const sink = await openSink(port, path);
  try {
    await sink.write(head);
    const stream = client.stream(sql, [], { signal: port.stop });
    const rows = await pour(stream, options, sink, progress);
    await sink.finish();
    return rows;
  } catch (error) {
    await sink.giveUp();
    throw error;
  } finally {
    await progress.end();
  }
}

async function countOf(client: Client, port: ShellPort, table: string): Promise<number> {
  const sql = `SELECT COUNT(*) FROM ${quoteName(table)}`;
  const { rows: [row] } = await client.query(sql, [], { signal: port.stop });
  return Number(row?.[0]);
}

async function pour(
  stream: QueryStream,
  options: ExportOptions,
  sink: ExportSink,
  progress: Progress,
): Promise<number> {
  stream.outcome.catch(() => {});
  const columns = await stream.columns;
  if (columns.length === 0) throw new ShellError("Cannot export: that is no query");
  const writer = writerFor(columns, options);
  let rows = 0;
  for await (const batch of stream) {
    await sink.write(writer.rows(batch));
    rows += batch.length;
    await progress.add(batch.length);
  }
  await sink.write(writer.end());
  await stream.outcome;
  return rows;
}

function writerFor(columns: readonly Column[], options: ExportOptions): ResultWriter {
  if (options.format === "sql") return new InsertWriter(columns, options.table ?? "");
  const { header, nullText, binary } = options;
  return FORMAT_WRITERS[options.format satisfies FormatName](columns, {
    ...{ header, nullText, binary },
    raw: false,
    terminal: null,
    cut: false,
    windowRows: 1000,
  });
}

/** INSERT statements, each as long as is good to store at once. */
class InsertWriter implements ResultWriter {
  readonly #columns: readonly Column[];
  readonly #into: string;
  #values = "";

  constructor(columns: readonly Column[], table: string) {
    this.#columns = columns;
    const names = columns.map(({ name }) => quoteName(name)).join(",");
    this.#into = `INSERT INTO ${quoteName(table)} (${names}) VALUES\n`;
  }

  rows(batch: readonly Row[]): string {
    let text = "";
    for (const row of batch) {
      const cells = this.#columns.map(({ kind }, at) => cellLiteral(row[at] ?? null, kind));
      this.#values += `${this.#values === "" ? "" : ",\n"}(${cells.join(",")})`;
      if (this.#values.length >= INSERT_LENGTH_MAX) text += this.end();
    }
    return text;
  }

  end(): string {
    if (this.#values === "") return "";
    const statement = `${this.#into}${this.#values};\n`;
    this.#values = "";
    return statement;
  }
}

interface Selection {
  readonly sql: string;
  /** What the file begins with. */
  readonly head: string;
}

async function selectOf(
  client: Client,
  port: ShellPort,
  { table, format, create }: ExportOptions & { readonly table: string },
): Promise<Selection> {
  const { columns, key } = await tableLayout(client, table, port.stop);
  const stored = format === "sql" ? columns.filter(({ isGenerated }) => !isGenerated) : columns;
  const order = key.length === 0 ? "" : ` ORDER BY ${key.map(quoteName).join(", ")}`;
  const list = stored.map(selected).join(", ");
  const sql = `SELECT ${list} FROM ${quoteName(table)}${order}`;
  if (format !== "sql" || !create) return { sql, head: "" };
  const { rows: [made] } = await client.query(
    `SHOW CREATE TABLE ${quoteName(table)}`,
    [],
    { signal: port.stop },
  );
  return { sql, head: `${String(made?.[1])};\n\n` };
}

/** A FLOAT prints six digits; as a DOUBLE it prints all that it has. */
function selected({ name, type }: TableColumn): string {
  const quoted = quoteName(name);
  return /^float\b/.test(type) ? `${quoted}*1e0 AS ${quoted}` : quoted;
}

interface ExportSink {
  write(text: string): Promise<void>;
  finish(): Promise<void>;
  giveUp(): Promise<void>;
}

/** A file gets its name when it is whole. */
async function openSink(port: ShellPort, path: string | null): Promise<ExportSink> {
  const nothing = () => Promise.resolve();
  if (path === null) {
    return { write: (text) => port.out.write(text), finish: nothing, giveUp: nothing };
  }
  const unfinished = `${path}${UNFINISHED}`;
  const file: FileSink = await port.files.write(unfinished, "anew");
  return {
    write: (text) => file.write(text),
    async finish() {
      await file.close();
      await port.files.move(unfinished, path);
    },
    async giveUp() {
      await file.close();
      await port.files.remove(unfinished);
    },
  };
}
