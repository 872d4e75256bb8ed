/**
 * What a query must not leave open when a write is made of its rows. Which of several equal texts
 * (`a`, `A`) stands for a group is not judged here: copies with the same keys choose alike, and
 * fingerprints would tell.
 */
import { isOneRow } from "./pins.ts";
import { isTotallyOrdered, isTotalOrder } from "./order.ts";
import { isQuery, queriesIn, type Query, type QueryBlock, takesNothing } from "./query.ts";
import { isLooseText, isSameName, orderAdvice } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { type Join, resolve } from "./sources.ts";
import { clausesOf } from "./clauses.ts";
import {
  columnRef,
  type Group,
  hasWord,
  isGroup,
  listItems,
  nameAt,
  type Node,
  upperAt,
} from "./tree.ts";
import type { MinisqlError } from "../../protocol/errors.ts";
import { unsafe } from "./verdict.ts";

/** Raises a refusal for the first of these queries whose rows depend on the order they come in. */
export function requireRepeatableQueries(nodes: readonly Node[], scope: Scope): void {
  for (const query of queriesIn(nodes)) requireRepeatableQuery(query, scope);
}

export function requireRepeatableQuery(query: Query, scope: Scope): void {
  const fault = queryFault(query, scope);
  if (fault !== null) throw fault;
}

/** What a query leaves open, or null. */
export function queryFault(query: Query, scope: Scope): MinisqlError | null {
  for (const block of query.blocks) {
    const join = scope.join(block.from);
    const fault = lockingFault(block) ?? limitFault(block, join, query.isComposed) ??
      aggregateFault(block, join);
    if (fault !== null) return fault;
  }
  return null;
}

function lockingFault({ locking }: QueryBlock): MinisqlError | null {
  if (locking === null || !hasWord(locking, "SKIP", "NOWAIT")) return null;
  return unsafe(
    "a write fed by a query with SKIP LOCKED or NOWAIT",
    "which rows are locked differs from server to server",
    "leave that out",
  );
}

function limitFault(
  block: QueryBlock,
  join: Join,
  isComposed: boolean,
): MinisqlError | null {
  const { limit } = block;
  if (limit === null || takesNothing(limit)) return null;
  if (!isComposed && (isSingleRow(block, join) || isTotallyOrdered(block, join))) return null;
  return unsafe(
    "LIMIT in a query that feeds a write",
    isComposed
      ? "rows of several queries have no unique key to be ordered by"
      : "which rows it leaves is not said by a unique key",
    isComposed ? "put the queries' rows into a table first" : adviceFor(join),
  );
}

function adviceFor(join: Join): string {
  const [first] = join.sources;
  return first?.table && join.sources.length === 1
    ? orderAdvice(first.table)
    : "add ORDER BY a unique key of each of its tables";
}

/** Whether a query cannot have more than one row. */
export function isSingleRow(block: QueryBlock, join: Join): boolean {
  if (block.from === null || hasOnlyDual(block.from)) return true;
  const isAggregate = block.groupBy === null &&
    callsIn(block.select).some(({ name, over }) => AGGREGATES.has(name) && over === null);
  return isAggregate || isOneRow(join, block.where);
}

function hasOnlyDual(from: readonly Node[]): boolean {
  return from.length === 1 && upperAt(from, 0) === "DUAL";
}

interface InnerCall {
  readonly name: string;
  readonly args: readonly Node[];
  /** What stands behind OVER: a window in parentheses, or its name; null for no window. */
  readonly over: Node | null;
}

/** Calls in an expression, but not in the queries inside it. */
function callsIn(nodes: readonly Node[]): readonly InnerCall[] {
  return nodes.flatMap((node, at): readonly InnerCall[] => {
    if (isGroup(node)) return isQuery(node.items) ? [] : callsIn(node.items);
    const args = nodes[at + 1];
    if (node.kind !== "word" || !isGroup(args)) return [];
    const over = behindCall(nodes, at + 2);
    return [{ name: node.upper, args: args.items, over }];
  });
}

/** `FROM FIRST`, `IGNORE NULLS` and their kin may stand before OVER. */
function behindCall(nodes: readonly Node[], from: number): Node | null {
  let at = from;
  while (["FROM", "FIRST", "LAST", "RESPECT", "IGNORE", "NULLS"].includes(upperAt(nodes, at))) at++;
  return upperAt(nodes, at) === "OVER" ? nodes[at + 1] ?? null : null;
}

