/** A bounded number of places, for as many as may be at something at one time; more wait. */
import { orAborted } from "../../base/abort.ts";
import { Deferred } from "../../base/deferred.ts";
import type { Clock } from "../../ports/clock.ts";
import { MinisqlError } from "../../protocol/errors.ts";

export interface Wait {
  readonly withinMs: number;
  readonly signal: AbortSignal;
}

interface Waiter {
  isIn: boolean;
  readonly entered: Deferred<void>;
}

export interface PlacesOptions {
  readonly max: number;
  /** What there is so many of, for people: "sessions with the database". */
  readonly what: string;
}

export class Places {
  readonly #clock: Clock;
  readonly #options: PlacesOptions;
  readonly #waiting: Waiter[] = [];
  #free: number;
  #isClosed = false;

  constructor(clock: Clock, options: PlacesOptions) {
    this.#clock = clock;
    this.#options = options;
    this.#free = options.max;
  }

  get taken(): number {
    return this.#options.max - this.#free;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Raises `UNAVAILABLE` where none comes free in time, or once it is closed. */
  async use<T>(wait: Wait, action: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#enter(wait);
    try {
      this.#requireOpen();
      return await action();
    } finally {
      this.#leave();
    }
  }

  /** Those waiting are refused, and whoever comes. */
  close(): void {
    this.#isClosed = true;
    for (const { entered } of this.#waiting) entered.reject(closed());
  }

  async #enter({ withinMs, signal }: Wait): Promise<void> {
    this.#requireOpen();
    const waiter: Waiter = { isIn: false, entered: new Deferred() };
    this.#waiting.push(waiter);
    const late = () => waiter.entered.reject(this.#busy(withinMs));
    const callOff = this.#clock.after(withinMs, late);
    try {
      await orAborted(waiter.entered.promise, signal);
    } catch (error) {
      // It may have been let in between giving up and getting here.
      if (waiter.isIn) this.#leave();
      else this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      throw error;
    } finally {
      callOff();
    }
  }

  /** Whoever leaves hands its place over. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#free++;
      return;
    }
    next.isIn = true;
    next.entered.resolve();
  }

  #requireOpen(): void {
    if (this.#isClosed) throw closed();
  }

  #busy(withinMs: number): MinisqlError {
    const { max, what } = this.#options;
    const why = `all ${max} ${what} were busy for ${Math.round(withinMs)} ms`;
    return new MinisqlError("UNAVAILABLE", `Cannot read: ${why}`);
  }
}

function closed(): MinisqlError {
  return new MinisqlError("UNAVAILABLE", "Cannot read: this server is shutting down");
}
