/** Statements outside of transactions: each to whoever can run it. */
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { ReadLevel } from "../protocol/calls/region.ts";
import type { Row } from "../protocol/values.ts";
import { begin, collect, type Running, running, type Use } from "./answers.ts";
import { AnyServer } from "./any_server.ts";
import type { GatherPlan, QueryResult } from "./api.ts";
import type { Context } from "./context.ts";
import type { Deadline } from "./deadline.ts";
import { Definitions } from "./definitions.ts";
import type { MasterClient } from "./master_client.ts";
import { Positions } from "./positions.ts";
import { Reads } from "./reads.ts";
import type { Routes } from "./routes.ts";
import type { Servers } from "./servers.ts";
import { isLike, type Show } from "./show.ts";
import type { Plan, Statement } from "./statement.ts";
import type { WriteNumbers } from "./write_numbers.ts";
import { Writes } from "./writes.ts";

export interface RunnerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly masters: MasterClient;
  readonly servers: Servers;
  readonly routes: Routes;
  readonly numbers: WriteNumbers;
}

export interface RunnerOptions {
  readonly cluster: string;
  readonly zone: string;
}

/** A statement that no session has kept for itself. */
export type Routed = Statement & {
  readonly plan: Exclude<Plan, { readonly to: "session" | "diagnostics" }>;
};

export interface Run {
  readonly statement: Routed;
  readonly context: Context;
  /** The level of this one read, where the text says no other. */
  readonly level: ReadLevel | undefined;
}

export class Runner {
  readonly deps: RunnerDeps;
  readonly #options: RunnerOptions;
  readonly #reads: Reads;
  readonly #writes: Writes;
  readonly #any: AnyServer;
  readonly #definitions: Definitions;

  constructor(deps: RunnerDeps, options: RunnerOptions) {
    this.deps = deps;
    this.#options = options;
    this.#reads = new Reads({ ...deps, zone: options.zone });
    this.#writes = new Writes(deps);
    this.#any = new AnyServer(deps);
    this.#definitions = new Definitions(deps);
  }

  async run(run: Run, deadline: Deadline): Promise<QueryResult> {
    return await this.#query(run, deadline, collect) ?? await this.#other(run, deadline);
  }

  /** The same with rows as they come. */
  async stream(run: Run, deadline: Deadline): Promise<Running> {
    return await this.#query(run, deadline, begin) ?? running(await this.#other(run, deadline));
  }

  /** What a query would have gathered; null where it is none on tables, or a server holds them all. */
  async gathering(
    statement: Statement,
    level: ReadLevel,
    deadline: Deadline,
  ): Promise<GatherPlan | null> {
    const { plan } = statement;
    if (plan.to !== "replica") return null;
    const positions = Positions.none();
    const context = { positions, level, foreignKeyChecks: true, lastInsertId: "0" };
    const read = { statement, tables: plan.tables, context, level: plan.level ?? level };
    return await this.#reads.gathering(read, deadline);
  }

  /** What may have many rows; null for all else. */
  async #query<T>(
    { statement, context, level }: Run,
    deadline: Deadline,
    use: Use<T>,
  ): Promise<T | null> {
    const { plan } = statement;
    if (plan.to === "any") return await this.#any.run(statement, context, deadline, use);
    if (plan.to !== "replica") return null;
    const { tables } = plan;
    const read = { statement, tables, context, level: plan.level ?? level ?? context.level };
    return await this.#reads.run(read, deadline, use);
  }

  async #other({ statement, context }: Run, deadline: Deadline): Promise<QueryResult> {
    const { plan, sql } = statement;
    switch (plan.to) {
      case "primary":
        return await this.#writes.run({ statement, tables: plan.tables, context }, deadline);
      case "master":
        return await this.#definitions.run(
          { sql, definition: plan.definition, context },
          deadline,
        );
      case "list":
        return await this.#list(plan.show, deadline);
      case "any":
      case "replica":
        throw new Error("queries are not run here");
    }
  }

  /** SHOW TABLES, from the one who knows all of them. */
  async #list(
    { full, like }: Show & { readonly kind: "tables" },
    deadline: Deadline,
  ): Promise<QueryResult> {
    const { tables } = await this.deps.masters.call("meta", {}, deadline.limits());
    const names = tables.map(({ name }) => name).sort();
    const matching = like === null ? names : names.filter((name) => isLike(name, like));
    const title = `Tables_in_${this.#options.cluster}${like === null ? "" : ` (${like})`}`;
    const column = (name: string) => ({ name, kind: "text", type: "varchar(64)" }) as const;
    return {
      columns: [column(title), ...(full ? [column("Table_type")] : [])],
      rows: matching.map((name): Row => full ? [name, "BASE TABLE"] : [name]),
      result: { affected: 0 },
      receipt: null,
    };
  }
}
