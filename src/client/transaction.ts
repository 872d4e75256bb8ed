/**
 * A transaction on one region's tables. It is opened by the first statement that names a table, and
 * lives at the region's primary, on one connection. When either is lost before the commit, all that
 * was done is done again at the next primary; it ends only where that would tell something else.
 */
import { MinisqlError, sqlError } from "../protocol/errors.ts";
import type { Caller } from "../rpc/caller.ts";
import { type Answered, collect, type Outcome, type Use } from "./answers.ts";
import { type Context, meaning } from "./context.ts";
import type { Deadline } from "./deadline.ts";
import { type Entry, Journal, type SavepointStep } from "./journal.ts";
import { Attempts, isRetriable, unlessCancelledHere } from "./retry.ts";
import type { Located } from "./routes.ts";
import type { RunnerDeps } from "./runner.ts";
import type { Statement } from "./statement.ts";
import { type Home, leaveHome, openHome } from "./transaction_home.ts";
import type { WriteNumber } from "./write_numbers.ts";
import { Doubt, noPrimary, noted } from "./writes.ts";

export interface Step {
  readonly statement: Statement;
  readonly tables: readonly string[];
  readonly isWrite: boolean;
}

/** So often in one statement a transaction is done again from its beginning. */
const MOVES_MAX = 5;

export class Transaction {
  readonly isReadOnly: boolean;
  readonly #deps: RunnerDeps;
  readonly #context: Context;
  readonly #journal = new Journal();
  #home: Home | null = null;
  /** The one region it is on, and the tables that it was found by, once that is known. */
  #region: string | null = null;
  #tables: readonly string[] = [];
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
    if (step.isWrite) this.#hasWritten = true;
    return await this.#judged(step.tables, step.isWrite, deadline, async (home) => {
      const text = { sql: step.statement.sql, ...meaning(step.statement, this.#context) };
      const entry: Entry & { kind: "statement" } = { kind: "statement", text, told: null };
      const { region, epoch, caller, id } = home;
      const request = { region, epoch, transaction: id, ...text };
      const reply = caller.rows("query", request, deadline.limits());
      const check = (answer: Answered) => this.#check(answer, step);
      try {
        const value = await use(this.#journal.listen(reply, entry), check);
        this.#journal.note(entry);
        // A stream may still fail, with its first rows given out.
        reply.answer.catch((error) => this.#judge(error, step.isWrite, deadline));
        return value;
      } catch (error) {
        entry.told = failureOf(error);
        if (entry.told !== null) this.#journal.note(entry);
        throw error;
      }
    });
  }

  async savepoint(step: SavepointStep, deadline: Deadline): Promise<void> {
    if (this.#fault !== null) throw this.#fault;
    if (this.#home === null) {
      const { savepoints } = this.#journal;
      const isThere = savepoints.some((name) => name.toLowerCase() === step.name.toLowerCase());
      if (step.step !== "set" && !isThere) throw noSavepoint(step.name);
    } else {
      await this.#judged(null, true, deadline, async ({ region, id, caller }) => {
        await caller.call("savepoint", { region, transaction: id, ...step }, deadline.limits());
      });
    }
    this.#journal.note({ kind: "savepoint", step });
  }

  /**
   * Commits, once. Raises `OUTCOME_UNKNOWN`, `TIMEOUT` or `CANCELLED` when it may have been
   * committed; after any other error it was rolled back.
   */
  async commit(deadline: Deadline): Promise<Outcome> {
    if (this.#fault !== null) throw this.#fault;
    const nothing = { result: { affected: 0 }, receipt: null };
    if (this.#home === null) return nothing;
    if (!this.#hasWritten) {
      await this.rollback(deadline);
      return nothing;
    }
    // Only what was undone for certain may be done again: a commit in doubt stays in doubt.
    return await this.#moving(null, isUndone, deadline, async (home) => {
      const { numbers } = this.#deps;
      const number = numbers.take();
      try {
        const outcome = await this.#commit(home, number, deadline);
        numbers.giveBack(number);
        return outcome;
      } catch (error) {
        if (error instanceof MinisqlError && error.applied === "no") numbers.giveBack(number);
        throw error;
      }
    });
  }

  /** Undoes all of it. */
  async rollback(deadline: Deadline): Promise<void> {
    const home = this.#home;
    this.#home = null;
    if (home !== null) await leaveHome(home, deadline);
  }

