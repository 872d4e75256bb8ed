/** Rows from CSV into a table, in batches that are stored whole, each known before the next. */
import type { Client } from "../../client/api.ts";
import { quoteName } from "../../client/sql_text.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { errorLine, ownErrorLine } from "../output/error_words.ts";
import type { ShellPort } from "../port.ts";
import { Progress } from "../progress.ts";
import { ShellError } from "../shell_error.ts";
import { Utf8Text } from "../utf8.ts";
import { Checkpoint } from "./checkpoint.ts";
import { CsvReader, type CsvRecord } from "./csv_reader.ts";
import { type ImportBinary, type ImportValue, valuesOf } from "./import_values.ts";
import { isStored } from "./in_doubt.ts";
import { type TableColumn, type TableLayout, tableLayout } from "./table_columns.ts";

export interface ImportOptions {
  readonly path: string;
  readonly how: "begin" | "resume" | "restart";
  /** What became of the batch that was under way when an earlier import ended. */
  readonly inDoubt: "ask" | "stored" | "lost";
  readonly batchRows: number;
  /** Goes on after an error. */
  readonly force: boolean;
}

export interface CsvOptions extends ImportOptions {
  readonly table: string;
  /** The columns in the file's order; null: its first line names them. */
  readonly columns: readonly string[] | null;
  readonly separator: string;
  readonly nullText: string;
  readonly binary: ImportBinary;
}

export interface Imported {
  readonly done: number;
  readonly failed: number;
}

/** A row with the line it is on. */
interface Line {
  readonly line: number;
  readonly values: readonly ImportValue[];
}

/** Stays well below the longest line that crosses the wire. */
const BATCH_LENGTH_MAX = 1024 * 1024;

export async function importCsv(
  client: Client,
  port: ShellPort,
  options: CsvOptions,
): Promise<Imported> {
  const { path, table } = options;
  const layout = await tableLayout(client, table, port.stop);
  const file = await port.files.open(path);
  const progress = new Progress(port, `import ${table}`, { total: file.size, unit: "bytes" });
  const run = new CsvImport(client, port, options, layout, progress);
  const reader = new CsvReader(options.separator);
  const text = new Utf8Text(path);
  try {
    for await (const piece of file.pieces) {
      port.stop.throwIfAborted();
      await run.take(reader.push(text.push(piece)));
      await progress.add(piece.length, `${run.rows} rows`);
    }
    await run.take([...reader.push(text.end()), ...reader.end()]);
    return await run.finish();
  } finally {
    await progress.end();
  }
}

class CsvImport {
  readonly #client: Client;
  readonly #port: ShellPort;
  readonly #options: CsvOptions;
  readonly #layout: TableLayout;
  readonly #progress: Progress;
  #target: Target | null = null;
  #checkpoint: Checkpoint | null = null;
  /** Rows of the file seen so far. */
  #seen = 0;
  #done = 0;
  #failed = 0;
  #batch: Line[] = [];
  #length = 0;

  constructor(
    client: Client,
    port: ShellPort,
    options: CsvOptions,
    layout: TableLayout,
    progress: Progress,
  ) {
    this.#client = client;
    this.#port = port;
    this.#options = options;
    this.#layout = layout;
    this.#progress = progress;
  }

  get rows(): number {
    return this.#done;
  }

  async take(records: readonly CsvRecord[]): Promise<void> {
    for (const record of records) {
      if (this.#target === null) {
        const named = this.#options.columns;
        this.#target = targetOf(this.#layout, named ?? record.fields.map(({ text }) => text));
        await this.#open(this.#target);
        if (named === null) continue;
      }
      await this.#takeRow(record, this.#target);
    }
  }

  async finish(): Promise<Imported> {
    await this.#send();
    await this.#checkpoint?.finished();
    return { done: this.#done - this.#failed, failed: this.#failed };
  }

  async #open(target: Target): Promise<void> {
    const { path, table, how } = this.#options;
    const begin = { table, columns: target.names, done: 0, sent: 0 };
    this.#checkpoint = await Checkpoint.open(this.#port.files, path, begin, how);
  }

  async #takeRow(record: CsvRecord, target: Target): Promise<void> {
    const earlier = this.#checkpoint?.state;
    if (this.#seen++ < (earlier?.done ?? 0)) {
      this.#done++;
      return;
    }
    let values: readonly ImportValue[];
    try {
      values = valuesOf(record, target.columns, this.#options);
    } catch (error) {
      await this.#send();
      return await this.#refuse(error, record.line);
    }
    this.#batch.push({ line: record.line, values });
    this.#length += values.reduce<number>((sum, value) => sum + lengthOf(value), 0);
    const inDoubt = this.#inDoubt();
    const isFull = inDoubt > 0
      ? this.#batch.length === inDoubt
      : this.#batch.length >= this.#options.batchRows || this.#length >= BATCH_LENGTH_MAX;
    if (isFull) await this.#send();
  }

