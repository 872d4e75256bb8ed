/** A connection whose statements end in time: by themselves, or ended in the server. */
import { invariant } from "../../base/assert.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Clock } from "../../ports/clock.ts";
import type { RunOptions } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { Alarm } from "./alarm.ts";
import type { Control } from "./control.ts";
import { ERRNO, reasonOf, sessionGone } from "./faults.ts";
import type { MysqlLink } from "./link.ts";
import { isOneStatement } from "./one_statement.ts";
import type { MysqlLimits } from "./options.ts";
import { type Answer, Collector, type Ending, type Sink } from "./results.ts";
import { brokenTrigger, brokenTriggerFault, type TriggerMender } from "./trigger_mender.ts";

export type Limit = Pick<RunOptions, "timeoutMs" | "signal">;

/** What became of statements that were sent together. */
export interface Answers {
  /** Of those that went well, in order. */
  readonly answers: readonly Answer[];
  /** Of the one behind them. */
  readonly failure: MinisqlError | null;
}

/** A statement that was told to end, and is not heard of for so long, may have ended. */
const ROUSE_MS = 50;
/** Ends a statement, whatever stands at its end. */
const BETWEEN = "\n;\n";

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
  /** The server takes several statements in one text. */
  #takesSeveral = false;

  constructor(link: MysqlLink, deps: ChannelDeps) {
    this.#link = link;
    this.#deps = deps;
    this.#alarm = new Alarm(deps.clock);
  }

  get isUsable(): boolean {
    return this.#link.isAlive;
  }

  /** Resolves once it is not. */
  get lost(): Promise<unknown> {
    return this.#link.lost;
  }

  /** Why the connection is no more, for people. */
  get lostBecause(): string {
    return this.#link.lostBecause;
  }

  /** Runs one of the engine's own commands, within the limit for those. */
  async command(sql: string): Promise<Answer> {
    return await this.ask(sql, { timeoutMs: this.#deps.limits.commandMs });
  }

  /** Runs several of them, each one for certain, in one round trip. */
  async commands(texts: readonly string[]): Promise<Answers> {
    const limit = { timeoutMs: this.#deps.limits.commandMs };
    const [only = "", ...others] = texts;
    if (others.length > 0) return await this.sendAll(texts, limit);
    try {
      return { answers: [await this.ask(only, limit)], failure: null };
    } catch (error) {
      if (error instanceof MinisqlError) return { answers: [], failure: error };
      throw error;
    }
  }

  /** Runs one of the engine's own statements and collects its answer. */
  async ask(sql: string, limit: Limit): Promise<Answer> {
    const collector = new Collector();
    await this.#send(sql, limit, [collector]);
    const { answer } = collector;
    invariant(answer !== null, "A statement that goes well has a result");
    return answer;
  }

  /**
   * Runs a statement whose answer the sink takes. At the deadline or on abort the statement is
   * ended in the server; `TIMEOUT` or `CANCELLED` is raised once it is known to have ended.
   */
  async send(sql: string, limit: Limit, sink: Sink): Promise<Ending> {
    if (this.#takesSeveral && !isOneStatement(sql)) await this.#takeSeveral(false);
    return await this.#send(sql, limit, [sink]);
  }

  /**
   * Runs statements, each one for certain, in one round trip and within one limit. The first that
   * fails is the last that was begun.
   */
  async sendAll(texts: readonly string[], limit: Limit): Promise<Answers> {
    const collectors = texts.map(() => new Collector());
    const beyond = new Collector();
    let failure: MinisqlError | null = null;
    try {
      if (!this.#takesSeveral) await this.#takeSeveral(true);
      await this.#send(texts.join(BETWEEN), limit, [...collectors, beyond]);
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      failure = error;
    }
    const answers = collectors.flatMap(({ answer }) => answer ?? []);
    if (beyond.answer !== null || (failure !== null && answers.length === texts.length)) {
      this.destroy("a text held more statements than it was known to hold");
      invariant(false, "Texts that are sent together hold one statement each");
    }
    return { answers, failure };
  }

  /** The same with one of the engine's own queries behind it, both one statement for certain. */
  async sendAndAsk(sql: string, query: string, limit: Limit, sink: Sink): Promise<Answer> {
    if (!this.#takesSeveral) await this.#takeSeveral(true);
    const [collector, beyond] = [new Collector(), new Collector()];
    await this.#send(`${sql}${BETWEEN}${query}`, limit, [sink, collector, beyond]);
    const { answer } = collector;
    const isAsKnown = answer !== null && beyond.answer === null;
    if (!isAsKnown) this.destroy("a text held other statements than it was known to hold");
    invariant(isAsKnown, "Texts that are sent together hold one statement each");
    return answer;
  }

  async #send(sql: string, limit: Limit, sinks: readonly Sink[]): Promise<Ending> {
    if (!this.#link.isAlive) throw sessionGone("run the statement", this.#link.lostBecause);
    if (limit.signal?.aborted === true) {
      throw new MinisqlError("CANCELLED", "Cannot run the statement: it was cancelled before");
    }
    const statement = this.#link.send(sql, sinks);
    const watch = new Watch(this.#alarm, limit, () => {
      for (const sink of sinks) sink.discard?.();
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

  /** Only for texts that are known to hold one statement each. */
  async #takeSeveral(isOn: boolean): Promise<void> {
    const { clock, limits } = this.#deps;
    const callOff = clock.after(limits.commandMs, () => this.#link.destroy("it was silent"));
    try {
      await this.#link.takeSeveral(isOn);
      this.#takesSeveral = isOn;
    } finally {
      callOff();
    }
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
    const isSettled = await this.#soon(settled, killed);
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

  /** True once it has settled, or false when that takes longer than a statement may take to end. */
  async #soon(settled: Promise<true>, killed: Promise<boolean>): Promise<boolean> {
    const { clock, limits } = this.#deps;
    const late = new Deferred<boolean>();
    const callOff = clock.after(limits.endMs, () => late.resolve(false));
    const ended = Promise.race([settled, late.promise]);
    if (this.#takesSeveral) void this.#rouse(ended, killed);
    try {
      return await ended;
    } finally {
      callOff();
    }
  }

  /** Told to end between two statements of one text, a server ends it without a word. */
  async #rouse(ended: Promise<boolean>, killed: Promise<boolean>): Promise<void> {
    const { clock, control } = this.#deps;
    const { thread } = this.#link;
    let isOver = !await killed;
    void ended.then(() => isOver = true);
    try {
      while (!isOver) {
        await clock.sleep(ROUSE_MS);
        if (!isOver && await control.isIdle(thread) && !isOver) return this.#link.rouse();
      }
    } catch {
      // Where the server does not say, the connection will be cut.
    }
  }

  /** An order to end that came too late would hit the next statement: let it hit this one. */
  async #absorb(): Promise<void> {
    if (!this.#link.isAlive) return;
    const { clock, limits } = this.#deps;
    const callOff = clock.after(limits.endMs, () => this.#link.destroy("it was silent"));
    try {
      await this.#link.send("DO 0", []);
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
