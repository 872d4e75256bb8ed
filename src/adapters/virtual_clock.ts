/** A clock that moves only when told to: for tests and the simulator. */
import type { Clock } from "../ports/clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

/** Starts at 2026-01-01T00:00:00Z, so that times in tests read the same in every run. */
const EPOCH_MICROS = 1_767_225_600_000_000;

export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  #wallOffsetMicros = 0;
  /** Sorted by time, then by the order of asking. */
  readonly #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  wallMicros(): number {
    return EPOCH_MICROS + Math.round(this.#now * 1000) + this.#wallOffsetMicros;
  }

  /** Sets the wall clock ahead or back. The monotonic one does not notice. */
  jumpWall(ms: number): void {
    this.#wallOffsetMicros += ms * 1000;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, action };
    this.#timers.splice(this.#position(timer), 0, timer);
    return () => {
      const at = this.#timers.indexOf(timer);
      if (at >= 0) this.#timers.splice(at, 1);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const aborted = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener("abort", aborted);
        resolve();
      });
      signal?.addEventListener("abort", aborted, { once: true });
    });
  }

  /** When the next timer is due, or null when none waits. */
  get nextAt(): number | null {
    return this.#timers[0]?.at ?? null;
  }

  /** Moves to the next timer, if it is due by `until`, and runs it. False when none was. */
  step(until: number): boolean {
    const timer = this.#timers[0];
    if (timer === undefined || timer.at > until) return false;
    this.#timers.shift();
    this.#now = Math.max(this.#now, timer.at);
    timer.action();
    return true;
  }

  /**
   * Moves on by `ms`, running timers in order. Between two timers `settle` lets everything that
   * waits on promises run to rest, so that computing takes no time.
   */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const until = this.#now + ms;
    await settle();
    while (this.step(until)) await settle();
    this.#now = until;
  }

  #position(timer: Timer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#timers[middle] as Timer;
      if (other.at < timer.at || (other.at === timer.at && other.order < timer.order)) {
        low = middle + 1;
      } else high = middle;
    }
    return low;
  }
}
