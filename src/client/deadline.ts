/** The time that one request of an application has, and whoever may end it before. */
import type { Clock } from "../ports/clock.ts";
import { MinisqlError } from "../protocol/errors.ts";

/** As calls over a link take it. */
export interface CallLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export class Deadline {
  /** The application's, where it gave one. */
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly #clock: Clock;
  readonly #end: number;
  /** Aborted when the client is closed. */
  readonly #closed: AbortSignal;

  constructor(clock: Clock, timeoutMs: number, closed: AbortSignal, signal?: AbortSignal) {
    this.#clock = clock;
    this.timeoutMs = timeoutMs;
    this.#end = clock.now() + timeoutMs;
    this.#closed = closed;
    this.signal = signal;
  }

  /** One that ends no later than this one, for a part of the work. */
  within(timeoutMs: number, signal: AbortSignal | undefined = this.signal): Deadline {
    const both = signal === undefined || this.signal === undefined || signal === this.signal
      ? signal ?? this.signal
      : AbortSignal.any([this.signal, signal]);
    return new Deadline(this.#clock, Math.min(timeoutMs, this.left), this.#closed, both);
  }

  get left(): number {
    return Math.max(0, this.#end - this.#clock.now());
  }

  get isOver(): boolean {
    return this.left === 0;
  }

  /** What a call made now may take; `mostMs` for one that must leave time for others. */
  limits(mostMs = Infinity): CallLimits {
    const timeoutMs = Math.max(1, Math.min(mostMs, this.left));
    return this.signal === undefined ? { timeoutMs } : { timeoutMs, signal: this.signal };
  }

  /** Raises what the application cancelled with, or that the client is closed. */
  throwIfStopped(): void {
    if (this.#closed.aborted) throw this.#closed.reason;
    if (this.signal?.aborted) throw cancelled(this.signal);
  }

  /** Resolves after `ms`, or when the time is up; raises as soon as somebody ends it. */
  async pause(ms: number): Promise<void> {
    await this.until(new Promise(() => {}), ms);
  }

  /**
   * Resolves once `event` has settled, however, after `ms`, or when the time is up: whichever is
   * first. Raises as soon as somebody ends it.
   */
  async until(event: Promise<unknown>, ms = Infinity): Promise<void> {
    this.throwIfStopped();
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    const disarm = this.#clock.after(Math.min(ms, this.left), wake);
    const signals = this.signal === undefined ? [this.#closed] : [this.#closed, this.signal];
    for (const signal of signals) signal.addEventListener("abort", wake, { once: true });
    event.then(wake, wake);
    await promise;
    disarm();
    for (const signal of signals) signal.removeEventListener("abort", wake);
    this.throwIfStopped();
  }
}

/** Every error an application meets has a code, also the reason of its own signal. */
export function asMinisqlError(error: unknown, deadline: Deadline): unknown {
  if (error instanceof MinisqlError) {
    return error.code === "TIMEOUT" ? late(error, deadline) : error;
  }
  return deadline.signal?.aborted === true ? cancelled(deadline.signal) : error;
}

/** What time was left to the last call says nothing to an application: it gave more. */
function late(cause: MinisqlError, { timeoutMs, isOver }: Deadline): MinisqlError {
  const whole = cause.message.replace(/within \d+ ms/, `within ${Math.round(timeoutMs)} ms`);
  return isOver ? new MinisqlError("TIMEOUT", whole, { cause }) : cause;
}

function cancelled(signal: AbortSignal): MinisqlError {
  const reason: unknown = signal.reason;
  if (reason instanceof MinisqlError) return reason;
  const why = "Cannot finish the statement: the caller cancelled it";
  return new MinisqlError("CANCELLED", why, { cause: reason });
}
