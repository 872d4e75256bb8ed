/** A table built anew beside the old one: rows copied and converted, then put in its place. */
import type { SQLInputValue } from "node:sqlite";
import type { ColumnKind } from "../../protocol/values.ts";
import type { TableStep } from "./ddl_apply.ts";
import type { DdlContext } from "./ddl_context.ts";
import type { Runner } from "./schema.ts";
import { duplicateError, translateRowError } from "./ddl_faults.ts";
import { valueForOldRows } from "./ddl_new_column.ts";
import { createTableSql, OWN_PREFIX, rowidColumn, sqlName } from "./ddl_sql.ts";
import { type ColumnModel, columnOf, primaryKey, type TableModel } from "./schema_model.ts";
import type { SqlValue } from "./types.ts";
import { convertValue, keepsValues } from "./types_convert.ts";
import { storeValue } from "./types_store.ts";

const PASSING_NAME = `${OWN_PREFIX}rebuild`;

/** Leaves the table under its name, with its rows, and without any index. */
export function rebuildTable(context: DdlContext, step: TableStep): void {
  const { db, database } = context;
  const { before, after } = step;
  try {
    db.exec(createTableSql(after, PASSING_NAME, context.translate));
    copyRows(context, step);
  } catch (error) {
    throw translateRowError(error, database, after);
  }
  db.exec(`DROP TABLE ${sqlName(before.name)}`);
  db.exec(`ALTER TABLE ${sqlName(PASSING_NAME)} RENAME TO ${sqlName(after.name)}`);
}

/** Where a column of the new table has its values from. */
interface Source {
  readonly column: ColumnModel;
  /** In the SELECT on the old table. */
  readonly sql: string;
  /** What must be done to each value, or null for nothing. */
  readonly convert: ((value: SqlValue, row: number) => SqlValue) | null;
}

function copyRows(context: DdlContext, step: TableStep): void {
  const { before, after } = step;
  const numbers = new Numbering();
  const sources = after.columns.filter((column) => column.generated === null)
    .map((column) => sourceOf(context, step, column, numbers));
  const names = sources.map(({ column }) => sqlName(column.name));
  const values = sources.map(({ sql }) => sql);
  // Rows keep their place, unless a column of the new table is their place.
  if (rowidColumn(after) === null) {
    names.push("_rowid_");
    values.push("_minisql_place");
  }
  // Each has a name of its own, or rows read as objects would lose some.
  const named = values.map((value, at) => `${value} AS _minisql_value_${at}`);
  const select = `SELECT ${named.join(", ")} FROM (${renamedRows(step)}) ${rowOrder(before)}`;
  const target = `INSERT INTO ${sqlName(PASSING_NAME)} (${names.join(", ")})`;
  const samePlaces = rowidColumn(after) === null ||
    step.origins.get(rowidColumn(after)?.name ?? "") === rowidColumn(before)?.name;
  if (samePlaces && sources.every((source) => source.convert === null)) {
    context.db.exec(`${target} ${select}`);
  } else {
    const insert = `${target} VALUES (${names.map(() => "?").join(", ")})`;
    convertRows(context.db, { select, insert, sources, after });
  }
}

/** The old rows under the new names of their columns. */
function renamedRows({ before, origins }: TableStep): string {
  const columns = [...origins].filter(([, from]) => from !== null)
    .map(([name, from]) => `${sqlName(from ?? "")} AS ${sqlName(name)}`);
  const all = [...columns, "_rowid_ AS _minisql_place"];
  const sort = (primaryKey(before)?.parts ?? []).map((part, at) =>
    `${sqlName(part.column)} AS _minisql_key_${at}`
  );
  return `SELECT ${[...all, ...sort].join(", ")} FROM ${sqlName(before.name)}`;
}

/** By primary key, where there is one: it is the same on every copy of the table. */
function rowOrder(before: TableModel): string {
  const keys = (primaryKey(before)?.parts ?? []).map((_, at) => `_minisql_key_${at}`);
  return `ORDER BY ${[...keys, "_minisql_place"].join(", ")}`;
}

function sourceOf(
  context: DdlContext,
  { before, after, origins }: TableStep,
  column: ColumnModel,
  numbers: Numbering,
): Source {
  const from = origins.get(column.name);
  const old = from === null || from === undefined ? null : columnOf(before, from);
  if (old === null && column.autoIncrement) {
    return { column, sql: "NULL", convert: () => numbers.next() };
  }
  if (old === null) {
    const value = valueForOldRows(context, column, before.name, after);
    if (value.kind === "value") return { column, sql: value.sql, convert: null };
    return { column, sql: value.sql, convert: storing(column, value.source) };
  }
  const keeps = keepsValues(old.type, column.type) && (!old.nullable || column.nullable) &&
    (old.isRowNumber || !column.isRowNumber);
  const draws = column.autoIncrement && !old.autoIncrement;
  const convert = draws
    ? (value: SqlValue, row: number) => numbers.number(convertValue(value ?? 0n, old, column, row))
    : keeps
    ? null
    : (value: SqlValue, row: number) => convertValue(value, old, column, row);
  return { column, sql: sqlName(column.name), convert };
}

function storing(
  column: ColumnModel,
  source: ColumnKind,
): (value: SqlValue, row: number) => SqlValue {
  return (value, row) => storeValue(column, value, { row, source });
}

/** Gives numbers to rows whose column becomes AUTO_INCREMENT. */
class Numbering {
  #next = 1n;

  next(): bigint {
    return this.#next++;
  }

  /** The value itself, or for zero the next number. */
  number(value: SqlValue): SqlValue {
    if (typeof value !== "bigint" || value === 0n) return this.next();
    if (value >= this.#next) this.#next = value + 1n;
    return value;
  }
}

interface Copy {
  readonly select: string;
  readonly insert: string;
  readonly sources: readonly Source[];
  readonly after: TableModel;
}

function convertRows(db: Runner, { select, insert, sources, after }: Copy): void {
  const reader = db.prepare(select);
  reader.setReadBigInts(true);
  const writer = db.prepare(insert);
  let row = 0;
  for (const found of reader.iterate()) {
    row++;
    const values = Object.values(found) as SqlValue[];
    sources.forEach((source, at) => {
      if (source.convert !== null) values[at] = source.convert(values[at] ?? null, row);
    });
    try {
      writer.run(...values as SQLInputValue[]);
    } catch (error) {
      throw takenRowid(error, after, values);
    }
  }
}

/** The primary key that is SQLite's row number is checked at once, not by an index made later. */
function takenRowid(error: unknown, after: TableModel, values: readonly SqlValue[]): unknown {
  const rowid = rowidColumn(after);
  if (!(error instanceof Error) || !/^UNIQUE constraint/.test(error.message)) return error;
  const at = after.columns.filter((column) => column.generated === null)
    .findIndex((column) => column === rowid);
  return duplicateError([String(values[at])], "PRIMARY");
}
