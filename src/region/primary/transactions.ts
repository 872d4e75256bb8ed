/**
 * Transactions of clients, each on a connection of its own with its row locks, until it is
 * committed as one entry, rolled back, or forgotten by its client for too long.
 */
import type { EngineSession } from "../../ports/engine.ts";
import type { LoggedStatement } from "../../protocol/entry.ts";
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import type { CallerInfo, RowsContext } from "../../protocol/handlers.ts";
import type { Column, StatementResult } from "../../protocol/values.ts";
import type { RegionCopy } from "../copy.ts";
import type { Gate } from "../gate.ts";
import { type ReadStatement, readStatement } from "../read/statement.ts";
import { type Accepted, runWrite } from "../statement.ts";
import type { Numbered } from "./answered.ts";
import type { CommitLane } from "./commit_lane.ts";

export interface TransactionsDeps {
  readonly copy: RegionCopy;
  readonly lane: CommitLane;
  readonly open: Gate;
  readonly inserts: Gate;
  readonly office: AbortSignal;
}

export interface BeginOptions {
  readonly caller: CallerInfo;
  readonly readOnly: boolean;
  readonly foreignKeyChecks: boolean;
  readonly signal: AbortSignal;
}

export interface TransactionStatement {
  readonly verdict: Accepted;
  readonly lastInsertId: string | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const BATCH_ROWS = 500;

interface Open {
  readonly id: string;
  readonly session: EngineSession;
  readonly caller: CallerInfo;
  readonly readOnly: boolean;
  readonly foreignKeyChecks: boolean;
  readonly leave: () => void;
  statements: LoggedStatement[];
  savepoints: { readonly name: string; readonly length: number }[];
  isBusy: boolean;
  isEnded: boolean;
  callOff: () => void;
  stopTotal: () => void;
}

export class Transactions {
  readonly #deps: TransactionsDeps;
  readonly #open = new Map<string, Open>();
  /** Why those that ended by themselves did, for whoever asks for them later. */
  readonly #ended = new Map<string, string>();

  constructor(deps: TransactionsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#open.size;
  }

  async begin(options: BeginOptions): Promise<string> {
    const { copy, open, office } = this.#deps;
    const { limits, clock, random, engine } = copy.deps;
    if (this.#open.size >= limits.transactionsMax) {
      const why =
        `Cannot open a transaction: ${limits.transactionsMax} are open, as many as may be`;
      throw new MinisqlError("UNAVAILABLE", why);
    }
    const leave = await open.enter(AbortSignal.any([options.signal, office]));
    let session: EngineSession | null = null;
    try {
      // What was acknowledged may be about to show only now.
      await copy.applied.reach(copy.visible, clock, null, office);
      office.throwIfAborted();
      session = await engine.session();
      await session.begin(options.readOnly ? "snapshot" : "write");
      office.throwIfAborted();
    } catch (error) {
      await session?.close();
      leave();
      throw error;
    }
    const { caller, readOnly, foreignKeyChecks } = options;
    const made: Open = {
      ...{ id: random.id(), session, caller, readOnly, foreignKeyChecks, leave },
      ...{ statements: [], savepoints: [], isBusy: false, isEnded: false, callOff: () => {} },
      stopTotal: () => {},
    };
    this.#open.set(made.id, made);
    const tooLong = `it was open for ${limits.transactionMs / 1000} s`;
    made.stopTotal = clock.after(limits.transactionMs, () => void this.#giveUp(made, tooLong));
    this.#watchIdle(made);
    return made.id;
  }

  /** A write. What it changed is the transaction's until that is committed. */
  async write(id: string, statement: TransactionStatement): Promise<StatementResult> {
    return await this.#use(id, async (transaction) => {
      if (transaction.readOnly) {
        const why = "Cannot execute statement in a READ ONLY transaction";
        throw sqlError(1792, "25006", why);
      }
      const { copy, inserts } = this.#deps;
      const { verdict, signal } = statement;
      const alone = verdict.context.includes("insert_id_beforehand");
      const leave = await inserts.enter(signal, alone);
      try {
        const { logged, result } = await runWrite(transaction.session, verdict, {
          ...statement,
          wallMicros: copy.deps.clock.wallMicros(),
          random: copy.deps.random,
          foreignKeyChecks: transaction.foreignKeyChecks,
          table: (name) => copy.schema(name),
        });
        transaction.statements.push(logged);
        return result;
      } finally {
        leave();
      }
    });
  }

