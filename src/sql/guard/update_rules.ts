/** UPDATE and DELETE: rows that are picked, changed or in each other's way in the order they come. */
import { clausesOf, type ClauseStart } from "./clauses.ts";
import { isTotalOrder } from "./order.ts";
import { determined, isOneRow } from "./pins.ts";
import { behindWith, isQuery, takesNothing } from "./query.ts";
import { requireRepeatableQueries } from "./query_rules.ts";
import {
  columnOf,
  type GuardColumn,
  type GuardTable,
  hasName,
  isSameName,
  orderAdvice,
  uniqueKeys,
} from "./schema.ts";
import type { Scope } from "./scope.ts";
import { type Join, resolve, type Resolved } from "./sources.ts";
import { columnRef, isGroup, listItems, nameAt, type Node, upperAt } from "./tree.ts";
import { unsafe } from "./verdict.ts";
import { requireRepeatableDefault, requireReplicable } from "./written_table.ts";

const CLAUSES: readonly ClauseStart[] = [
  ["set", "SET"],
  ["where", "WHERE"],
  ["orderBy", "ORDER", "BY"],
  ["limit", "LIMIT"],
  ["returning", "RETURNING"],
];
const OPTIONS = new Set(["UPDATE", "DELETE", "LOW_PRIORITY", "QUICK", "IGNORE"]);

interface Change {
  readonly isIgnore: boolean;
  readonly join: Join;
  readonly where: readonly Node[] | null;
  readonly orderBy: readonly (readonly Node[])[] | null;
  readonly limit: readonly Node[] | null;
  readonly returning: readonly Node[];
  readonly set: readonly Node[];
  /** What stands before WHERE or SET: tables and the conditions that join them. */
  readonly head: readonly Node[];
}

interface Assignment {
  readonly of: Resolved;
  readonly value: readonly Node[];
}

export function requireRepeatableUpdate(scope: Scope): void {
  const change = readChange(scope);
  if (change.isIgnore) {
    // Servers fire the triggers of rows that they then leave as they were.
    throw unsafe(
      "UPDATE IGNORE",
      "a row that it leaves out is counted as changed in the table's fingerprint",
      "update only rows that can be changed, by their primary key",
    );
  }
  const targets = writtenTables(scope);
  for (const table of targets) requireReplicable(table, scope);
  const assignments = readAssignments(change, targets);
  for (const { of, value } of assignments) requireGivenValue(of, value);
  requireRepeatableQueries(scope.nodes, scope);
  requireFixedPartners(change, assignments);
  const isOne = isOneRow(change.join, change.where);
  const isOrdered = isTotalOrder(change.orderBy, change.join);
  if (!isOne && !isOrdered) requireNoOrderNeeded(change, assignments, targets);
  const frequency = isOne ? "once" : isOrdered ? "ordered" : "rows";
  takeExpressions(scope, change);
  scope.expressions.take(change.set, frequency);
}

export function requireRepeatableDelete(scope: Scope): void {
  const change = readChange(scope);
  const targets = writtenTables(scope);
  for (const table of targets) requireReplicable(table, scope);
  requireRepeatableQueries(scope.nodes, scope);
  const isOne = isOneRow(change.join, change.where);
  if (!isOne && !isTotalOrder(change.orderBy, change.join)) {
    requireNoLimit(change, "DELETE");
    for (const table of targets) requireNoSelfReference(table, "DELETE");
  }
  takeExpressions(scope, change);
}

/** What is evaluated for each row that is looked at, wanted or not. */
function takeExpressions(scope: Scope, change: Change): void {
  const { expressions } = scope;
  expressions.take(change.head, "rows");
  expressions.take(change.where ?? [], "rows");
  for (const item of change.orderBy ?? []) expressions.take(item, "rows");
  expressions.take(change.returning, "rows");
}

function readChange(scope: Scope): Change {
  const { nodes } = scope;
  const start = behindWith(nodes);
  let at = start;
  let isIgnore = false;
  for (; OPTIONS.has(upperAt(nodes, at)); at++) {
    if (upperAt(nodes, at) === "IGNORE") isIgnore = true;
  }
  const parts = clausesOf(nodes.slice(at), CLAUSES);
  const head = parts.get("") ?? [];
  return {
    isIgnore,
    join: scope.join(tablesIn(head, upperAt(nodes, start) === "DELETE")),
    where: parts.get("where") ?? null,
    orderBy: parts.has("orderBy") ? listItems(parts.get("orderBy") ?? []) : null,
    limit: parts.get("limit") ?? null,
    returning: parts.get("returning") ?? [],
    set: parts.get("set") ?? [],
    head: [...nodes.slice(0, start), ...head],
  };
}

/** `FROM t`, `a, b FROM joined`, `FROM a, b USING joined`. */
function tablesIn(head: readonly Node[], isDelete: boolean): readonly Node[] {
  if (!isDelete) return head;
  const from = head.findIndex((_, at) => upperAt(head, at) === "FROM");
  const behind = head.slice(from + 1);
  const using = behind.findIndex((_, at) =>
    upperAt(behind, at) === "USING" && !isGroup(behind[at + 1])
  );
  return using < 0 || from > 0 ? behind : behind.slice(using + 1);
}

