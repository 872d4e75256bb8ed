/** A transaction as a function: begun, run, committed, and run again where it was undone. */
import { backoffDelay, type BackoffPolicy } from "../base/backoff.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Queries, QueryOptions } from "./api.ts";
import type { Context } from "./context.ts";
import { asMinisqlError, type Deadline } from "./deadline.ts";
import type { Desk } from "./desk.ts";
import { Diagnostics } from "./diagnostics.ts";
import type { Positions } from "./positions.ts";
import type { Routed } from "./runner.ts";
import { type Call, type Mode, type Owner, TextQueries } from "./text_queries.ts";
import { isUndone, Transaction } from "./transaction.ts";
import { Turnstile } from "./turnstile.ts";

const BACKOFF: BackoffPolicy = { initialMs: 10, limitMs: 500 };

/**
 * Runs `work` until its transaction is committed. A transaction that the server has undone, as in a
 * deadlock, or that was lost with its primary before it was committed, has left nothing behind, and
 * is run again while there is time.
 */
export async function runTransaction<T>(
  desk: Desk,
  positions: Positions,
  work: (transaction: Queries) => Promise<T>,
  options: QueryOptions,
): Promise<T> {
  const deadline = desk.deadline(options);
  const { random } = desk.runner.deps;
  for (let attempt = 0;; attempt++) {
    const scope = new Scope(desk, positions, deadline);
    try {
      const value = await work(scope.queries);
      await scope.commit();
      return value;
    } catch (error) {
      const cause = await scope.abandon(error);
      const delay = backoffDelay(BACKOFF, attempt, () => random.next());
      if (!isUndone(cause) || delay >= deadline.left) throw asMinisqlError(error, deadline);
      await deadline.pause(delay);
    }
  }
}

/** The statements of one run. */
class Scope implements Owner {
  readonly queries: Queries;
  readonly #desk: Desk;
  readonly #deadline: Deadline;
  readonly #context: Context;
  readonly #transaction: Transaction;
  readonly #turns = new Turnstile();
  readonly #diagnostics = new Diagnostics();
  #isOver = false;

  constructor(desk: Desk, positions: Positions, deadline: Deadline) {
    this.#desk = {
      ...desk,
      deadline: ({ timeoutMs, signal }) => deadline.within(timeoutMs ?? deadline.left, signal),
    };
    this.#deadline = deadline;
    this.#context = { positions, level: desk.level, foreignKeyChecks: true, lastInsertId: "0" };
    this.#transaction = new Transaction(desk.runner.deps, this.#context, false);
    this.queries = new TextQueries(this.#desk, this);
  }

  async enter(deadline: Deadline): Promise<() => void> {
    if (this.#isOver) {
      const why = "Cannot run the statement: its transaction is over";
      throw new MinisqlError("BAD_REQUEST", why);
    }
    return await this.#turns.enter(deadline);
  }

  async perform<T>(call: Call, deadline: Deadline, mode: Mode<T>): Promise<T> {
    const { plan } = call.statement;
    if (plan.to === "diagnostics") return mode.of(this.#diagnostics.show(plan.show));
    return await this.#diagnostics.of(this.#perform(call, deadline, mode), mode.end);
  }

  async #perform<T>({ statement, level }: Call, deadline: Deadline, mode: Mode<T>): Promise<T> {
    const { plan } = statement;
    switch (plan.to) {
      case "primary":
      case "replica": {
        if (plan.to === "primary" && plan.commitsFirst) break;
        const step = { statement, tables: plan.tables, isWrite: plan.to === "primary" };
        return await this.#transaction.run(step, deadline, mode.use);
      }
      case "any":
      case "list": {
        const run = { statement: { ...statement, plan } as Routed, context: this.#context, level };
        return await mode.run(this.#desk.runner, run, deadline);
      }
    }
    throw new MinisqlError(
      "BAD_REQUEST",
      "Cannot run the statement in transaction(): it would end the transaction, or change what " +
        "it goes by; use a session for that",
    );
  }

  async commit(): Promise<void> {
    // Statements that nobody waited for belong to it as well.
    (await this.#turns.enter(this.#deadline))();
    this.#isOver = true;
    await this.#transaction.commit(this.#deadline);
  }

  /** Rolls back, and answers with what really ended it: `work` may have raised an error of its own. */
  async abandon(error: unknown): Promise<unknown> {
    this.#isOver = true;
    await this.#transaction.rollback(this.#deadline);
    return this.#transaction.fault ?? error;
  }
}
