/** When each region server was last heard, and which have been silent for too long. */
import type { Clock } from "../ports/clock.ts";
import type { Load } from "../protocol/model.ts";

interface Heard {
  readonly incarnation: string;
  readonly at: number;
  readonly load: Load;
  /** Why its database is dead; null while it lives. */
  readonly engineLost: string | null;
}

export interface Overdue {
  readonly rid: number;
  readonly reason: string;
}

export class Heartbeats {
  readonly #clock: Clock;
  readonly #silenceMs: number;
  readonly #heard = new Map<number, Heard>();

  constructor(clock: Clock, silenceMs: number) {
    this.#clock = clock;
    this.#silenceMs = silenceMs;
  }

  /** A server lives, or is taken to: a new master gives each the full time to be heard. */
  note(rid: number, incarnation: string, load: Load, engineLost: string | null): void {
    this.#heard.set(rid, { incarnation, at: this.#clock.now(), load, engineLost });
  }

  forget(rid: number): void {
    this.#heard.delete(rid);
  }

  /** The process of a server that is heard, by its incarnation; null for one that is not. */
  incarnation(rid: number): string | null {
    return this.#heard.get(rid)?.incarnation ?? null;
  }

  load(rid: number): Load | null {
    return this.#heard.get(rid)?.load ?? null;
  }

  overdue(): readonly Overdue[] {
    const now = this.#clock.now();
    return [...this.#heard].flatMap(([rid, { at, engineLost }]) => {
      if (engineLost !== null) return { rid, reason: `its database is lost: ${engineLost}` };
      const silent = now - at;
      if (silent <= this.#silenceMs) return [];
      return { rid, reason: `no heartbeat for ${(silent / 1000).toFixed(1)} s` };
    });
  }
}