  /** A query, which sees what the transaction has changed. */
  async read(
    id: string,
    read: ReadStatement,
    { lastInsertId, timeoutMs, signal }: Omit<TransactionStatement, "verdict">,
    context: RowsContext,
  ): Promise<void> {
    const seen = lastInsertId === null ? {} : { context: { lastInsertId } };
    const options = { timeoutMs, signal, batchRows: BATCH_ROWS, ...seen };
    await this.#use(id, async ({ session }) => {
      const reading = readStatement(session, read, options);
      let columns: readonly Column[] | null = null;
      for await (const rows of reading) {
        columns ??= await reading.columns;
        await context.rows(columns, rows);
      }
      if (columns === null) await context.rows(await reading.columns, []);
    });
  }

  async savepoint(id: string, step: "set" | "back" | "release", name: string): Promise<void> {
    await this.#use(id, async (transaction) => {
      const { session } = transaction;
      const key = name.toLowerCase();
      const at = transaction.savepoints.findIndex((each) => each.name === key);
      if (step !== "set" && at < 0) {
        throw sqlError(1305, "42000", `SAVEPOINT ${name} does not exist`);
      }
      if (step === "set") {
        await session.savepoint(name);
        transaction.savepoints = transaction.savepoints.filter((each) => each.name !== key);
        transaction.savepoints.push({ name: key, length: transaction.statements.length });
      } else if (step === "back") {
        await session.rollbackTo(name);
        transaction.statements.length = transaction.savepoints[at]?.length ?? 0;
        transaction.savepoints.length = at + 1;
      } else {
        await session.release(name);
        transaction.savepoints.length = at;
      }
    });
  }

  /** Ends the transaction, well or not; answers with the position it stands at. */
  async commit(id: string, numbered: Numbered): Promise<number> {
    return await this.#use(id, async (transaction) => {
      const { session, statements, readOnly } = transaction;
      try {
        if (readOnly || statements.length === 0) {
          await session.rollback();
          return this.#deps.copy.applied.value;
        }
        const answered = [{ ...numbered, result: { affected: 0 } }];
        const { seq, ended } = await this.#deps.lane.commit({ session, statements, answered });
        await ended;
        return seq;
      } finally {
        await this.#end(transaction, "it was committed or failed to be");
      }
    });
  }

  /** One that is not known any more is rolled back already. */
  async rollback(id: string): Promise<void> {
    const transaction = this.#open.get(id);
    if (transaction !== undefined) await this.#end(transaction, "it was rolled back");
  }

  /** Rolls back those whose clients have gone. */
  async forsake(isThere: (caller: CallerInfo) => boolean): Promise<void> {
    for (const each of [...this.#open.values()]) {
      if (!isThere(each.caller)) await this.#giveUp(each, "its client has gone");
    }
  }

  /** Rolls back all there are. */
  async close(why: string): Promise<void> {
    await Promise.all([...this.#open.values()].map((each) => this.#end(each, why)));
  }

  async #use<T>(id: string, action: (transaction: Open) => Promise<T>): Promise<T> {
    const transaction = this.#open.get(id);
    if (transaction === undefined) throw this.#unknown(id);
    if (transaction.isBusy) {
      const why = "Cannot run a statement in the transaction: another one has not ended";
      throw new MinisqlError("BAD_REQUEST", why);
    }
    transaction.isBusy = true;
    transaction.callOff();
    try {
      return await action(transaction);
    } catch (error) {
      const { session } = transaction;
      if (session.undone || !session.usable) {
        await this.#end(transaction, `a statement failed: ${(error as Error).message}`);
      }
      throw error;
    } finally {
      transaction.isBusy = false;
      if (!transaction.isEnded) this.#watchIdle(transaction);
    }
  }

  /** As a server says it that has chosen a transaction to be undone: begin again. */
  #unknown(id: string): MinisqlError {
    const why = this.#ended.get(id) ?? "this server does not know it, so it was never committed";
    return sqlError(
      1213,
      "40001",
      `The transaction was rolled back: ${why}; try restarting transaction`,
    );
  }

  #watchIdle(transaction: Open): void {
    const { clock, limits } = this.#deps.copy.deps;
    const why = `nothing was asked of it for ${limits.transactionIdleMs / 1000} s`;
    transaction.callOff = clock.after(
      limits.transactionIdleMs,
      () => void this.#giveUp(transaction, why),
    );
  }

  /** One that is at work ends by itself soon enough, and is then looked at again. */
  async #giveUp(transaction: Open, why: string): Promise<void> {
    if (!transaction.isBusy) await this.#end(transaction, why);
  }

  async #end(transaction: Open, why: string): Promise<void> {
    if (transaction.isEnded) return;
    transaction.isEnded = true;
    transaction.callOff();
    transaction.stopTotal();
    this.#open.delete(transaction.id);
    this.#remember(transaction.id, why);
    try {
      await transaction.session.close();
    } finally {
      transaction.leave();
    }
  }

  #remember(id: string, why: string): void {
    this.#ended.set(id, why);
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > 1000 && oldest !== undefined) this.#ended.delete(oldest);
  }
}
