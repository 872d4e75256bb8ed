/**
 * Conditions on the columns of one table and literals, written anew so that they mean the same
 * where that table stands alone. Only comparisons that cannot fail and have no effects are known:
 * anything else is null, and stays where it is.
 */
import { BARE_FUNCTIONS } from "../guard/functions.ts";
import {
  type ColumnRef,
  columnRef,
  isGroup,
  listItems,
  type Node,
  upperAt,
} from "../guard/tree.ts";
import { quoteName } from "../names.ts";
import { isReserved } from "../reserved_words.ts";
import type { Condition } from "./condition.ts";

/** Whose column it is that a condition names; null where that is not certain. */
export type Owner<T> = (ref: ColumnRef) => { readonly owner: T; readonly column: string } | null;

export interface Predicate<T> {
  readonly owner: T;
  readonly sql: string;
}

const COMPARISONS = new Set(["=", "<=>", "<>", "!=", "<", "<=", ">", ">="]);
const SIMPLE_WORDS = new Set(["NULL", "TRUE", "FALSE"]);
const TEMPORAL = new Set(["DATE", "TIME", "TIMESTAMP"]);

export function predicateOf<T>(condition: Condition, owner: Owner<T>): Predicate<T> | null {
  switch (condition.kind) {
    case "test":
      return new Test(condition.nodes, owner).read();
    case "not": {
      const inner = predicateOf(condition.of, owner);
      return inner === null ? null : { ...inner, sql: `NOT (${inner.sql})` };
    }
    default:
      return all(condition, owner);
  }
}

function all<T>(
  { kind, parts }: Extract<Condition, { readonly kind: "and" | "or" }>,
  owner: Owner<T>,
): Predicate<T> | null {
  const written: string[] = [];
  let common: T | null = null;
  for (const part of parts) {
    const predicate = predicateOf(part, owner);
    if (predicate === null || (common !== null && common !== predicate.owner)) return null;
    common = predicate.owner;
    written.push(`(${predicate.sql})`);
  }
  return common === null ? null : { owner: common, sql: written.join(` ${kind.toUpperCase()} `) };
}

/** One test: what stands in it must be one of a few forms, from its first word to its last. */
class Test<T> {
  readonly #nodes: readonly Node[];
  readonly #ownerOf: Owner<T>;
  #owner: T | null = null;

  constructor(nodes: readonly Node[], ownerOf: Owner<T>) {
    this.#nodes = nodes;
    this.#ownerOf = ownerOf;
  }

  read(): Predicate<T> | null {
    const sql = this.#comparison() ?? this.#behindColumn();
    return sql === null || this.#owner === null ? null : { owner: this.#owner, sql };
  }

  #comparison(): string | null {
    const nodes = this.#nodes;
    const at = nodes.findIndex((_, index) => COMPARISONS.has(upperAt(nodes, index)));
    if (at < 0) return null;
    const left = this.#operand(nodes.slice(0, at));
    const right = this.#operand(nodes.slice(at + 1));
    return left === null || right === null ? null : `${left} ${upperAt(nodes, at)} ${right}`;
  }

  /** `c IS NULL`, `c BETWEEN 1 AND 2`, `c IN (1, 2)`, `c LIKE 'a%'`, and their opposites. */
  #behindColumn(): string | null {
    const nodes = this.#nodes;
    const width = upperAt(nodes, 1) === "." ? 3 : 1;
    const column = this.#column(nodes.slice(0, width));
    if (column === null) return null;
    const rest = nodes.slice(width);
    if (upperAt(rest, 0) === "IS") {
      const isNegated = upperAt(rest, 1) === "NOT";
      const isNull = rest.length === (isNegated ? 3 : 2) &&
        upperAt(rest, rest.length - 1) === "NULL";
      return isNull ? `${column} IS ${isNegated ? "NOT NULL" : "NULL"}` : null;
    }
    const isNegated = upperAt(rest, 0) === "NOT";
    const test = this.#test(isNegated ? rest.slice(1) : rest);
    return test === null ? null : `${column} ${isNegated ? "NOT " : ""}${test}`;
  }

  #test(nodes: readonly Node[]): string | null {
    const behind = nodes.slice(1);
    switch (upperAt(nodes, 0)) {
      case "BETWEEN":
        return between(behind);
      case "IN":
        return oneOf(behind);
      case "LIKE": {
        const [pattern] = behind;
        const isText = behind.length === 1 && !isGroup(pattern) && pattern?.kind === "string";
        return isText ? `LIKE ${pattern.text}` : null;
      }
      default:
        return null;
    }
  }

  #operand(nodes: readonly Node[]): string | null {
    return literal(nodes) ?? this.#column(nodes);
  }

  #column(nodes: readonly Node[]): string | null {
    const [first] = nodes;
    const ref = columnRef(nodes);
    if (ref === null || isGroup(first) || first === undefined) return null;
    const isWord = first.kind === "word" && nodes.length === 1;
    if (isWord && (isReserved(first.upper) || BARE_FUNCTIONS.has(first.upper))) return null;
    const found = this.#ownerOf(ref);
    if (found === null || (this.#owner !== null && this.#owner !== found.owner)) return null;
    this.#owner = found.owner;
    return quoteName(found.column);
  }
}

function between(nodes: readonly Node[]): string | null {
  const at = nodes.findIndex((_, index) => upperAt(nodes, index) === "AND");
  if (at < 0) return null;
  const [low, high] = [literal(nodes.slice(0, at)), literal(nodes.slice(at + 1))];
  return low === null || high === null ? null : `BETWEEN ${low} AND ${high}`;
}

function oneOf(nodes: readonly Node[]): string | null {
  const [list] = nodes;
  if (nodes.length !== 1 || !isGroup(list)) return null;
  const items = listItems(list.items).map(literal);
  return items.includes(null) ? null : `IN (${items.join(", ")})`;
}

/** As it is written; null for all that is no literal, or not certainly one. */
function literal(nodes: readonly Node[]): string | null {
  const [first, second] = nodes;
  if (first === undefined || isGroup(first)) return null;
  if (nodes.length === 1) {
    const isWord = first.kind === "word" && SIMPLE_WORDS.has(first.upper);
    return isWord || ["number", "string", "hex", "bit"].includes(first.kind) ? first.text : null;
  }
  if (nodes.length !== 2 || second === undefined || isGroup(second)) return null;
  if (first.upper === "-" && second.kind === "number") return `-${second.text}`;
  const isTemporal = first.kind === "word" && TEMPORAL.has(first.upper);
  return isTemporal && second.kind === "string" ? `${first.upper} ${second.text}` : null;
}
