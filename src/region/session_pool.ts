/** Engine sessions kept for reuse: opening one takes several round trips. */
import type { Engine, EngineSession } from "../ports/engine.ts";

export class SessionPool {
  readonly #engine: Engine;
  readonly #keptMax: number;
  #idle: EngineSession[] = [];
  #isClosed = false;

  constructor(engine: Engine, keptMax: number) {
    this.#engine = engine;
    this.#keptMax = keptMax;
  }

  async take(): Promise<EngineSession> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.usable) return idle;
      await idle.close();
    }
    return await this.#engine.session();
  }

  /** Gives a session back, in no transaction. */
  async give(session: EngineSession): Promise<void> {
    if (session.usable && !this.#isClosed && this.#idle.length < this.#keptMax) {
      this.#idle.push(session);
    } else await session.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#idle.splice(0).map((session) => session.close()));
  }
}
