/** A connection whose statements end in time: by themselves, or ended in the server. */
import { invariant } from "../../base/assert.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Clock } from "../../ports/clock.ts";
import type { RunOptions } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Column, Row } from "../../protocol/values.ts";
import { Alarm } from "./alarm.ts";
import type { Control } from "./control.ts";
import { ERRNO, reasonOf, sessionGone } from "./faults.ts";
import type { Ending, MysqlLink, Sink } from "./link.ts";
import type { MysqlLimits } from "./options.ts";
import { brokenTrigger, brokenTriggerFault, type TriggerMender } from "./trigger_mender.ts";

export type Limit = Pick<RunOptions, "timeoutMs" | "signal">;

export interface Answer {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly ending: Ending;
}

/** Numbers with which a statement says that it was ended. */
const ENDED: ReadonlySet<number | undefined> = new Set([ERRNO.interrupted, ERRNO.statementTimeout]);

/** A statement that was ended while its table was opened blames the table's triggers. */
function wasEnded({ errno, message }: MinisqlError): boolean {
  return ENDED.has(errno) || brokenTrigger(errno, message) !== null;
}

export interface ChannelDeps {
  readonly clock: Clock;
  readonly control: Control;
  readonly mender: TriggerMender;
  readonly limits: MysqlLimits;
}

export class Channel {
  readonly #link: MysqlLink;
  readonly #deps: ChannelDeps;
  readonly #alarm: Alarm;

  constructor(link: MysqlLink, deps: ChannelDeps) {
    this.#link = link;
    this.#deps = deps;
    this.#alarm = new Alarm(deps.clock);
  }

  get isUsable(): boolean {
    return this.#link.isAlive;
  }

  /** Why the connection is no more, for people. */
  get lostBecause(): string {
    return this.#link.lostBecause;
  }

  /** Runs one of the engine's own commands, within the limit for those. */
  async command(sql: string): Promise<Answer> {
    return await this.ask(sql, { timeoutMs: this.#deps.limits.commandMs });
  }

  /** Runs a statement and collects its answer. */
  async ask(sql: string, limit: Limit): Promise<Answer> {
    let columns: readonly Column[] = [];
    const rows: Row[] = [];
    const ending = await this.send(sql, limit, {
      columns: (told) => columns = told,
      row: (row) => rows.push(row),
    });
    return { columns, rows, ending };
  }

  /**
   * Runs a statement whose answer the sink takes. At the deadline or on abort the statement is
   * ended in the server; `TIMEOUT` or `CANCELLED` is raised once it is known to have ended.
   */
  async send(sql: string, limit: Limit, sink: Sink): Promise<Ending> {
    if (!this.#link.isAlive) throw sessionGone("run the statement", this.#link.lostBecause);
    if (limit.signal?.aborted === true) {
      throw new MinisqlError("CANCELLED", "Cannot run the statement: it was cancelled before");
    }
    const statement = this.#link.send(sql, sink);
    const watch = new Watch(this.#alarm, limit, () => {
      sink.discard?.();
      this.#link.resume();
      return this.#end(statement);
    });
    try {
      const ending = await statement;
      if (watch.early === null) return ending;
    } catch (failure) {
      const error = this.#mended(failure);
      if (watch.early === null) throw error;
    } finally {
      watch.stop();
    }
    return await this.#endedEarly(statement, watch.early);
  }

  /** The error to raise; what has been read in part in the server is mended. */
  #mended(failure: unknown): unknown {
    if (!(failure instanceof MinisqlError)) return failure;
    const trigger = brokenTrigger(failure.errno, failure.message);
    if (trigger === null) return failure;
    this.#deps.mender.report(trigger);
    return brokenTriggerFault(failure);
  }

  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
  }

  destroy(reason: string): void {
    this.#alarm.stop();
    this.#link.destroy(reason);
  }

  /** Cuts the connection, and has the server end what runs on it, where that can be reached. */
  async cut(reason: string): Promise<void> {
    const { thread } = this.#link;
    this.destroy(reason);
    await this.#deps.control.endConnection(thread).catch(() => {});
  }

