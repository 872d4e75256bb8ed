/**
 * Whether the database lives: asked again and again, since a dead one does not say so, and at once
 * when a session that is held open for this ends. A new one may be with a database that was started
 * again and has lost what it had committed last, so before anything else goes on it is looked at.
 */
import { pause } from "../cluster/pause.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine, EngineSession } from "../ports/engine.ts";
import type { Reporter } from "../ports/reporter.ts";
import type { RegionLimits } from "./limits.ts";

export interface EngineHealthDeps {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly reporter: Reporter;
  readonly limits: RegionLimits;
  readonly rid: () => number | null;
  readonly changed: (lost: string | null) => void;
  /** Finds out what a database that may have been away still holds. */
  readonly look: (session: EngineSession) => Promise<void>;
}

export class EngineHealth {
  readonly #deps: EngineHealthDeps;
  #lost: string | null = null;
  /** Held open, and used for nothing: it ends with the database. */
  #held: EngineSession | null = null;

  constructor(deps: EngineHealthDeps) {
    this.#deps = deps;
  }

  /** Why the database is lost; null while it lives. */
  get lost(): string | null {
    return this.#lost;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.#deps;
    while (!signal.aborted) {
      this.#note(await this.#ask());
      const ends = this.#held?.usable === true ? [this.#held.ended] : [];
      await pause(clock, limits.enginePingMs, signal, ends);
    }
    await this.#held?.close();
  }

  async #ask(): Promise<string | null> {
    const { engine, limits } = this.#deps;
    try {
      await engine.ping(limits.engineAnswerMs);
      if (this.#held?.usable !== true) this.#held = await this.#hold();
      return null;
    } catch (error) {
      // One that was cut off from the network may have been started again unseen.
      void this.#held?.close().catch(() => {});
      this.#held = null;
      return (error as Error).message;
    }
  }

  async #hold(): Promise<EngineSession> {
    const session = await this.#deps.engine.session();
    try {
      await this.#deps.look(session);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  #note(lost: string | null): void {
    const before = this.#lost;
    this.#lost = lost;
    if ((before === null) === (lost === null)) return;
    const rid = this.#deps.rid() ?? 0;
    if (rid > 0) {
      this.#deps.reporter.event(
        lost === null ? { event: "engine.back", rid } : { event: "engine.lost", rid, reason: lost },
      );
    }
    this.#deps.changed(lost);
  }
}
