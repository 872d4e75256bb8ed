/**
 * A transaction on one region's tables, at its primary. It is opened by the first statement that
 * names a table, and lives on one connection: when that or the primary's office is lost, so is it.
 */
import { MinisqlError, sqlError } from "../protocol/errors.ts";
import type { Request } from "../protocol/messages.ts";
import type { Caller } from "../rpc/caller.ts";
import type { Answered, Outcome, Use } from "./answers.ts";
import { type Context, meaning } from "./context.ts";
import type { Deadline } from "./deadline.ts";
import { Attempts, isRetriable, unlessCancelledHere } from "./retry.ts";
import type { Located } from "./routes.ts";
import type { RunnerDeps } from "./runner.ts";
import type { Statement } from "./statement.ts";
import type { WriteNumber } from "./write_numbers.ts";
import { Doubt, noPrimary, noted, onlyOne } from "./writes.ts";

/** Where it is open. */
interface Home {
  readonly located: Located;
  readonly region: string;
  readonly epoch: number;
  readonly caller: Caller;
  readonly id: string;
}

export interface Step {
  readonly statement: Statement;
  readonly tables: readonly string[];
  readonly isWrite: boolean;
}

/** What a rollback may take: whoever waits for it has mostly waited enough. */
const ROLLBACK_MS = 5000;

export class Transaction {
  readonly isReadOnly: boolean;
  readonly #deps: RunnerDeps;
  readonly #context: Context;
  #home: Home | null = null;
  /** Savepoints set before there was anything to save. */
  #savepoints: string[] = [];
  #hasWritten = false;
  #fault: MinisqlError | null = null;

  constructor(deps: RunnerDeps, context: Context, isReadOnly: boolean) {
    this.#deps = deps;
    this.#context = context;
    this.isReadOnly = isReadOnly;
  }

  /** Why it is rolled back already, all of it; null while it goes on. */
  get fault(): MinisqlError | null {
    return this.#fault;
  }

  /** Whether a server has it open already. */
  get isOpen(): boolean {
    return this.#home !== null;
  }