  /** Does a statement's work, after which the transaction may be over. */
  async #judged<T>(
    tables: readonly string[] | null,
    isWrite: boolean,
    deadline: Deadline,
    work: (home: Home) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#moving(tables, isLost, deadline, work);
    } catch (error) {
      if (this.#fault !== null) throw error;
      this.#judge(error, isWrite, deadline);
      throw this.#fault ?? error;
    }
  }

  /**
   * Does something where the transaction is open, and again where it is opened anew. The tables are
   * null for what names none.
   */
  async #moving<T>(
    tables: readonly string[] | null,
    isGone: (error: unknown) => boolean,
    deadline: Deadline,
    work: (home: Home) => Promise<T>,
  ): Promise<T> {
    for (let moves = 0;; moves++) {
      const home = await this.#open(tables, deadline);
      try {
        return await work(home);
      } catch (error) {
        if (!isGone(error) || moves >= MOVES_MAX || this.#journal.entries === null) throw error;
        this.#home = null;
        void leaveHome(home, deadline);
        await this.#reopen(error, deadline);
      }
    }
  }

  /** Where the tables are, the transaction opened there, all done that was done before. */
  async #open(named: readonly string[] | null, deadline: Deadline): Promise<Home> {
    if (this.#home !== null) {
      if (named === null) return this.#home;
      const found = await this.#deps.routes.find(named, deadline);
      if (found.every(({ route }) => route.region === this.#region)) return this.#home;
      throw elsewhere(named, this.#home);
    }
    const tables = this.#region === null ? named ?? [] : this.#tables;
    const first = (home: Home) => this.#repeat(home, deadline);
    const { isReadOnly } = this;
    const opening = { tables, context: this.#context, isReadOnly, first };
    const home = await openHome(this.#deps, opening, deadline);
    this.#region = home.region;
    this.#tables = tables;
    this.#home = home;
    return home;
  }

  /** Opens it anew after it was lost; where that cannot be, it is over. */
  async #reopen(cause: unknown, deadline: Deadline): Promise<void> {
    try {
      await this.#open(null, deadline);
    } catch (error) {
      this.#fault = lost((cause as Error).message);
      deadline.throwIfStopped();
      if (!(error instanceof MinisqlError)) throw error;
      throw this.#fault;
    }
  }

  async #repeat(home: Home, deadline: Deadline): Promise<void> {
    const { region, epoch, caller, id } = home;
    if (this.#region !== null && this.#region !== region) throw lost("its tables were made anew");
    for (const entry of this.#journal.entries ?? []) {
      if (entry.kind === "savepoint") {
        await caller.call(
          "savepoint",
          { region, transaction: id, ...entry.step },
          deadline.limits(),
        );
        continue;
      }
      const again: Entry & { kind: "statement" } = { ...entry, told: null };
      const request = { region, epoch, transaction: id, ...entry.text };
      const reply = caller.rows("query", request, deadline.limits());
      try {
        await collect(new Journal().listen(reply, again), outcomeOnly);
      } catch (error) {
        again.told = failureOf(error);
        if (again.told === null) throw error;
      }
      if (again.told !== entry.told) throw lost("what it was told is not so any more");
    }
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
  #judge(error: unknown, isWrite: boolean, deadline: Deadline): void {
    if (!(error instanceof MinisqlError) || this.#fault !== null) return;
    if (isUndone(error)) {
      // The server has undone it already.
      this.#fault = error;
    } else if (isLost(error)) {
      this.#fault = lost(error.message);
    } else if (isWrite && error.applied === "unknown") {
      // What is in it is not known: it must not be committed.
      const why = `${error.message}; the transaction was rolled back`;
      this.#fault = new MinisqlError(error.code, why, { cause: error });
    }
    if (this.#fault !== null) void this.rollback(deadline);
  }

  #check({ result, receipt }: Answered, { isWrite }: Step): Outcome {
    if (isWrite) return { ...noted({ result }, this.#context), receipt: receipt ?? null };
    if (receipt !== undefined) this.#context.positions.noteRead(receipt);
    return { result, receipt: receipt ?? null };
  }
}

const DEADLOCK = 1213;
const ROLLED_BACK = "The transaction was rolled back";

/** Errors after which a server has no such transaction any more, or cannot be asked about it. */
const LOST: ReadonlySet<string> = new Set([
  ...["OUTCOME_UNKNOWN", "NOT_PRIMARY", "STALE_EPOCH", "NO_REGION", "UNAVAILABLE", "DIVERGED"],
]);

/** Whether an error says that a transaction was undone, and is worth running again. */
export function isUndone(error: unknown): boolean {
  return error instanceof MinisqlError && error.errno === DEADLOCK;
}

/** It went with its server's office or connection, and not for anything that was done in it. */
function isLost(error: unknown): boolean {
  if (!(error instanceof MinisqlError)) return false;
  return LOST.has(error.code) || isUndone(error) && error.message.startsWith(ROLLED_BACK);
}

/** As MySQL says it of a transaction that it has chosen to undo: programs know to begin again. */
function lost(why: string): MinisqlError {
  return sqlError(DEADLOCK, "40001", `${ROLLED_BACK}: ${why}; try restarting transaction`);
}

export function noSavepoint(name: string): MinisqlError {
  return sqlError(1305, "42000", `SAVEPOINT ${name} does not exist`);
}

/** An error that tells something of the data; null for all others. */
function failureOf(error: unknown): string | null {
  const tells = error instanceof MinisqlError && error.code === "SQL" && !isUndone(error);
  return tells ? `error ${error.errno}` : null;
}

function outcomeOnly({ result }: Answered): Outcome {
  return { result, receipt: null };
}

function elsewhere(tables: readonly string[], { located }: Home): MinisqlError {
  const names = located.route.tables.join(", ");
  return new MinisqlError(
    "UNSUPPORTED",
    `Cannot use ${tables.join(" and ")} in this transaction: it is on ${names}, which live ` +
      "elsewhere, and a transaction is on the tables of one region",
  );
}
