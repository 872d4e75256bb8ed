/** The tables that a FROM list joins, and what their columns are found by. */
import { isQuery } from "./query.ts";
import { columnOf, type GuardColumn, type GuardTable, isSameName } from "./schema.ts";
import { type ColumnRef, isGroup, nameAt, type Node, upperAt } from "./tree.ts";

export interface Source {
  /** What the rest of the statement calls it by. */
  readonly alias: string;
  /** Null for a derived table, a common table expression, or a table that is not known. */
  readonly table: GuardTable | null;
}

export interface Join {
  readonly sources: readonly Source[];
  /** The conditions behind ON. */
  readonly conditions: readonly (readonly Node[])[];
  /** Columns are joined by USING or NATURAL, which are not read. */
  readonly hasImplicitConditions: boolean;
  /** Rows may be there that the conditions behind ON do not hold for. */
  readonly isOuter: boolean;
}

const OPERATORS = new Set([
  ...["NATURAL", "LEFT", "RIGHT", "FULL", "OUTER", "INNER", "CROSS", "JOIN", "STRAIGHT_JOIN", ","],
]);
const NO_ALIAS = new Set([
  ...[...OPERATORS, "ON", "USING", "USE", "FORCE", "IGNORE", "PARTITION", "AS", "FOR", "SET"],
  ...["WHERE", "ORDER", "LIMIT", "RETURNING"],
]);

type Lookup = (name: string) => GuardTable | null;

/** Reads a FROM list; `lookup` answers null for names that are not tables. */
export function readJoin(from: readonly Node[], lookup: Lookup): Join {
  const reader = new JoinReader(lookup);
  reader.read(from);
  return reader;
}

class JoinReader implements Join {
  readonly sources: Source[] = [];
  readonly conditions: (readonly Node[])[] = [];
  hasImplicitConditions = false;
  isOuter = false;
  readonly #lookup: Lookup;

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  read(nodes: readonly Node[]): void {
    let at = 0;
    while (at < nodes.length) {
      const before = at;
      at = this.#operators(nodes, this.#conditions(nodes, this.#factor(nodes, at)));
      if (at === before) at++;
    }
  }

  #factor(nodes: readonly Node[], from: number): number {
    const first = nodes[from];
    if (upperAt(nodes, from) === "LATERAL") return this.#factor(nodes, from + 1);
    if (isGroup(first)) {
      if (!isQuery(first.items)) {
        this.read(first.items);
        return from + 1;
      }
      return this.#aliased(nodes, from + 1, null, "");
    }
    if (upperAt(nodes, from) === "JSON_TABLE") return this.#aliased(nodes, from + 2, null, "");
    const name = nameAt(nodes, from);
    if (name === null) return from;
    const isQualified = upperAt(nodes, from + 1) === ".";
    const own = isQualified ? nameAt(nodes, from + 2) ?? name : name;
    return this.#aliased(nodes, from + (isQualified ? 3 : 1), this.#lookup(own), own);
  }

  /** From behind a table: partitions, an alias, a list of columns, hints. */
  #aliased(nodes: readonly Node[], from: number, table: GuardTable | null, name: string): number {
    let at = from;
    let alias = name;
    if (upperAt(nodes, at) === "PARTITION") at += 2;
    if (upperAt(nodes, at) === "AS") at++;
    const given = nameAt(nodes, at);
    if (given !== null && !NO_ALIAS.has(upperAt(nodes, at))) {
      alias = given;
      at++;
      if (isGroup(nodes[at])) at++;
    }
    while (["USE", "FORCE", "IGNORE"].includes(upperAt(nodes, at))) {
      while (at < nodes.length && !isGroup(nodes[at])) at++;
      at++;
    }
    this.sources.push({ alias, table });
    return at;
  }

  #conditions(nodes: readonly Node[], from: number): number {
    if (upperAt(nodes, from) === "USING") {
      this.hasImplicitConditions = true;
      return from + 2;
    }
    if (upperAt(nodes, from) !== "ON") return from;
    let at = from + 1;
    // LEFT(…) and RIGHT(…) are functions.
    while (at < nodes.length && !(OPERATORS.has(upperAt(nodes, at)) && !isGroup(nodes[at + 1]))) {
      if (upperAt(nodes, at).endsWith("JOIN") || upperAt(nodes, at) === ",") break;
      at++;
    }
    this.conditions.push(nodes.slice(from + 1, at));
    return this.#conditions(nodes, at);
  }

  #operators(nodes: readonly Node[], from: number): number {
    let at = from;
    while (OPERATORS.has(upperAt(nodes, at))) {
      const word = upperAt(nodes, at);
      if (word === "NATURAL") this.hasImplicitConditions = true;
      if (word === "LEFT" || word === "RIGHT" || word === "FULL") this.isOuter = true;
      at++;
    }
    return at;
  }
}

export interface Resolved {
  readonly source: Source;
  readonly table: GuardTable;
  readonly column: GuardColumn;
}

/** Which table a column is of; null where that is not certain. */
export function resolve(sources: readonly Source[], ref: ColumnRef): Resolved | null {
  const found = sources.filter(({ alias, table }) =>
    ref.table === null
      ? table === null || columnOf(table, ref.column) !== null
      : isSameName(alias, ref.table)
  );
  const [source] = found;
  if (source === undefined || found.length > 1 || source.table === null) return null;
  const column = columnOf(source.table, ref.column);
  return column === null ? null : { source, table: source.table, column };
}
