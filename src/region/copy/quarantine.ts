/**
 * Keeps aside what a repair replaces: lines of JSON at the end of a file, so that somebody can look
 * at what was wrong, or put it back. A table is described before its first rows, and again when it
 * is another one than it was.
 */
import {
  array,
  type Infer,
  integer,
  nullable,
  object,
  oneOf,
  text,
  union,
} from "../../base/shape.ts";
import type { Clock } from "../../ports/clock.ts";
import { DiskError, type DiskFile } from "../../ports/disk.ts";
import type { TableSchema } from "../../ports/engine.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { COLUMN_KINDS, decodeRows, encodeRows, wireRows } from "../../protocol/values.ts";
import type { Replaced } from "./replaced.ts";
import { deleteSql, insertSql, type WrittenTable } from "./row_sql.ts";

/** `at` is the wall clock's, in milliseconds. */
const recordShape = union("is", {
  table: {
    at: integer(0),
    region: text(),
    table: text(),
    ddl: text(),
    columns: array(object({
      name: text(),
      kind: oneOf(COLUMN_KINDS),
      type: text(),
      generatedSql: nullable(text()),
    })),
    /** The columns of the primary key; none where there is none. */
    key: array(text()),
  },
  /** Cells are as on the wire: bytes in base64. */
  rows: { at: integer(0), table: text(), before: wireRows, after: wireRows },
  /** More was replaced, for which there was no room. */
  cut: { at: integer(0) },
});

type QuarantineRecord = Infer<typeof recordShape>;

export interface QuarantineDeps {
  readonly file: Pick<DiskFile, "append" | "sync" | "size" | "truncate">;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** What one repair adds to the file at most. */
const BYTES_MAX = 64 * 1024 * 1024;

export class QuarantineFile {
  readonly #deps: QuarantineDeps;
  readonly #region: string;
  readonly #sizeMax: number;
  /** The schema's hash of each table described so far. */
  readonly #described = new Map<string, string>();
  #isCut = false;
  /** Rows kept aside, and rows for which there was no room. */
  readonly counts = { kept: 0, lost: 0 };

  constructor(deps: QuarantineDeps, region: string, bytesMax = BYTES_MAX) {
    this.#deps = deps;
    this.#region = region;
    this.#sizeMax = deps.file.size + bytesMax;
  }

  /** Resolves when the rows are on disk. Where there is no room, the repair goes on without. */
  async keep({ schema, before, after }: Replaced): Promise<void> {
    const rows = before.length + after.length;
    if (rows === 0) return;
    const { columns, name: table } = schema;
    const at = this.#now();
    const kept = await this.#append([
      ...this.#described.get(table) === schema.hash ? [] : [this.#describe(schema, at)],
      {
        is: "rows",
        at,
        table,
        before: encodeRows(columns, before),
        after: encodeRows(columns, after),
      },
    ]);
    this.counts[kept ? "kept" : "lost"] += rows;
    if (kept) this.#described.set(table, schema.hash);
  }

  #describe(schema: TableSchema, at: number): QuarantineRecord {
    const columns = schema.columns.map(({ name, kind, type, generatedSql }) => ({
      name,
      kind,
      type,
      generatedSql,
    }));
    const key = schema.indexes.find(({ name }) => name === "PRIMARY")?.columns ?? [];
    const { name: table, createSql: ddl } = schema;
    return { is: "table", at, region: this.#region, table, ddl, columns, key };
  }

  /** Whether there was room. A file is cut once, so that what follows is not mistaken for all. */
  async #append(records: readonly QuarantineRecord[]): Promise<boolean> {
    if (this.#isCut) return false;
    const { file } = this.#deps;
    const { size } = file;
    const bytes = linesOf(records);
    try {
      if (size + bytes.length <= this.#sizeMax) {
        await file.append(bytes);
        await file.sync();
        return true;
      }
      this.#cut("the file has grown to its limit");
      await file.append(linesOf([{ is: "cut", at: this.#now() }]));
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== "full") throw error;
      await file.truncate(size);
      this.#cut("the disk is full");
    }
    return false;
  }

  #cut(why: string): void {
    this.#isCut = true;
    this.#deps.reporter.log("warning", "What is repaired from now on is not kept aside", {
      region: this.#region,
      why,
    });
  }

  #now(): number {
    return Math.floor(this.#deps.clock.wallMicros() / 1000);
  }
}

function linesOf(records: readonly QuarantineRecord[]): Uint8Array {
  return new TextEncoder().encode(records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

/**
 * The statements that undo what a file tells of, the last first. They put rows back as they stood,
 * so run them without foreign key checks; on the primary, if all copies are to have them.
 */
export function undoSql(contents: string): readonly string[] {
  const tables = new Map<string, WrittenTable>();
  const statements: string[] = [];
  for (const record of recordsOf(contents)) {
    if (record.is === "table") tables.set(record.table, describedTable(record));
    if (record.is !== "rows") continue;
    const table = tables.get(record.table);
    if (table === undefined) throw unreadable(`rows of ${record.table} come before its columns`);
    const before = decodeRows(table.columns, record.before);
    const after = decodeRows(table.columns, record.after);
    if (before.length > 0) statements.push(insertSql(table, before));
    if (after.length > 0) statements.push(deleteSql(table, after));
  }
  return statements.reverse();
}

function describedTable(
  { table, columns, key }: QuarantineRecord & { readonly is: "table" },
): WrittenTable {
  const indexes = key.length === 0 ? [] : [{ name: "PRIMARY", columns: key }];
  return { name: table, columns, indexes };
}

/** A last line that is torn was never answered for. */
function recordsOf(contents: string): readonly QuarantineRecord[] {
  const whole = contents.slice(0, contents.lastIndexOf("\n") + 1);
  return whole.split("\n").slice(0, -1).map((line, at) => {
    const record = parsed(line);
    if (recordShape.fits(record)) return record;
    throw unreadable(`line ${at + 1}: ${recordShape.fault(record, "record")}`);
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function unreadable(why: string): MinisqlError {
  return new MinisqlError("BAD_REQUEST", `Cannot read what was kept aside: ${why}`);
}