  async close(): Promise<void> {
    this.#alarm.stop();
    await this.#link.close(this.#deps.clock, this.#deps.limits.endMs);
  }

  /** What a statement's end means that was told to end: it may have been done just before. */
  async #endedEarly(statement: Promise<Ending>, early: EarlyEnd): Promise<Ending> {
    if (await early.how === "cut") throw early.error;
    try {
      return await statement;
    } catch (failure) {
      invariant(failure instanceof MinisqlError, "Statement errors were translated");
      throw wasEnded(failure) ? early.error : failure;
    } finally {
      await this.#absorb();
    }
  }

  /**
   * Ends the statement, and where that is not to be had in time, its connection with it. Rejects
   * when not even that is sure.
   */
  async #end(statement: Promise<Ending>): Promise<"ended" | "cut"> {
    const { control } = this.#deps;
    const { thread } = this.#link;
    const killed = control.endStatement(thread).then(() => true, () => false);
    const settled: Promise<true> = statement.then(() => true, () => true);
    const isSettled = await this.#soon(settled);
    const isKilled = await killed;
    if (isSettled && isKilled) return "ended";
    // An order whose fate is unknown may still arrive, and must not hit the next statement.
    this.#link.destroy("a statement on it did not end when told to");
    if (isSettled) return "ended";
    try {
      if (!isKilled) throw new Error("MySQL is silent");
      await control.endConnection(thread);
      return "cut";
    } catch (cause) {
      const message = "Cannot tell how the statement ended: it did not end when told to, " +
        `and neither did its connection (${reasonOf(cause)})`;
      throw new MinisqlError("OUTCOME_UNKNOWN", message, { cause });
    }
  }

  /** What it resolves to, or false when that takes longer than a statement may take to end. */
  async #soon(settled: Promise<true>): Promise<boolean> {
    const late = new Deferred<boolean>();
    const callOff = this.#deps.clock.after(this.#deps.limits.endMs, () => late.resolve(false));
    try {
      return await Promise.race([settled, late.promise]);
    } finally {
      callOff();
    }
  }

  /** An order to end that came too late would hit the next statement: let it hit this one. */
  async #absorb(): Promise<void> {
    if (!this.#link.isAlive) return;
    const { clock, limits } = this.#deps;
    const callOff = clock.after(limits.endMs, () => this.#link.destroy("it was silent"));
    try {
      await this.#link.send("DO 0", { columns() {}, row() {} });
    } catch {
      // It was hit, or the connection is lost, which the next call will say.
    } finally {
      callOff();
    }
  }
}

/** The order to end a statement: why it was given, and what came of it. */
interface EarlyEnd {
  readonly error: MinisqlError;
  readonly how: Promise<"ended" | "cut">;
}

/** Gives the order at the deadline or on abort, once. */
class Watch {
  readonly #alarm: Alarm;
  readonly #limit: Limit;
  readonly #end: () => Promise<"ended" | "cut">;
  readonly #abort = () => this.#begin("CANCELLED", "it was cancelled");
  #early: EarlyEnd | null = null;

  constructor(alarm: Alarm, limit: Limit, end: () => Promise<"ended" | "cut">) {
    this.#alarm = alarm;
    this.#limit = limit;
    this.#end = end;
    const words = `it was ended at its deadline, after ${limit.timeoutMs} ms`;
    alarm.set(limit.timeoutMs, () => this.#begin("TIMEOUT", words));
    limit.signal?.addEventListener("abort", this.#abort, { once: true });
  }

  get early(): EarlyEnd | null {
    return this.#early;
  }

  stop(): void {
    this.#alarm.clear();
    this.#limit.signal?.removeEventListener("abort", this.#abort);
  }

  #begin(code: "TIMEOUT" | "CANCELLED", words: string): void {
    if (this.#early !== null) return;
    this.stop();
    const how = this.#end();
    how.catch(() => {});
    this.#early = { error: new MinisqlError(code, `Cannot finish the statement: ${words}`), how };
  }
}
