/** One client of a cluster: its connections, its location cache, and whoever uses them. */
import type { ReadLevel } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Parameter } from "../sql/bind.ts";
import { DONE } from "./answers.ts";
import type {
  Client,
  ClusterAdmin,
  Outcome,
  Prepared,
  Queries,
  QueryOptions,
  QueryResult,
  QueryStream,
  Session,
} from "./api.ts";
import type { Context } from "./context.ts";
import type { Deadline } from "./deadline.ts";
import type { Desk } from "./desk.ts";
import { Diagnostics } from "./diagnostics.ts";
import type { Positions } from "./positions.ts";
import { runTransaction } from "./run_transaction.ts";
import type { Routed } from "./runner.ts";
import { ClientSession } from "./session.ts";
import { readSettings } from "./settings.ts";
import { type Call, type Mode, type Owner, TextQueries } from "./text_queries.ts";

export interface ClientParts {
  readonly desk: Desk;
  readonly positions: Positions;
  readonly level: ReadLevel;
  readonly admin: ClusterAdmin;
  /** Ends all connections, and whoever waits for one. */
  readonly end: () => Promise<void>;
}

export class ClusterClient implements Client, Owner {
  readonly admin: ClusterAdmin;
  readonly #parts: ClientParts;
  readonly #context: Context;
  readonly #queries: TextQueries;

  constructor(parts: ClientParts) {
    const { positions, level, desk, admin } = parts;
    this.admin = admin;
    this.#parts = parts;
    this.#context = { positions, level, foreignKeyChecks: true, lastInsertId: "0" };
    this.#queries = new TextQueries(desk, this);
  }

  query(
    sql: string,
    params?: readonly Parameter[],
    options?: QueryOptions,
  ): Promise<QueryResult> {
    return this.#queries.query(sql, params, options);
  }

  execute(
    sql: string,
    params?: readonly Parameter[],
    options?: QueryOptions,
  ): Promise<Outcome> {
    return this.#queries.execute(sql, params, options);
  }

  stream(sql: string, params?: readonly Parameter[], options?: QueryOptions): QueryStream {
    return this.#queries.stream(sql, params, options);
  }

  prepare(sql: string): Prepared {
    return this.#queries.prepare(sql);
  }

  cancel(): void {
    this.#queries.cancel();
  }

  session(): Session {
    const { desk, positions } = this.#parts;
    return new ClientSession(desk, positions.branch());
  }

  transaction<T>(
    work: (transaction: Queries) => Promise<T>,
    options: QueryOptions = {},
  ): Promise<T> {
    const { desk, positions } = this.#parts;
    return runTransaction(desk, positions, work, options);
  }

  async close(): Promise<void> {
    await this.#parts.end();
  }

  /** Statements of their own have no order among them. */
  enter(deadline: Deadline): Promise<() => void> {
    deadline.throwIfStopped();
    return Promise.resolve(() => {});
  }

  async perform<T>({ statement, level }: Call, deadline: Deadline, mode: Mode<T>): Promise<T> {
    const { plan, sql } = statement;
    if (plan.to === "session") return mode.of(this.#set(sql));
    // Statements of their own follow none.
    if (plan.to === "diagnostics") return mode.of(new Diagnostics().show(plan.show));
    const run = { statement: { ...statement, plan } as Routed, context: this.#context, level };
    return await mode.run(this.#parts.desk.runner, run, deadline);
  }

  /** What would last beyond the statement has nobody to belong to here. */
  #set(sql: string): QueryResult {
    const settings = readSettings(sql, this.#parts.desk.cluster);
    if (settings.every(({ kind }) => kind === "nothing")) return DONE;
    throw new MinisqlError(
      "BAD_REQUEST",
      "Cannot keep a setting or a transaction here: call session() and use what it gives, or " +
        "transaction() to run a function in one",
    );
  }
}
