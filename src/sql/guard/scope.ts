/** What the rules of one statement share: its text, its facts, the tables it touches. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { Classification } from "../classify.ts";
import { Expressions } from "./expressions.ts";
import { namesDefined } from "./query.ts";
import type { GuardFacts, GuardTable } from "./schema.ts";
import { type Join, readJoin } from "./sources.ts";
import type { Node } from "./tree.ts";

export class Scope {
  readonly sql: string;
  readonly facts: GuardFacts;
  readonly statement: Classification;
  readonly nodes: readonly Node[];
  readonly expressions = new Expressions();
  readonly #defined: ReadonlySet<string>;

  constructor(
    of: {
      readonly sql: string;
      readonly facts: GuardFacts;
      readonly statement: Classification;
      readonly nodes: readonly Node[];
    },
  ) {
    this.sql = of.sql;
    this.facts = of.facts;
    this.statement = of.statement;
    this.nodes = of.nodes;
    this.#defined = namesDefined(of.nodes);
  }

  join(from: readonly Node[] | null): Join {
    return readJoin(from ?? [], (name) => this.#table(name));
  }

  /** The table that is written to; raises NO_SUCH_TABLE. */
  written(name: string): GuardTable {
    const table = this.facts.table(name);
    if (table !== null) return table;
    throw new MinisqlError(
      "NO_SUCH_TABLE",
      `Cannot write to ${name}: the cluster has no table of that name`,
    );
  }

  /** A common table expression hides the table of its name. */
  #table(name: string): GuardTable | null {
    return this.#defined.has(name.toLowerCase()) ? null : this.facts.table(name);
  }
}