const AGGREGATES = new Set([
  ...["AVG", "BIT_AND", "BIT_OR", "BIT_XOR", "COUNT", "GROUP_CONCAT", "JSON_ARRAYAGG", "MAX"],
  ...["JSON_OBJECTAGG", "MIN", "STD", "STDDEV", "STDDEV_POP", "STDDEV_SAMP", "SUM", "VARIANCE"],
  ...["VAR_POP", "VAR_SAMP"],
]);
/** Their results depend on the order in which values are put together. */
const ORDERED_AGGREGATES = new Set(["GROUP_CONCAT", "JSON_ARRAYAGG", "JSON_OBJECTAGG"]);
/** They add up, and sums of floating-point numbers depend on the order of adding. */
const SUMS = new Set([
  ...["AVG", "STD", "STDDEV", "STDDEV_POP", "STDDEV_SAMP", "SUM", "VARIANCE", "VAR_POP"],
  "VAR_SAMP",
]);
/** Rows that a window's order leaves equal are treated alike by these. */
const FAIR_WINDOWS = new Set([
  ...["RANK", "DENSE_RANK", "PERCENT_RANK", "CUME_DIST", "COUNT", "SUM", "AVG", "MIN", "MAX"],
  ...["BIT_AND", "BIT_OR", "BIT_XOR"],
]);

function aggregateFault(block: QueryBlock, join: Join): MinisqlError | null {
  const expressions = [
    block.select,
    ...block.orderBy ?? [],
    ...(block.groupBy ?? []),
  ];
  for (const call of expressions.flatMap(callsIn)) {
    const fault = callFault(call, block, join);
    if (fault !== null) return fault;
  }
  return null;
}

function callFault(call: InnerCall, block: QueryBlock, join: Join): MinisqlError | null {
  const { name, args, over } = call;
  if (SUMS.has(name) && hasFloat(args, join)) {
    return unsafe(
      `${name}() of floating-point numbers`,
      "their sum depends on the order in which they are added",
      `write ${name}(CAST(x AS DECIMAL(65, 30)))`,
    );
  }
  if (ORDERED_AGGREGATES.has(name) && over === null && !isSaidInOrder(args, join)) {
    return unsafe(
      `${name}() in a query that feeds a write`,
      "values are put together in whichever order rows come",
      name === "GROUP_CONCAT"
        ? "add ORDER BY a unique key inside its parentheses"
        : "put the text together in the client",
    );
  }
  if (over === null || isFairWindow(call, block, join)) return null;
  return unsafe(
    `${name}() OVER a window in no total order`,
    "rows that are equal in it come in any order",
    "end its ORDER BY with a unique key",
  );
}

/** Values that are cast, as to DECIMAL, are not floating-point numbers any more. */
function hasFloat(args: readonly Node[], join: Join): boolean {
  return args.some((node, at) => {
    if (isGroup(node)) return upperAt(args, at - 1) !== "CAST" && hasFloat(node.items, join);
    if (nameAt(args, at) === null || upperAt(args, at + 1) === ".") return false;
    const isQualified = at > 1 && upperAt(args, at - 1) === ".";
    const ref = columnRef(args.slice(isQualified ? at - 2 : at, at + 1));
    return ref !== null && resolve(join.sources, ref)?.column.kind === "float";
  });
}

/** By a unique key, or by the very values: what is equal then looks the same. */
function isSaidInOrder(args: readonly Node[], join: Join): boolean {
  const parts = clausesOf(args, [["orderBy", "ORDER", "BY"], ["separator", "SEPARATOR"]]);
  const order = parts.get("orderBy");
  if (order === undefined) return false;
  const items = listItems(order);
  if (isTotalOrder(items, join)) return true;
  const head = parts.get("") ?? [];
  const value = columnRef(upperAt(head, 0) === "DISTINCT" ? head.slice(1) : head);
  const column = value === null ? null : resolve(join.sources, value)?.column ?? null;
  const first = items[0] === undefined ? null : columnRef(items[0].slice(0, 1));
  return column !== null && first !== null && items.length === 1 &&
    resolve(join.sources, first)?.column === column && !isLooseText(column);
}

function isFairWindow({ name, over }: InnerCall, block: QueryBlock, join: Join): boolean {
  const window = windowOf(over, block);
  if (window === null) return false;
  const parts = clausesOf(window.items, [
    ["partition", "PARTITION", "BY"],
    ["orderBy", "ORDER", "BY"],
    ["frame", "ROWS"],
    ["range", "RANGE"],
  ]);
  if (FAIR_WINDOWS.has(name) && !parts.has("frame")) return true;
  const order = parts.get("orderBy");
  return order !== undefined && block.groupBy === null && isTotalOrder(listItems(order), join);
}

/** A window by its name is looked up behind WINDOW; one that is built on another is not read. */
function windowOf(over: Node | null, { window }: QueryBlock): Group | null {
  if (over === null || isGroup(over)) return over;
  const definition = listItems(window ?? []).find((item) =>
    isSameName(nameAt(item, 0) ?? "", over.value)
  );
  const body = definition?.[2];
  return isGroup(body) ? body : null;
}
