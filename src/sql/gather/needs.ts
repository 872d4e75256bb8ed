/**
 * What of a table a query can need at most: which of its columns, and which of its rows. Never too
 * little: what is not understood is needed whole.
 */
import { namesDefined, queriesIn, type QueryBlock, readQuery } from "../guard/query.ts";
import { type ColumnRef, isGroup, nameAt, type Node, treeOf, upperAt } from "../guard/tree.ts";
import { isReserved } from "../reserved_words.ts";
import { conjuncts, readCondition } from "./condition.ts";
import { type Joined, type Leaf, leavesOf, readJoined } from "./joined.ts";
import { type Owner, predicateOf } from "./predicate.ts";

/** What must be known of a table; its schema fits. */
export interface NamedTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string }[];
}

export interface Need {
  /** Names of columns, in the table's order. */
  readonly columns: readonly string[];
  /** A condition on the table alone that all needed rows meet; null where any may be needed. */
  readonly where: string | null;
}

/**
 * By the tables' names. `tables` are all that the query names; a table that is missing is one of
 * which nothing is known.
 */
export function needsOf(
  sql: string,
  tables: readonly NamedTable[],
): ReadonlyMap<string, Need> {
  const nodes = treeOf(sql);
  const rows = new RowNeeds(nodes, tables);
  const words = new Words(nodes);
  return new Map(tables.map((table) => [
    table.name,
    { columns: words.columnsOf(table), where: rows.whereOf(table) },
  ]));
}

/** All names that stand anywhere in a query, and whether it has a `*` that stands for more. */
class Words {
  readonly #names = new Set<string>();
  #hasAll = false;

  constructor(nodes: readonly Node[]) {
    this.#take(nodes);
  }

  columnsOf({ columns }: NamedTable): readonly string[] {
    const names = columns.map(({ name }) => name);
    // How other letters' case is folded is the server's own.
    const isPlain = names.every((name) => /^[ -~]+$/.test(name));
    if (this.#hasAll || !isPlain) return names;
    return names.filter((name) => this.#names.has(name.toLowerCase()));
  }

  #take(nodes: readonly Node[]): void {
    nodes.forEach((node, at) => {
      if (isGroup(node)) return this.#take(node.items);
      if (node.kind === "word" || node.kind === "quoted_name") {
        this.#names.add(node.value.toLowerCase());
      }
      const word = node.kind === "word" ? node.upper : "";
      if (word === "NATURAL" || word === "TABLE" || isStar(nodes, at)) this.#hasAll = true;
    });
  }
}

/** `*`, `t.*`, but not `a * b` or `COUNT(*)`. */
function isStar(nodes: readonly Node[], at: number): boolean {
  const node = nodes[at];
  if (isGroup(node) || node?.upper !== "*") return false;
  if (nodes.length === 1) return false;
  const next = nodes[at + 1];
  if (next === undefined || isGroup(next)) return next === undefined;
  return next.upper === "," || (next.kind === "word" && next.upper === "FROM");
}

class RowNeeds {
  readonly #tables: readonly NamedTable[];
  readonly #nodes: readonly Node[];
  readonly #defined: ReadonlySet<string>;
  /** Of each table, what is needed at each place where it is read; null for any row. */
  readonly #found = new Map<NamedTable, (string | null)[]>();

  constructor(nodes: readonly Node[], tables: readonly NamedTable[]) {
    this.#tables = tables;
    this.#nodes = nodes;
    this.#defined = namesDefined(nodes);
    for (const { blocks } of [readQuery(nodes), ...queriesIn(nodes)]) {
      for (const block of blocks) this.#block(block);
    }
  }

