/** Sessions of the engine for reading: a bounded number, kept open between reads. */
import type { Clock } from "../../ports/clock.ts";
import type { Engine, EngineSession } from "../../ports/engine.ts";
import { Places, type Wait } from "./places.ts";

export interface SessionsDeps {
  readonly clock: Clock;
  readonly engine: Engine;
}

export interface Lent {
  readonly session: EngineSession;
  /** It was open before: the server may have closed it since, which shows at its first use. */
  readonly isUsed: boolean;
}

export class ReadSessions {
  readonly #deps: SessionsDeps;
  readonly #places: Places;
  /** The one that was given back last is lent first: the others may as well have gone stale. */
  readonly #idle: EngineSession[] = [];
  #isClosed = false;

  constructor(deps: SessionsDeps, max: number) {
    this.#deps = deps;
    this.#places = new Places(deps.clock, { max, what: "sessions with the database" });
  }

  /** Reads that have a session. */
  get inUse(): number {
    return this.#places.taken;
  }

  /** Reads that wait for a session. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /**
   * Runs `action` with a session to itself, which it leaves without an open transaction. Raises
   * `UNAVAILABLE` where none comes free in time, or where the database cannot be reached.
   */
  async use<T>(wait: Wait, action: (lent: Lent) => Promise<T>): Promise<T> {
    return await this.#places.use(wait, async () => {
      const idle = this.#idle.pop();
      const session = idle ?? await this.#deps.engine.session();
      try {
        return await action({ session, isUsed: idle !== undefined });
      } finally {
        await this.#giveBack(session);
      }
    });
  }

  /** Closes what is idle now, and what is in use when it comes back. Those waiting are refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#places.close();
    await this.#closeIdle();
  }

  async #closeIdle(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((session) => session.close()));
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
}