  /** Runs a statement in it. One that fails undoes only itself, unless `fault` is set after it. */
  async run<T>(step: Step, deadline: Deadline, use: Use<T>): Promise<T> {
    if (this.#fault !== null) throw this.#fault;
    if (step.isWrite && this.isReadOnly) {
      throw sqlError(1792, "25006", "Cannot execute statement in a READ ONLY transaction.");
    }
    const home = await this.#open(step.tables, deadline);
    const { region, epoch, caller, id } = home;
    const request: Request<"query"> = {
      ...{ region, epoch, transaction: id, sql: step.statement.sql },
      ...meaning(step.statement, this.#context),
    };
    if (step.isWrite) this.#hasWritten = true;
    const check = (answer: Answered) => this.#check(answer, step);
    try {
      const reply = caller.rows("query", request, deadline.limits());
      // A stream may fail when its first rows have been given out.
      reply.answer.catch((error) => this.#judge(error, step, deadline));
      return await use(reply, check);
    } catch (error) {
      this.#judge(error, step, deadline);
      throw this.#fault ?? error;
    }
  }

  async savepoint(step: "set" | "back" | "release", name: string, deadline: Deadline) {
    if (this.#fault !== null) throw this.#fault;
    const home = this.#home;
    if (home === null) return this.#note(step, name);
    const { region, id, caller } = home;
    try {
      await caller.call("savepoint", { region, transaction: id, step, name }, deadline.limits());
    } catch (error) {
      this.#judge(error, { isWrite: true }, deadline);
      throw this.#fault ?? error;
    }
  }

  /**
   * Commits, once. Raises `OUTCOME_UNKNOWN`, `TIMEOUT` or `CANCELLED` when it may have been
   * committed; after any other error it was rolled back.
   */
  async commit(deadline: Deadline): Promise<Outcome> {
    if (this.#fault !== null) throw this.#fault;
    const home = this.#home;
    const nothing = { result: { affected: 0 }, receipt: null };
    if (home === null) return nothing;
    if (!this.#hasWritten) {
      await this.rollback(deadline);
      return nothing;
    }
    const { numbers } = this.#deps;
    const number = numbers.take();
    try {
      const outcome = await this.#commit(home, number, deadline);
      numbers.giveBack(number);
      return outcome;
    } catch (error) {
      if (error instanceof MinisqlError && error.applied === "no") {
        numbers.giveBack(number);
        await this.rollback(deadline);
      }
      throw error;
    }
  }

  /**
   * Undoes all of it. Resolves when the server has done so, or the time is up: then it does so when
   * it is asked for nothing for a while, or the link ends.
   */
  async rollback(deadline: Deadline): Promise<void> {
    const home = this.#home;
    this.#home = null;
    if (home === null || !home.caller.usable) return;
    const { region, id, caller } = home;
    const request = { region, transaction: id };
    const done = caller.call("rollback", request, { timeoutMs: ROLLBACK_MS });
    try {
      await deadline.until(done);
    } catch (error) {
      // Whoever has cancelled a statement wants this all the same, and waits for nothing.
      if (!(error instanceof MinisqlError)) throw error;
    }
  }

  /** Where the tables are, the transaction opened there. */
  async #open(tables: readonly string[], deadline: Deadline): Promise<Home> {
    const { routes, random } = this.#deps;
    const attempts = new Attempts(routes, random, deadline);
    for (;;) {
      const found = await routes.find(tables, deadline);
      if (this.#home !== null) return requireHome(this.#home, found, tables);
      const located = onlyOne(tables, found);
      let last: MinisqlError;
      try {
        const home = await this.#begin(located, deadline);
        // Set at once, so that it is rolled back whatever fails next.
        this.#home = home;
        for (const name of this.#savepoints) await this.savepoint("set", name, deadline);
        return home;
      } catch (error) {
        this.#home = null;
        deadline.throwIfStopped();
        if (this.#fault !== null) throw this.#fault;
        if (await attempts.haveMoved(tables, error)) continue;
        if (!isRetriable(error)) throw error;
        last = error;
      }
      await attempts.next([located], last);
    }
  }

  async #begin(located: Located, deadline: Deadline): Promise<Home> {
    const { servers } = this.#deps;
    const { foreignKeyChecks, positions } = this.#context;
    const { region, epoch, primary } = located.route;
    if (primary === null) throw noPrimary(located.route);
    const caller = await servers.connect(primary, deadline);
    const request: Request<"begin"> = {
      ...{ region, epoch },
      ...(this.isReadOnly ? { readOnly: true } : {}),
      ...(foreignKeyChecks ? {} : { foreignKeyChecks: false }),
    };
    const { transaction: id, seq } = await caller.call("begin", request, deadline.limits());
    if (seq >= positions.at(region)) {
      positions.noteSeen(region, seq);
      return { located, region, epoch, caller, id };
    }
    // One that was primary once, and does not know yet that others have gone on without it.
    caller.call("rollback", { region, transaction: id }, { timeoutMs: ROLLBACK_MS }).catch(
      () => {},
    );
    const why = `Cannot begin at ${seq} in ${region}: ${positions.at(region)} was seen before`;
    throw new MinisqlError("BEHIND", why);
  }

  async #commit(home: Home, number: WriteNumber, deadline: Deadline): Promise<Outcome> {
    const { routes, random } = this.#deps;
    const attempts = new Attempts(routes, random, deadline);
    const doubt = new Doubt();
    let { located } = home;
    for (;;) {
      try {
        const caller = doubt.error === null ? home.caller : await this.#primary(located, deadline);
        if (doubt.error === null && !caller.usable) throw lost("its connection was lost");
        const { region, id: transaction } = home;
        const request = { region, epoch: located.route.epoch, transaction, ...number };
        const { receipt } = await caller.call("commit", request, deadline.limits());
        return noted({ result: { affected: 0 }, receipt }, this.#context);
      } catch (raised) {
        const error = unlessCancelledHere(raised, deadline);
        doubt.note(home.region, error);
        if (!isRetriable(error)) throw error;
        if (doubt.error === null && LOST.has(error.code)) throw lost(error.message);
        await doubt.rather(attempts.next([located], error));
      }
      if (doubt.error !== null) located = await this.#locate(located, doubt, deadline);
    }
  }

  /** Where the region is by now that the commit was sent to. */
  async #locate(before: Located, doubt: Doubt, deadline: Deadline): Promise<Located> {
    const [table = ""] = before.route.tables;
    const [located = before] = await doubt.rather(this.#deps.routes.find([table], deadline));
    doubt.requireSame(located.route.region);
    return located;
  }

  async #primary({ route }: Located, deadline: Deadline): Promise<Caller> {
    if (route.primary === null) throw noPrimary(route);
    return await this.#deps.servers.connect(route.primary, deadline);
  }

  /** Whether an error of one statement is the end of all. */
  #judge(
    error: unknown,
    { isWrite }: { readonly isWrite: boolean },
    deadline: Deadline,
  ): void {
    if (!(error instanceof MinisqlError) || this.#fault !== null) return;
    if (isUndone(error)) {
      // The server has undone it already.
      this.#fault = error;
    } else if (LOST.has(error.code)) {
      this.#fault = lost(error.message);
    } else if (isWrite && error.applied === "unknown") {
      // What is in it is not known: it must not be committed.
      this.#fault = new MinisqlError(
        error.code,
        `${error.message}; the transaction was rolled back`,
        { cause: error },
      );
    }
    if (this.#fault !== null) void this.rollback(deadline);
  }

  #check({ result, receipt }: Answered, { isWrite }: Step): Outcome {
    if (isWrite) return { ...noted({ result }, this.#context), receipt: receipt ?? null };
    if (receipt !== undefined) this.#context.positions.noteRead(receipt);
    return { result, receipt: receipt ?? null };
  }

  #note(step: "set" | "back" | "release", name: string): void {
    const isSame = (each: string) => each.toLowerCase() === name.toLowerCase();
    const at = this.#savepoints.findIndex(isSame);
    if (step === "set") {
      this.#savepoints = [...this.#savepoints.filter((each) => !isSame(each)), name];
    } else {
      if (at < 0) throw noSavepoint(name);
      this.#savepoints.length = step === "back" ? at + 1 : at;
    }
  }
}

const DEADLOCK = 1213;

/** Errors after which a server has no such transaction any more, or cannot be asked about it. */
const LOST: ReadonlySet<string> = new Set([
  ...["OUTCOME_UNKNOWN", "NOT_PRIMARY", "STALE_EPOCH", "NO_REGION", "UNAVAILABLE", "DIVERGED"],
]);

/** Whether an error says that a transaction was undone, and is worth running again. */
export function isUndone(error: unknown): boolean {
  return error instanceof MinisqlError && error.errno === DEADLOCK;
}

/** As MySQL says it of a transaction that it has chosen to undo: programs know to begin again. */
function lost(why: string): MinisqlError {
  const message = `The transaction was rolled back: ${why}; try restarting transaction`;
  return sqlError(DEADLOCK, "40001", message);
}

export function noSavepoint(name: string): MinisqlError {
  return sqlError(1305, "42000", `SAVEPOINT ${name} does not exist`);
}

function requireHome(home: Home, found: readonly Located[], tables: readonly string[]): Home {
  if (found.every(({ route }) => route.region === home.region)) return home;
  const names = home.located.route.tables.join(", ");
  throw new MinisqlError(
    "UNSUPPORTED",
    `Cannot use ${tables.join(" and ")} in this transaction: it is on ${names}, which live ` +
      "elsewhere, and a transaction is on the tables of one region",
  );
}
