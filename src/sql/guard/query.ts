/** Queries split into their clauses, wherever in a statement they stand. */
import { clausesOf, type ClauseStart } from "./clauses.ts";
import { indexOfWord, isGroup, listItems, looksAt, type Node, splitAt, upperAt } from "./tree.ts";

/** One SELECT, without what follows it in a set operation. */
export interface QueryBlock {
  readonly select: readonly Node[];
  readonly isDistinct: boolean;
  readonly from: readonly Node[] | null;
  readonly where: readonly Node[] | null;
  readonly groupBy: readonly (readonly Node[])[] | null;
  readonly window: readonly Node[] | null;
  readonly orderBy: readonly (readonly Node[])[] | null;
  readonly limit: readonly Node[] | null;
  readonly locking: readonly Node[] | null;
}

export interface Query {
  /** In a set operation, ORDER BY and LIMIT behind the last block are those of the whole. */
  readonly blocks: readonly QueryBlock[];
  /** Its rows are put together from several queries, or cut from one in parentheses. */
  readonly isComposed: boolean;
  readonly text: readonly Node[];
}

const SET_OPERATIONS = new Set(["UNION", "EXCEPT", "INTERSECT", "MINUS"]);
const QUERY_STARTS = new Set(["SELECT", "WITH", "VALUES", "TABLE"]);
const TAIL = new Set(["ORDER", "LIMIT"]);

/** The words that begin a clause, at the level of the SELECT itself. */
const CLAUSES: readonly ClauseStart[] = [
  ["from", "FROM"],
  ["where", "WHERE"],
  ["groupBy", "GROUP", "BY"],
  ["having", "HAVING"],
  ["window", "WINDOW"],
  ["orderBy", "ORDER", "BY"],
  ["limit", "LIMIT"],
  ["limit", "FETCH"],
  ["locking", "FOR", "UPDATE"],
  ["locking", "FOR", "SHARE"],
  ["locking", "LOCK", "IN", "SHARE", "MODE"],
  ["into", "INTO"],
];

const SELECT_OPTIONS = new Set([
  ...["SELECT", "ALL", "DISTINCT", "DISTINCTROW", "HIGH_PRIORITY", "STRAIGHT_JOIN"],
  ...["SQL_SMALL_RESULT", "SQL_BIG_RESULT", "SQL_BUFFER_RESULT", "SQL_CACHE", "SQL_NO_CACHE"],
  ...["SQL_CALC_FOUND_ROWS"],
]);

/** Whether what stands in parentheses, or anywhere else, is a query. */
export function isQuery(items: readonly Node[]): boolean {
  if (QUERY_STARTS.has(upperAt(items, 0))) return true;
  if (!isGroup(items[0])) return false;
  return indexOfWord(items, SET_OPERATIONS, 1) > 0 || TAIL.has(upperAt(items, 1));
}

/** Every query inside the groups of these nodes, the outer before the inner. */
export function queriesIn(nodes: readonly Node[]): readonly Query[] {
  return nodes.flatMap((node) => {
    if (!isGroup(node)) return [];
    const inner = queriesIn(node.items);
    return isQuery(node.items) ? [readQuery(node.items), ...inner] : inner;
  });
}

/** Where the statement begins that a WITH clause stands before; 0 where there is none. */
export function behindWith(nodes: readonly Node[]): number {
  if (upperAt(nodes, 0) !== "WITH") return 0;
  const starts = new Set(["SELECT", "VALUES", "TABLE", "UPDATE", "DELETE", "INSERT", "REPLACE"]);
  for (let at = 1; at < nodes.length; at++) {
    if (starts.has(upperAt(nodes, at))) return at;
    // `WITH a AS (…) (SELECT …)`
    if (isGroup(nodes[at]) && isGroup(nodes[at - 1])) return at;
  }
  return nodes.length;
}

/** The names that WITH clauses anywhere in these nodes define, in lower case. */
export function namesDefined(nodes: readonly Node[]): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (level: readonly Node[]) => {
    level.forEach((node, at) => {
      if (isGroup(node)) return visit(node.items);
      const before = upperAt(level, at - 1);
      if (before !== "WITH" && before !== "RECURSIVE" && before !== ",") return;
      const behind = isGroup(level[at + 1]) ? at + 2 : at + 1;
      if (upperAt(level, behind) === "AS" && isGroup(level[behind + 1])) {
        names.add(node.value.toLowerCase());
      }
    });
  };
  visit(nodes);
  return names;
}

export function readQuery(nodes: readonly Node[]): Query {
  const body = nodes.slice(behindWith(nodes));
  const only = body.length === 1 ? body[0] : undefined;
  if (isGroup(only)) return readQuery(only.items);
  const terms = splitAt(body, (at) => SET_OPERATIONS.has(upperAt(body, at)));
  return {
    blocks: terms.map(readBlock),
    isComposed: terms.length > 1 || isGroup(body[0]),
    text: nodes,
  };
}

function readBlock(nodes: readonly Node[]): QueryBlock {
  const parts = clausesOf(nodes, CLAUSES);
  const list = (name: string) => {
    const part = parts.get(name);
    return part === undefined ? null : listItems(part);
  };
  const select = parts.get("") ?? [];
  const isTable = upperAt(select, 0) === "TABLE";
  return {
    select: isTable ? [] : withoutOptions(select),
    isDistinct: looksAt(select, 1, "DISTINCT") || looksAt(select, 1, "DISTINCTROW"),
    from: isTable ? select.slice(1) : parts.get("from") ?? null,
    where: parts.get("where") ?? null,
    groupBy: list("groupBy"),
    window: parts.get("window") ?? null,
    orderBy: list("orderBy"),
    limit: parts.get("limit") ?? null,
    locking: parts.get("locking") ?? null,
  };
}

function withoutOptions(select: readonly Node[]): readonly Node[] {
  let at = 0;
  while (SELECT_OPTIONS.has(upperAt(select, at))) at++;
  return select.slice(at);
}

/** Whether a query draws its rows from somewhere, and so may have more than one. */
export function hasSource(query: Query): boolean {
  return query.isComposed || query.blocks.some(({ from }) => from !== null && !isDual(from)) ||
    upperAt(query.text, behindWith(query.text)) === "VALUES";
}

function isDual(from: readonly Node[]): boolean {
  return from.length === 1 && upperAt(from, 0) === "DUAL";
}

/** LIMIT 0 takes no row, whatever the order. */
export function takesNothing(limit: readonly Node[]): boolean {
  const [only] = limit;
  return limit.length === 1 && only !== undefined && !isGroup(only) && only.text === "0";
}
