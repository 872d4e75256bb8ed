/** CREATE TABLE in all its forms. */
import type { Cursor } from "../cursor.ts";
import { readColumn } from "./column.ts";
import { readTableConstraint } from "./key.ts";
import type {
  CheckDefinition,
  ColumnDefinition,
  CreateTable,
  ForeignKeyDefinition,
  KeyDefinition,
  TableName,
} from "./model.ts";
import { readTableName } from "./names.ts";
import { readTableOptions } from "./table_options.ts";

interface Elements {
  readonly columns: ColumnDefinition[];
  readonly keys: KeyDefinition[];
  readonly foreignKeys: ForeignKeyDefinition[];
  readonly checks: CheckDefinition[];
  readonly extras: string[];
}

type Head = Pick<CreateTable, "table" | "temporary" | "ifNotExists" | "orReplace">;

/** Behind `CREATE [OR REPLACE] [TEMPORARY] TABLE`. */
export function readCreateTable(
  cursor: Cursor,
  words: Pick<CreateTable, "temporary" | "orReplace">,
): CreateTable {
  const ifNotExists = cursor.take("IF", "NOT", "EXISTS");
  const head: Head = { ...words, ifNotExists, table: readTableName(cursor) };
  const like = readLike(cursor);
  const elements: Elements = { columns: [], keys: [], foreignKeys: [], checks: [], extras: [] };
  if (like !== null) return statement(head, elements, { like });
  // A parenthesis may also open the query that the table is made of.
  if (cursor.looksAt("(") && !startsQuery(cursor)) readElements(cursor, elements);
  const options = readTableOptions(cursor);
  const partitions = readPartitions(cursor);
  const select = readSelect(cursor);
  return statement(head, elements, { options, partitions, select });
}

function statement(
  head: Head,
  elements: Elements,
  rest: Partial<Pick<CreateTable, "like" | "options" | "partitions" | "select">>,
): CreateTable {
  return {
    kind: "create_table",
    ...head,
    ...elements,
    like: null,
    options: {},
    partitions: null,
    select: null,
    ...rest,
  };
}

function readLike(cursor: Cursor): TableName | null {
  if (cursor.take("LIKE")) return readTableName(cursor);
  if (!cursor.take("(", "LIKE")) return null;
  const like = readTableName(cursor);
  cursor.expect(")");
  return like;
}

function readElements(cursor: Cursor, elements: Elements): void {
  cursor.expect("(");
  do readElement(cursor, elements); while (cursor.take(","));
  cursor.expect(")");
}

function readElement(cursor: Cursor, elements: Elements): void {
  if (cursor.looksAt("PERIOD", "FOR")) {
    const from = cursor.at;
    while (!cursor.take("(")) {
      if (cursor.done) throw cursor.fault();
      cursor.next();
    }
    cursor.skipToClose();
    elements.extras.push(cursor.textFrom(from));
    return;
  }
  const constraint = readTableConstraint(cursor);
  if (constraint === null) elements.columns.push(readColumn(cursor));
  else if (constraint.kind === "key") elements.keys.push(constraint.key);
  else if (constraint.kind === "check") elements.checks.push(constraint.check);
  else elements.foreignKeys.push(constraint.foreignKey);
}

/** The text of a PARTITION BY clause, which reaches to the query or the end. */
export function readPartitions(cursor: Cursor): string | null {
  if (!cursor.looksAt("PARTITION", "BY")) return null;
  const from = cursor.at;
  while (!cursor.done && !cursor.looksAt(";") && !atSelect(cursor)) {
    if (cursor.take("(")) cursor.skipToClose();
    else cursor.next();
  }
  return cursor.textFrom(from);
}

function atSelect(cursor: Cursor): boolean {
  return cursor.looksAt("SELECT") || cursor.looksAt("AS") || cursor.looksAt("WITH", "RECURSIVE") ||
    cursor.looksAt("REPLACE") || cursor.looksAt("IGNORE");
}

function startsQuery(cursor: Cursor): boolean {
  let ahead = 0;
  while (cursor.peek(ahead).upper === "(") ahead++;
  return ["SELECT", "WITH", "VALUES", "TABLE"].includes(cursor.peek(ahead).upper);
}

/** The query, not read further: `[IGNORE | REPLACE] [AS] SELECT …`. */
function readSelect(cursor: Cursor): string | null {
  if (cursor.done || cursor.looksAt(";")) return null;
  const from = cursor.at;
  cursor.takeOneOf("IGNORE", "REPLACE");
  cursor.take("AS");
  if (!startsQuery(cursor)) throw cursor.fault();
  while (!cursor.done && !cursor.looksAt(";")) cursor.next();
  return cursor.textFrom(from);
}
