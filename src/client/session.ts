/** A session: one statement after the other, with settings, and a transaction that may be open. */
import type { ReadLevel } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Parameter } from "../sql/bind.ts";
import { unsupported } from "../sql/guard/verdict.ts";
import { DONE } from "./answers.ts";
import type { Outcome, Prepared, QueryOptions, QueryResult, QueryStream, Session } from "./api.ts";
import type { Context } from "./context.ts";
import type { Deadline } from "./deadline.ts";
import type { Desk } from "./desk.ts";
import { Diagnostics } from "./diagnostics.ts";
import type { SavepointStep } from "./journal.ts";
import type { Positions } from "./positions.ts";
import type { Routed } from "./runner.ts";
import { readSettings, type Setting } from "./settings.ts";
import { type Call, type Mode, type Owner, TextQueries } from "./text_queries.ts";
import { noSavepoint, Transaction } from "./transaction.ts";
import { Turnstile } from "./turnstile.ts";

export class ClientSession implements Session, Owner {
  readonly #desk: Desk;
  readonly #context: Context;
  readonly #queries: TextQueries;
  readonly #turns = new Turnstile();
  readonly #diagnostics = new Diagnostics();
  #transaction: Transaction | null = null;
  #autocommit = true;
  #isClosed = false;

  constructor(desk: Desk, positions: Positions) {
    this.#desk = desk;
    this.#context = { positions, level: desk.level, foreignKeyChecks: true, lastInsertId: "0" };
    this.#queries = new TextQueries(desk, this);
  }

  get inTransaction(): boolean {
    return this.#open !== null;
  }

  get read(): ReadLevel {
    return this.#context.level;
  }

  setRead(level: ReadLevel): void {
    this.#context.level = level;
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

  async close(): Promise<void> {
    this.#isClosed = true;
    const deadline = this.#desk.deadline({});
    try {
      // What is under way ends first.
      (await this.#turns.enter(deadline))();
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
    }
    await this.#rollback(deadline);
  }

  async enter(deadline: Deadline): Promise<() => void> {
    if (!this.#isClosed) return await this.#turns.enter(deadline);
    throw new MinisqlError("BAD_REQUEST", "Cannot run the statement: the session is closed");
  }

  async perform<T>(call: Call, deadline: Deadline, mode: Mode<T>): Promise<T> {
    const { plan } = call.statement;
    if (plan.to === "diagnostics") return mode.of(this.#diagnostics.show(plan.show));
    return await this.#diagnostics.of(this.#perform(call, deadline, mode), mode.end);
  }

  async #perform<T>({ statement, level }: Call, deadline: Deadline, mode: Mode<T>): Promise<T> {
    const { plan, sql } = statement;
    if (plan.to === "session") return mode.of(await this.#set(sql, deadline));
    const endsTransaction = plan.to === "master" || plan.to === "primary" && plan.commitsFirst;
    if (endsTransaction) {
      await this.#commit(deadline);
    } else if (plan.to === "primary" || plan.to === "replica") {
      const transaction = this.#current();
      if (transaction !== null) {
        const step = { statement, tables: plan.tables, isWrite: plan.to === "primary" };
        return await transaction.run(step, deadline, mode.use);
      }
    }
    const run = { statement: { ...statement, plan } as Routed, context: this.#context, level };
    return await mode.run(this.#desk.runner, run, deadline);
  }

  /** The transaction that is open; one that was undone is not, as in MySQL after a deadlock. */
  get #open(): Transaction | null {
    return this.#transaction?.fault === null ? this.#transaction : null;
  }

  /** The transaction that a statement on tables belongs to, if any. */
  #current(): Transaction | null {
    if (this.#open === null && !this.#autocommit) this.#transaction = this.#begin(false);
    return this.#open;
  }

  #begin(isReadOnly: boolean): Transaction {
    return new Transaction(this.#desk.runner.deps, this.#context, isReadOnly);
  }

  async #set(sql: string, deadline: Deadline): Promise<QueryResult> {
    let result = DONE;
    for (const setting of readSettings(sql, this.#desk.cluster)) {
      result = await this.#apply(setting, deadline);
    }
    return result;
  }

  async #apply(setting: Setting, deadline: Deadline): Promise<QueryResult> {
    switch (setting.kind) {
      case "nothing":
        return DONE;
      case "read":
        this.#context.level = setting.level ?? this.#desk.level;
        return DONE;
      case "autocommit":
        if (setting.isOn && !this.#autocommit) await this.#commit(deadline);
        this.#autocommit = setting.isOn;
        return DONE;
      case "foreign_key_checks":
        this.#setForeignKeyChecks(setting.isOn);
        return DONE;
      case "begin":
        await this.#commit(deadline);
        this.#transaction = this.#begin(setting.isReadOnly);
        return DONE;
      case "commit":
        return await this.#commit(deadline);
      case "rollback":
        await this.#rollback(deadline);
        return DONE;
      case "savepoint":
        await this.#savepoint({ step: "set", name: setting.name }, deadline);
        return DONE;
      case "rollback_to":
        await this.#savepoint({ step: "back", name: setting.name }, deadline);
        return DONE;
      case "release":
        await this.#savepoint({ step: "release", name: setting.name }, deadline);
        return DONE;
    }
  }

  /** Whatever comes of it, there is no transaction afterwards. */
  async #commit(deadline: Deadline): Promise<QueryResult> {
    const transaction = this.#open;
    this.#transaction = null;
    return transaction === null ? DONE : { ...DONE, ...await transaction.commit(deadline) };
  }

  async #rollback(deadline: Deadline): Promise<void> {
    const transaction = this.#transaction;
    this.#transaction = null;
    await transaction?.rollback(deadline);
  }

  /** Without a transaction, each statement is its own, and savepoints are gone at once. */
  async #savepoint(step: SavepointStep, deadline: Deadline): Promise<void> {
    const transaction = this.#current();
    if (transaction !== null) return await transaction.savepoint(step, deadline);
    if (step.step !== "set") throw noSavepoint(step.name);
  }

  #setForeignKeyChecks(isOn: boolean): void {
    if (isOn === this.#context.foreignKeyChecks) return;
    if (this.#open?.isOpen === true) {
      throw unsupported(
        "SET foreign_key_checks",
        "a transaction keeps what it has begun with",
        "set it before the transaction's first statement",
      );
    }
    this.#context.foreignKeyChecks = isOn;
  }
}
