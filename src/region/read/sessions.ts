/** Sessions of the engine for reading: a bounded number, kept open between reads. */
import { orAborted } from "../../base/abort.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Engine, EngineSession } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";

export interface SessionsDeps {
  readonly clock: Clock;
  readonly engine: Engine;
}

export interface Wait {
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

export interface Lent {
  readonly session: EngineSession;
  /** It was open before: the server may have closed it since, which shows at its first use. */
  readonly isUsed: boolean;
}

interface Waiter {
  isIn: boolean;
  readonly entered: Deferred<void>;
}

export class ReadSessions {
  readonly #deps: SessionsDeps;
  readonly #max: number;
  /** The one that was given back last is lent first: the others may as well have gone stale. */
  readonly #idle: EngineSession[] = [];
  readonly #waiting: Waiter[] = [];
  #places: number;
  #isClosed = false;

  constructor(deps: SessionsDeps, max: number) {
    this.#deps = deps;
    this.#max = max;
    this.#places = max;
  }

  /** Reads that wait for a session. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Runs `action` with a session to itself, which it leaves without an open transaction. Raises
   * `UNAVAILABLE` where none comes free in time, or where the database cannot be reached.
   */
  async use<T>(wait: Wait, action: (lent: Lent) => Promise<T>): Promise<T> {
    if (this.#places > 0) this.#places--;
    else await this.#enter(wait);
    let session: EngineSession | null = null;
    try {
      this.#requireOpen();
      const idle = this.#idle.pop();
      session = idle ?? await this.#deps.engine.session();
      return await action({ session, isUsed: idle !== undefined });
    } finally {
      if (session !== null) await this.#giveBack(session);
      this.#leave();
    }
  }

  /** Closes what is idle now, and what is in use when it comes back. Those waiting are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { entered } of this.#waiting) entered.reject(closed());
    await this.#closeIdle();
  }

  async #closeIdle(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((session) => session.close()));
  }

  async #enter({ withinMs, signal }: Wait): Promise<void> {
    this.#requireOpen();
    const waiter: Waiter = { isIn: false, entered: new Deferred() };
    this.#waiting.push(waiter);
    const late = () => waiter.entered.reject(this.#busy(withinMs));
    const callOff = this.#deps.clock.after(withinMs, late);
    try {
      await orAborted(waiter.entered.promise, signal);
    } catch (error) {
      // It may have been let in between giving up and getting here.
      if (waiter.isIn) this.#leave();
      else this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      throw error;
    } finally {
      callOff();
    }
  }

  /** Whoever leaves hands its place over. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#places++;
      return;
    }
    next.isIn = true;
    next.entered.resolve();
  }

  async #giveBack(session: EngineSession): Promise<void> {
    if (session.usable && !this.#isClosed) {
      this.#idle.push(session);
      return;
    }
    await session.close();
    // What broke it may have broken all: a server that was started again has closed every one.
    await this.#closeIdle();
  }

  #requireOpen(): void {
    if (this.#isClosed) throw closed();
  }

  #busy(withinMs: number): MinisqlError {
    const why = `all ${this.#max} sessions with the database were busy for ` +
      `${Math.round(withinMs)} ms`;
    return new MinisqlError("UNAVAILABLE", `Cannot read: ${why}`);
  }
}

function closed(): MinisqlError {
  return new MinisqlError("UNAVAILABLE", "Cannot read: this server is shutting down");
}
