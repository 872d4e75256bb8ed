/** Whether the database lives: asked again and again, since a dead one does not say so. */
import { pause } from "../cluster/pause.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "../ports/engine.ts";
import type { Reporter } from "../ports/reporter.ts";
import type { RegionLimits } from "./limits.ts";

export interface EngineHealthDeps {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly reporter: Reporter;
  readonly limits: RegionLimits;
  readonly rid: () => number | null;
  readonly changed: (lost: string | null) => void;
}

export class EngineHealth {
  readonly #deps: EngineHealthDeps;
  #lost: string | null = null;

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
      await pause(clock, limits.enginePingMs, signal);
    }
  }

  async #ask(): Promise<string | null> {
    try {
      await this.#deps.engine.ping(this.#deps.limits.engineAnswerMs);
      return null;
    } catch (error) {
      return (error as Error).message;
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