  /** How many rows an earlier run had sent when it ended; they are looked at as one. */
  #inDoubt(): number {
    const state = this.#checkpoint?.state;
    return state !== undefined && state.sent > 0 && this.#done === state.done ? state.sent : 0;
  }

  async #send(): Promise<void> {
    const batch = this.#batch;
    const inDoubt = this.#inDoubt();
    this.#batch = [];
    this.#length = 0;
    if (batch.length === 0 || this.#target === null) return;
    if (inDoubt > 0 && await this.#wasStored(batch, this.#target)) {
      this.#done += batch.length;
      return;
    }
    await this.#store(batch, this.#target);
  }

  async #wasStored(batch: readonly Line[], { names }: Target): Promise<boolean> {
    const { inDoubt, table, path } = this.#options;
    if (inDoubt !== "ask") return inDoubt === "stored";
    const rows = batch.map(({ values }) => values);
    const stored = await isStored(this.#client, { table, names, rows, key: this.#layout.key }, {
      signal: this.#port.stop,
    });
    if (stored !== "unknown") return stored === "all";
    const lines = `lines ${batch[0]?.line} to ${batch.at(-1)?.line}`;
    throw new ShellError(
      `Cannot go on with ${path}: ${lines} may be stored or not, and no primary key tells. ` +
        "Look, and say --in-doubt stored or --in-doubt lost",
    );
  }

  /** Rows that are refused as one are tried in halves, so that the line at fault is found. */
  async #store(batch: readonly Line[], target: Target): Promise<void> {
    await this.#checkpoint?.sending(this.#done, batch.length);
    try {
      await this.#insert(batch, target);
      this.#done += batch.length;
    } catch (error) {
      if (!(error instanceof MinisqlError) || error.applied !== "no") throw error;
      await this.#checkpoint?.sending(this.#done, 0);
      if (error.retry !== "never") throw error;
      const [only] = batch;
      if (batch.length === 1) return await this.#refuse(error, only?.line ?? 0);
      const half = Math.ceil(batch.length / 2);
      await this.#store(batch.slice(0, half), target);
      await this.#store(batch.slice(half), target);
    }
  }

  async #insert(batch: readonly Line[], { names }: Target): Promise<void> {
    const row = `(${names.map(() => "?").join(",")})`;
    const rows = batch.map(() => row).join(",");
    const into = `${quoteName(this.#options.table)} (${names.map(quoteName).join(",")})`;
    const values = batch.flatMap((line) => line.values);
    const { stop: signal } = this.#port;
    await this.#client.query(`INSERT INTO ${into} VALUES ${rows}`, values, { signal });
  }

  /** A row that cannot be stored: told with its line, and passed over where errors do not count. */
  async #refuse(error: unknown, line: number): Promise<void> {
    const { path: file, force } = this.#options;
    await this.#progress.end();
    const place = { line, file };
    const isOurs = error instanceof ShellError;
    if (!isOurs && !(error instanceof MinisqlError)) throw error;
    const words = isOurs
      ? ownErrorLine(error.message.replace(/^Line \d+: /, ""), place)
      : errorLine(error, place);
    await this.#port.err.write(`${this.#port.err.style.red(words)}\n`);
    if (!force) throw new ImportStopped(this.#done, line);
    this.#failed++;
    // Counted, so that a later run passes over it as well.
    this.#done++;
    await this.#checkpoint?.sending(this.#done, 0);
  }
}

/** An error in the file has been told; what is before it is stored. */
export class ImportStopped extends ShellError {
  constructor(done: number, line: number) {
    super(
      `Stopped at line ${line}; ${done} before it are stored. ` +
        "Put the line right and go on with --resume",
    );
  }
}

interface Target {
  /** For each value of a record; null where it is computed and so not stored. */
  readonly columns: readonly (TableColumn | null)[];
  readonly names: readonly string[];
}

function targetOf(layout: TableLayout, names: readonly string[]): Target {
  const columns = names.map((name) => {
    const column = layout.columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (column !== undefined) return column.isGenerated ? null : column;
    const known = layout.columns.map((each) => each.name).join(", ");
    throw new ShellError(`There is no column ${name}; the table has ${known}`);
  });
  return { columns, names: columns.flatMap((column) => column === null ? [] : [column.name]) };
}

function lengthOf(value: ImportValue): number {
  if (value === null) return 4;
  return value instanceof Uint8Array ? value.length * 2 : String(value).length + 3;
}