function writtenTables(scope: Scope): readonly GuardTable[] {
  return scope.statement.tables.filter(({ role }) => role === "written")
    .map(({ table }) => scope.written(table));
}

function readAssignments(
  { set, join }: Change,
  targets: readonly GuardTable[],
): readonly Assignment[] {
  return listItems(set).flatMap((item) => {
    const at = item.findIndex((_, index) => ["=", ":="].includes(upperAt(item, index)));
    const ref = columnRef(item.slice(0, at));
    const of = ref === null ? null : resolve(join.sources, ref);
    if (of !== null) return [{ of, value: item.slice(at + 1) }];
    // MySQL will say that there is no such column, unless a table is not known here.
    if (targets.length === join.sources.length) return [];
    throw unsafe(
      "an UPDATE of several tables",
      "of which table a column is cannot be told",
      "write each column with its table in front",
    );
  });
}

function requireGivenValue({ table, column }: Resolved, value: readonly Node[]): void {
  if (upperAt(value, 0) === "DEFAULT") requireRepeatableDefault(table, column);
}

/** A row that meets several rows of other tables is changed by whichever of them comes first. */
function requireFixedPartners(change: Change, assignments: readonly Assignment[]): void {
  const { join, where } = change;
  if (join.sources.length < 2) return;
  for (const { of, value } of assignments) {
    if (isOwn(value, of, join)) continue;
    const partners = determined(join, where, [of.source]);
    const isFixed = partners.size === join.sources.length && !join.hasImplicitConditions;
    const isOneTarget = assignments.every((other) => other.of.source === of.source);
    if (isFixed && isOneTarget) continue;
    throw unsafe(
      `an UPDATE of ${of.table.name}.${of.column.name} by other tables' columns`,
      "a row can meet several rows of them, and which one counts is not said",
      "join each other table by all columns of its primary key with ON, and update one table",
    );
  }
}

/** Whether a value depends on nothing but the row that it is written to. */
function isOwn(value: readonly Node[], of: Resolved, join: Join): boolean {
  return value.every((node, at) => {
    if (isGroup(node)) return !isQuery(node.items) && isOwn(node.items, of, join);
    if (nameAt(value, at) === null || upperAt(value, at + 1) === ".") return true;
    const isQualified = at > 1 && upperAt(value, at - 1) === ".";
    const ref = columnRef(value.slice(isQualified ? at - 2 : at, at + 1));
    if (ref === null) return true;
    if (ref.table !== null) return isSameName(ref.table, of.source.alias);
    const isColumn = join.sources.some(({ table }) =>
      table === null || columnOf(table, ref.column) !== null
    );
    return !isColumn || resolve(join.sources, ref)?.source === of.source;
  });
}

function requireNoOrderNeeded(
  change: Change,
  assignments: readonly Assignment[],
  targets: readonly GuardTable[],
): void {
  requireNoLimit(change, "UPDATE");
  const [table] = targets;
  const advice = table === undefined || targets.length > 1
    ? "update one table, by its primary key"
    : `${orderAdvice(table)}, or update by the primary key`;
  for (const { of, value } of assignments) {
    if (!isKeyColumn(of.table, of.column) || isConstant(value, change.join)) continue;
    throw unsafe(
      `an UPDATE of ${of.table.name}.${of.column.name}`,
      "the column is in a unique key, and a row may need the value another still has",
      advice,
    );
  }
  for (const target of targets) {
    const keys = target.foreignKeys.filter(({ references }) =>
      isSameName(references.table, target.name)
    );
    const columns = keys.flatMap((key) => [...key.columns, ...key.references.columns]);
    if (assignments.some(({ of }) => of.table === target && hasName(columns, of.column.name))) {
      requireNoSelfReference(target, "UPDATE");
    }
  }
}

function isKeyColumn(table: GuardTable, column: GuardColumn): boolean {
  return uniqueKeys(table).some(({ columns }) => hasName(columns, column.name));
}

/** One value for all rows: either none is in another's way, or some are in any order. */
function isConstant(value: readonly Node[], join: Join): boolean {
  return value.every((node, at) => {
    if (isGroup(node)) return !isQuery(node.items) && isConstant(node.items, join);
    const name = nameAt(value, at);
    if (name === null || isGroup(value[at + 1])) return true;
    return join.sources.every(({ table }) => table !== null && columnOf(table, name) === null);
  });
}

function requireNoLimit({ limit, join, orderBy }: Change, verb: string): void {
  if (limit === null || takesNothing(limit)) return;
  const table = join.sources[0]?.table ?? null;
  throw unsafe(
    `${verb} with LIMIT`,
    orderBy === null
      ? "which rows it takes is not said"
      : "rows may be equal in that order, and then which it takes is not said",
    table === null ? "leave LIMIT out" : orderAdvice(table),
  );
}

function requireNoSelfReference(table: GuardTable, verb: string): void {
  const key = table.foreignKeys.find(({ references }) => isSameName(references.table, table.name));
  if (key === undefined) return;
  throw unsafe(
    `${verb} of many rows of ${table.name}`,
    `its rows refer to one another by ${key.name}, and must go in the right order`,
    `${orderAdvice(table)}, or do it row by row`,
  );
}
