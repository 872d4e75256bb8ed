/** The machine's clock. */
import type { Clock } from "../ports/clock.ts";

/** Timers longer than this would fire at once in JavaScript; nothing here waits that long. */
const TIMER_MS_MAX = 2_147_483_647;

export class SystemClock implements Clock {
  now(): number {
    return performance.now();
  }

  wallMicros(): number {
    return Date.now() * 1000 + Math.floor((performance.now() % 1) * 1000);
  }

  after(ms: number, action: () => void): () => void {
    const timer = setTimeout(action, Math.min(Math.max(0, ms), TIMER_MS_MAX));
    return () => clearTimeout(timer);
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
}
