/** A FROM list as the tree of joins that it is. Null for one that is not wholly understood. */
import { isQuery } from "../guard/query.ts";
import { isGroup, listItems, nameAt, type Node, upperAt } from "../guard/tree.ts";
import { isReserved } from "../reserved_words.ts";

export interface Leaf {
  readonly kind: "leaf";
  readonly alias: string;
  /** Null for a derived table. */
  readonly table: string | null;
}

export interface Join {
  readonly kind: "inner" | "left";
  readonly left: Joined;
  /** Of a LEFT JOIN, the side that may be missing; RIGHT JOIN is told the other way round. */
  readonly right: Joined;
  /** What stands behind ON; nothing where the columns are named, or none are. */
  readonly on: readonly Node[];
}

export type Joined = Leaf | Join;

export function leavesOf(joined: Joined): readonly Leaf[] {
  return joined.kind === "leaf" ? [joined] : [...leavesOf(joined.left), ...leavesOf(joined.right)];
}

export function readJoined(from: readonly Node[]): Joined | null {
  let whole: Joined | null = null;
  for (const item of listItems(from)) {
    const joined = new Reader(item).read();
    if (joined === null) return null;
    whole = whole === null ? joined : { kind: "inner", left: whole, right: joined, on: [] };
  }
  return whole;
}

/** Words that end what stands behind ON. LEFT( and RIGHT( are functions there. */
const BORDERS = new Set([
  ...["NATURAL", "LEFT", "RIGHT", "INNER", "CROSS", "JOIN", "STRAIGHT_JOIN", "ON", "USING"],
]);

interface Operator {
  readonly side: "inner" | "left" | "right";
  readonly isNatural: boolean;
}

/** Tables joined one after the other, without commas. */
class Reader {
  readonly #nodes: readonly Node[];
  #at = 0;

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
  }

  read(): Joined | null {
    let joined = this.#factor();
    while (joined !== null && this.#at < this.#nodes.length) joined = this.#join(joined);
    return joined;
  }

  #join(left: Joined): Joined | null {
    const operator = this.#operator();
    const right = operator === null ? null : this.#factor();
    if (operator === null || right === null) return null;
    const on = this.#condition();
    // An outer join whose condition comes later joins in another order.
    if (on === null && operator.side !== "inner" && !operator.isNatural) return null;
    if (on !== null && operator.isNatural) return null;
    const sides = operator.side === "right" ? { left: right, right: left } : { left, right };
    return { kind: operator.side === "inner" ? "inner" : "left", ...sides, on: on ?? [] };
  }

  #word(ahead = 0): string {
    return upperAt(this.#nodes, this.#at + ahead);
  }

  #take(word: string): boolean {
    const isThere = this.#word() === word;
    if (isThere) this.#at++;
    return isThere;
  }

  #operator(): Operator | null {
    if (this.#take("STRAIGHT_JOIN")) return { side: "inner", isNatural: false };
    const isNatural = this.#take("NATURAL");
    const side = this.#take("LEFT") ? "left" : this.#take("RIGHT") ? "right" : "inner";
    if (side === "inner") {
      if (!this.#take("INNER") && !isNatural) this.#take("CROSS");
    } else this.#take("OUTER");
    return this.#take("JOIN") ? { side, isNatural } : null;
  }

  /** Null where there is none; nothing for USING, whose columns two tables have. */
  #condition(): readonly Node[] | null {
    if (this.#take("USING")) {
      this.#at++;
      return [];
    }
    if (!this.#take("ON")) return null;
    const from = this.#at;
    while (this.#at < this.#nodes.length && !this.#isBorder()) this.#at++;
    return this.#nodes.slice(from, this.#at);
  }

  #isBorder(): boolean {
    const word = this.#word();
    const isCall = (word === "LEFT" || word === "RIGHT") && isGroup(this.#nodes[this.#at + 1]);
    return BORDERS.has(word) && !isCall;
  }

  #factor(): Joined | null {
    const node = this.#nodes[this.#at];
    if (isGroup(node)) {
      this.#at++;
      return isQuery(node.items) ? this.#derived() : readJoined(node.items);
    }
    const name = nameAt(this.#nodes, this.#at);
    if (name === null || isKeyword(node) || this.#isCall()) return null;
    this.#at++;
    return { kind: "leaf", table: name, alias: this.#alias() ?? name };
  }

  #isCall(): boolean {
    return isGroup(this.#nodes[this.#at + 1]) || this.#word(1) === ".";
  }

  /** A derived table has a name, and maybe names for its columns. */
  #derived(): Leaf | null {
    const alias = this.#alias();
    if (alias === null) return null;
    if (isGroup(this.#nodes[this.#at])) this.#at++;
    return { kind: "leaf", table: null, alias };
  }

  #alias(): string | null {
    const isSaid = this.#take("AS");
    const node = this.#nodes[this.#at];
    const name = isKeyword(node) ? null : nameAt(this.#nodes, this.#at);
    if (name !== null) this.#at++;
    return name ?? (isSaid ? "" : null);
  }
}

function isKeyword(node: Node | undefined): boolean {
  return node?.kind === "word" && isReserved(node.upper);
}
