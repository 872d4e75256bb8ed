/** A clock whose timers stand still while its owner is paused, as those of a stopped process do. */
import type { Clock } from "../../ports/clock.ts";

export class HoldableClock implements Clock {
  readonly #clock: Clock;
  /** Timers that came due while held, in order. */
  readonly #due = new Set<() => void>();
  #held = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get held(): boolean {
    return this.#held;
  }

  now(): number {
    return this.#clock.now();
  }

  wallMicros(): number {
    return this.#clock.wallMicros();
  }

  after(ms: number, action: () => void): () => void {
    const run = () => {
      if (this.#held) this.#due.add(run);
      else action();
    };
    const cancel = this.#clock.after(ms, run);
    return () => {
      cancel();
      this.#due.delete(run);
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

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    for (const run of this.#due) {
      this.#due.delete(run);
      run();
    }
  }
}
