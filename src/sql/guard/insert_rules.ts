/** INSERT and REPLACE: numbers drawn in the order of rows, and rows that stand in each other's way. */
import type { MinisqlError } from "../../protocol/errors.ts";
import { clausesOf } from "./clauses.ts";
import { aliasOf, isNumberedColumn, isTotallyOrdered } from "./order.ts";
import { hasSource, isQuery, type Query, readQuery } from "./query.ts";
import { isSingleRow, requireRepeatableQueries, requireRepeatableQuery } from "./query_rules.ts";
import {
  autoIncrementColumn,
  type GuardIndex,
  type GuardTable,
  hasName,
  isSameName,
  uniqueKeys,
} from "./schema.ts";
import type { Scope } from "./scope.ts";
import { type Group, hasWord, isGroup, listItems, nameAt, type Node, upperAt } from "./tree.ts";
import { unsafe } from "./verdict.ts";
import { requireRepeatableDefault, requireReplicable } from "./written_table.ts";

/** An INSERT or REPLACE taken apart. */
interface Insert {
  readonly table: GuardTable;
  readonly isReplace: boolean;
  readonly isIgnore: boolean;
  /** The columns that are given, all of them where none are named. */
  readonly columns: readonly string[];
  /** Rows behind VALUES, as their values; null for a query. */
  readonly rows: readonly (readonly (readonly Node[])[])[] | null;
  readonly query: Query | null;
  readonly source: readonly Node[];
  readonly onDuplicate: readonly Node[] | null;
  readonly returning: readonly Node[] | null;
}

export function requireRepeatableInsert(scope: Scope): void {
  const insert = readInsert(scope);
  requireReplicable(insert.table, scope);
  requireGivenDefaults(insert);
  requireOneDuplicate(insert);
  if (drawsNumbers(insert)) {
    const mayMeet = insert.isIgnore || insert.onDuplicate !== null;
    scope.expressions.context.add(mayMeet ? "insert_id_beforehand" : "insert_id");
  }
  requireRepeatableQueries(scope.nodes, scope);
  const order = insert.query === null ? "once" : queryOrder(insert.query, scope);
  if (order === "rows") requireNoOrderNeeded(insert, scope);
  // Of a query with a table, even for one row any number may be looked at.
  const frequency = insert.query === null || !hasSource(insert.query) ? "once" : "rows";
  scope.expressions.take(insert.source, frequency);
  const isSingle = insert.rows === null ? frequency === "once" : insert.rows.length === 1;
  const later = isSingle ? "once" : insert.rows === null ? "rows" : "ordered";
  scope.expressions.take(insert.onDuplicate ?? [], later);
  scope.expressions.take(insert.returning ?? [], later);
}

