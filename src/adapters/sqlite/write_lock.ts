/** The one lock there is on a database: who holds it may write. Those who wait get it in turn. */
import { invariant } from "../../base/assert.ts";
import type { Clock } from "../../ports/clock.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { lockWaitTimeout } from "./errors.ts";

export interface LockWait {
  /** The statement's own limit, by `Clock.now()`. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  readonly grant: () => void;
}

export class WriteLock {
  readonly #clock: Clock;
  readonly #waitMs: number;
  readonly #waiting: Waiter[] = [];
  #held = false;

  /** `waitMs` is how long anyone waits for it, as innodb_lock_wait_timeout. */
  constructor(clock: Clock, waitMs: number) {
    this.#clock = clock;
    this.#waitMs = waitMs;
  }

  get held(): boolean {
    return this.#held;
  }

  /** Takes the lock if nobody has it. */
  take(): boolean {
    if (this.#held) return false;
    this.#held = true;
    return true;
  }

  /** Waits for the lock. Raises 1205, `TIMEOUT` or `CANCELLED`; it is not held then. */
  async acquire({ deadline, signal }: LockWait): Promise<void> {
    if (this.take()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { grant: resolve };
    this.#waiting.push(waiter);
    const leave = (error: Error): void => {
      const at = this.#waiting.indexOf(waiter);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      reject(error);
    };
    const leftMs = deadline - this.#clock.now();
    const isOwnLimit = leftMs < this.#waitMs;
    const calledOff = this.#clock.after(
      Math.max(0, Math.min(leftMs, this.#waitMs)),
      () => leave(isOwnLimit ? timeout() : lockWaitTimeout()),
    );
    const aborted = (): void => leave(cancelled());
    signal?.addEventListener("abort", aborted, { once: true });
    try {
      await promise;
    } finally {
      calledOff();
      signal?.removeEventListener("abort", aborted);
    }
  }

  release(): void {
    invariant(this.#held, "The write lock was given back by someone who did not have it");
    const next = this.#waiting.shift();
    if (next === undefined) this.#held = false;
    else next.grant();
  }
}

export function timeout(): MinisqlError {
  return new MinisqlError("TIMEOUT", "Cannot finish the statement: its time is over");
}

export function cancelled(): MinisqlError {
  return new MinisqlError("CANCELLED", "Cannot finish the statement: it was cancelled");
}
