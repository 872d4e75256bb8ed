/** When each region server was last heard, and which have been silent for too long. */
import type { Clock } from "../ports/clock.ts";
import type { Load } from "../protocol/model.ts";

interface Heard {
  readonly incarnation: string;
  readonly at: number;
  readonly load: Load;
  /** Why its database is dead; null while it lives. */
  readonly engineLost: string | null;
  /** Seen in the coordination service only; it has yet to register with this master. */
  readonly expected: boolean;
}

export interface Overdue {
  readonly rid: number;
  readonly reason: string;
}

export interface HeartbeatsOptions {
  readonly heartbeatMs: number;
  readonly silenceMs: number;
}

/** Who is to judge the silence of others looks so many times in a heartbeat… */
export const LOOKS_PER_HEARTBEAT = 2;
/** …and after a pause of more than so many of these has heard nothing that it could have. */
const LOOKS_MISSED_MAX = 2;
/** Some server is heard within so many heartbeats, unless it is the master that is deaf. */
const DEAF_HEARTBEATS = 2;

export class Heartbeats {
  readonly #clock: Clock;
  readonly #options: HeartbeatsOptions;
  readonly #heard = new Map<number, Heard>();
  #lookedAt: number;

  constructor(clock: Clock, options: HeartbeatsOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#lookedAt = clock.now();
  }

  note(rid: number, incarnation: string, load: Load, engineLost: string | null): void {
    const at = this.#clock.now();
    this.#heard.set(rid, { incarnation, at, load, engineLost, expected: false });
  }

  /** A new master gives each server that lives the full time to be heard. */
  expect(rid: number, incarnation: string, load: Load): void {
    const at = this.#clock.now();
    this.#heard.set(rid, { incarnation, at, load, engineLost: null, expected: true });
  }

  /** Gives those that have yet to register the full time once more. */
  expectAgain(): void {
    for (const [rid, { incarnation, load, expected }] of [...this.#heard]) {
      if (expected) this.expect(rid, incarnation, load);
    }
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

  /**
   * Who is to go. Time in which this process stood still, or did not look since it was cut off,
   * does not count as silence: what was sent meanwhile has not been read.
   */
  overdue(): readonly Overdue[] {
    const { heartbeatMs, silenceMs } = this.#options;
    const now = this.#clock.now();
    const away = now - this.#lookedAt;
    this.#lookedAt = now;
    if (away > LOOKS_MISSED_MAX * heartbeatMs / LOOKS_PER_HEARTBEAT) this.#excuse(away);
    return [...this.#heard].flatMap(([rid, { at, engineLost }]) => {
      if (engineLost !== null) return { rid, reason: `its database is lost: ${engineLost}` };
      const silent = now - at;
      if (silent <= silenceMs) return [];
      return { rid, reason: `no heartbeat for ${(silent / 1000).toFixed(1)} s` };
    });
  }

  /** Whether several servers live and none was heard lately: then it is not they who are silent. */
  get deaf(): boolean {
    if (this.#heard.size < 2) return false;
    const since = this.#clock.now() - DEAF_HEARTBEATS * this.#options.heartbeatMs;
    return [...this.#heard.values()].every(({ at }) => at < since);
  }

  /** How many servers are heard, or expected to be. */
  get size(): number {
    return this.#heard.size;
  }

  #excuse(ms: number): void {
    const now = this.#clock.now();
    for (const [rid, heard] of this.#heard) {
      this.#heard.set(rid, { ...heard, at: Math.min(now, heard.at + ms) });
    }
  }
}