const OPTIONS = new Set(["LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "IGNORE", "INTO"]);

function readInsert(scope: Scope): Insert {
  const { nodes } = scope;
  let at = 1;
  let isIgnore = false;
  for (; OPTIONS.has(upperAt(nodes, at)); at++) {
    if (upperAt(nodes, at) === "IGNORE") isIgnore = true;
    if (upperAt(nodes, at) === "DELAYED") throw delayed();
  }
  if (upperAt(nodes, at + 1) === ".") at += 2;
  const table = scope.written(nameAt(nodes, at) ?? "");
  at++;
  if (upperAt(nodes, at) === "PARTITION") at += 2;
  const list = nodes[at];
  const named = isGroup(list) && !isQuery(list.items) ? listItems(list.items) : null;
  if (named !== null) at++;
  const parts = clausesOf(nodes.slice(at), [
    ["duplicate", "ON", "DUPLICATE", "KEY", "UPDATE"],
    ["returning", "RETURNING"],
  ]);
  const source = parts.get("") ?? [];
  return {
    table,
    isReplace: upperAt(nodes, 0) === "REPLACE",
    isIgnore,
    ...readSource(source),
    columns: assignedColumns(source) ?? named?.map(lastName) ??
      table.columns.map(({ name }) => name),
    source,
    onDuplicate: parts.get("duplicate") ?? null,
    returning: parts.get("returning") ?? null,
  };
}

function delayed(): MinisqlError {
  return unsafe("INSERT DELAYED", "its rows are written some time later", "leave DELAYED out");
}

function lastName(nodes: readonly Node[]): string {
  return nameAt(nodes, nodes.length - 1) ?? "";
}

function readSource(source: readonly Node[]): Pick<Insert, "rows" | "query"> {
  const first = upperAt(source, 0);
  if (first === "SET") return { rows: [listItems(source.slice(1)).map(assigned)], query: null };
  const isValues = (first === "VALUES" || first === "VALUE") && upperAt(source, 1) !== "ROW";
  if (isValues || first === "VALUES") {
    return { rows: rowsOf(source).map((group) => listItems(group.items)), query: null };
  }
  return { rows: null, query: readQuery(source) };
}

/** Behind the rows, `AS new (a, b)` may name them and their columns. */
function rowsOf(source: readonly Node[]): readonly Group[] {
  const as = source.findIndex((_, at) => upperAt(source, at) === "AS");
  return (as < 0 ? source : source.slice(0, as)).filter(isGroup);
}

function assigned(item: readonly Node[]): readonly Node[] {
  const at = item.findIndex((_, index) => ["=", ":="].includes(upperAt(item, index)));
  return item.slice(at + 1);
}

function assignedColumns(source: readonly Node[]): readonly string[] | null {
  if (upperAt(source, 0) !== "SET") return null;
  return listItems(source.slice(1)).map((item) => {
    const at = item.findIndex((_, index) => ["=", ":="].includes(upperAt(item, index)));
    return lastName(item.slice(0, Math.max(at, 1)));
  });
}

/** A column left out, or said to be DEFAULT, takes its default. */
function requireGivenDefaults({ table, columns, rows }: Insert): void {
  for (const column of table.columns) {
    const at = columns.findIndex((name) => isSameName(name, column.name));
    const isGiven = at >= 0 &&
      (rows === null || rows.every((row) => row[at]?.length && !isDefault(row[at] ?? [])));
    if (!isGiven) requireRepeatableDefault(table, column);
  }
}

function isDefault(value: readonly Node[]): boolean {
  return upperAt(value, 0) === "DEFAULT";
}

/** Whether the value is one that AUTO_INCREMENT replaces by a number. */
function isDrawn(value: readonly Node[]): boolean {
  const [only] = value;
  if (value.length !== 1 || only === undefined || isGroup(only)) return value.length === 0;
  return ["NULL", "DEFAULT"].includes(only.upper) || /^0+$/.test(only.text);
}

function drawsNumbers({ table, columns, rows }: Insert): boolean {
  const column = autoIncrementColumn(table);
  if (column === null) return false;
  const at = columns.findIndex((name) => isSameName(name, column.name));
  if (at < 0 || rows === null) return true;
  // What an expression comes to, only the server knows.
  return rows.some((row) => isDrawn(row[at] ?? []) || (row[at]?.length ?? 0) > 1);
}

/** Whether every row is given a new number, by which it cannot meet another. */
function isAlwaysDrawn({ table, columns, rows }: Insert): boolean {
  const column = autoIncrementColumn(table);
  if (column === null) return false;
  const at = columns.findIndex((name) => isSameName(name, column.name));
  return at < 0 || (rows !== null && rows.every((row) => isDrawn(row[at] ?? [])));
}

/** The unique keys by which a new row can meet another. */
function meetingKeys(insert: Insert): readonly GuardIndex[] {
  const column = autoIncrementColumn(insert.table);
  const keys = uniqueKeys(insert.table);
  if (column === null || !isAlwaysDrawn(insert)) return keys;
  return keys.filter(({ columns }) => !hasName(columns, column.name));
}

function requireOneDuplicate(insert: Insert): void {
  const keys = meetingKeys(insert);
  if (insert.onDuplicate === null || keys.length < 2) return;
  throw unsafe(
    `ON DUPLICATE KEY UPDATE on ${insert.table.name}`,
    `a row can meet others by ${keys.map(({ name }) => name).join(" and by ")}, and which one is ` +
      "updated is not said",
    "UPDATE by the key that is meant, and INSERT where no row was affected",
  );
}

function queryOrder(query: Query, scope: Scope): "once" | "ordered" | "rows" {
  requireRepeatableQuery(query, scope);
  if (isOneRowQuery(query, scope)) return "once";
  const [block] = query.blocks;
  if (query.isComposed || block === undefined) return "rows";
  return isTotallyOrdered(block, scope.join(block.from)) ? "ordered" : "rows";
}

function isOneRowQuery(query: Query, scope: Scope): boolean {
  const [block] = query.blocks;
  if (query.isComposed || block === undefined) return false;
  return !hasSource(query) || isSingleRow(block, scope.join(block.from));
}

function requireNoOrderNeeded(insert: Insert, scope: Scope): void {
  const { table } = insert;
  const why = orderNeed(insert, scope);
  if (why === null) return;
  const what = insert.isReplace ? "REPLACE … SELECT" : "INSERT … SELECT";
  throw unsafe(
    `${what} into ${table.name}`,
    why,
    "add ORDER BY a unique key of the table that is read, all its columns NOT NULL",
  );
}

function orderNeed(insert: Insert, scope: Scope): string | null {
  const { table, isReplace, isIgnore, onDuplicate } = insert;
  if (drawsNumbers(insert) && !copiesNumbers(insert, scope)) {
    return "AUTO_INCREMENT numbers rows in the order they come, which the query does not say";
  }
  const settles = isReplace || isIgnore || onDuplicate !== null;
  if (settles && meetingKeys(insert).length > 0) {
    return "which of several rows of one key is kept depends on the order they come in";
  }
  if (table.foreignKeys.some(({ references }) => isSameName(references.table, table.name))) {
    return "rows that refer to one another must come in the right order";
  }
  return null;
}

/** Whether the numbers come from another table's own AUTO_INCREMENT column, and so none is drawn. */
function copiesNumbers({ table, columns, query }: Insert, scope: Scope): boolean {
  const column = autoIncrementColumn(table);
  const [block] = query?.blocks ?? [];
  if (column === null || block === undefined || query?.isComposed === true) return false;
  const at = columns.findIndex((name) => isSameName(name, column.name));
  const join = scope.join(block.from);
  const items = listItems(block.select);
  const isStar = items.length === 0 || block.select.length === 0 ||
    (items.length === 1 && upperAt(block.select, block.select.length - 1) === "*" &&
      aliasOf(block.select) === null && !hasWord(block.select, "+", "-", "/"));
  if (at < 0 || join.sources.length === 0) return false;
  if (!isStar) return !hasStar(items.slice(0, at)) && isNumberedColumn(items[at] ?? [], join);
  return join.sources.length === 1 &&
    join.sources[0]?.table?.columns[at]?.autoIncrement === true;
}

function hasStar(items: readonly (readonly Node[])[]): boolean {
  return items.some((item) => upperAt(item, item.length - 1) === "*");
}