  /** Only where each place that names the table was understood. */
  whereOf(table: NamedTable): string | null {
    const found = this.#found.get(table) ?? [];
    if (found.length !== timesNamed(this.#nodes, table.name.toLowerCase())) return null;
    const conditions = found.filter((each) => each !== null);
    if (conditions.length === 0 || conditions.length < found.length) return null;
    const distinct = [...new Set(conditions)];
    return distinct.length === 1
      ? distinct[0] ?? null
      : distinct.map((each) => `(${each})`).join(" OR ");
  }

  #block({ from, where }: QueryBlock): void {
    const joined = from === null ? null : readJoined(from);
    if (joined === null) return;
    const leaves = leavesOf(joined).map((leaf) => ({ leaf, table: this.#tableOf(leaf) }));
    const conditions = new Map<Leaf, string[]>();
    spread(joined, where === null ? [] : predicates(where, leaves), leaves, conditions);
    for (const { leaf, table } of leaves) {
      if (table === null) continue;
      const own = conditions.get(leaf) ?? [];
      const sql = own.length < 2 ? own[0] ?? null : own.map((each) => `(${each})`).join(" AND ");
      this.#found.set(table, [...this.#found.get(table) ?? [], sql]);
    }
  }

  /** A common table expression hides the table of its name. */
  #tableOf({ table }: Leaf): NamedTable | null {
    const name = table?.toLowerCase();
    if (name === undefined || this.#defined.has(name)) return null;
    return this.#tables.find((each) => each.name.toLowerCase() === name) ?? null;
  }
}

interface Condition {
  readonly owner: Leaf;
  readonly sql: string;
}

interface Source {
  readonly leaf: Leaf;
  readonly table: NamedTable | null;
}

/**
 * Hands conditions down to the tables. Those on rows that come out of a join hold for what goes
 * into it, but for the side of an outer join that may be missing: there only that join's own do.
 */
function spread(
  joined: Joined,
  conditions: readonly Condition[],
  sources: readonly Source[],
  found: Map<Leaf, string[]>,
): void {
  if (joined.kind === "leaf") {
    const own = conditions.filter((each) => each.owner === joined).map(({ sql }) => sql);
    found.set(joined, [...new Set(own)]);
    return;
  }
  // What it does not join is not seen behind its ON: there a name may be an outer query's.
  const leaves = new Set(leavesOf(joined));
  const own = predicates(joined.on, sources.filter(({ leaf }) => leaves.has(leaf)));
  const inner = [...conditions, ...own];
  const isInner = joined.kind === "inner";
  spread(joined.left, isInner ? inner : conditions, sources, found);
  spread(joined.right, isInner ? inner : own, sources, found);
}

function predicates(nodes: readonly Node[], sources: readonly Source[]): readonly Condition[] {
  const owner: Owner<Leaf> = (ref) => ownerOf(sources, ref);
  return conjuncts(readCondition(nodes)).flatMap((each) => predicateOf(each, owner) ?? []);
}

/** Null for a column of an outer query too, and where a table is not known well enough to tell. */
function ownerOf(
  sources: readonly Source[],
  { table, column }: ColumnRef,
): ReturnType<Owner<Leaf>> {
  const found = sources.flatMap((source) => {
    const isNamed = table === null || source.leaf.alias.toLowerCase() === table.toLowerCase();
    if (!isNamed) return [];
    if (source.table === null) return [null];
    const own = source.table.columns.find(({ name }) =>
      name.toLowerCase() === column.toLowerCase()
    );
    // By a name that is said, it is this table's or nobody's.
    if (own === undefined) return table === null ? [] : [null];
    return [{ owner: source.leaf, column: own.name }];
  });
  return found.length === 1 ? found[0] ?? null : null;
}

/** How often a name may stand for a table: neither in front of a column's name nor as one. */
function timesNamed(nodes: readonly Node[], name: string): number {
  let times = 0;
  nodes.forEach((node, at) => {
    if (isGroup(node)) times += timesNamed(node.items, name);
    else if (nameAt(nodes, at)?.toLowerCase() === name && !isPartOfColumn(nodes, at)) times++;
  });
  return times;
}

function isPartOfColumn(nodes: readonly Node[], at: number): boolean {
  if (upperAt(nodes, at + 1) === ".") return true;
  // ODBC writes `FROM .t` for a table.
  const before = nodes[at - 2];
  const isKeyword = before === undefined || isGroup(before) || isReserved(before.upper);
  return upperAt(nodes, at - 1) === "." && nameAt(nodes, at - 2) !== null && !isKeyword;
}
