/** One deadline at a time, for statements that come by the thousand and seldom need it. */
import type { Clock } from "../../ports/clock.ts";

/**
 * Setting and clearing cost next to nothing: a timer, once started, is left to run, and only when
 * it is over is there a look whether anything is due.
 */
export class Alarm {
  readonly #clock: Clock;
  #due: { readonly at: number; readonly action: () => void } | null = null;
  #timer: { readonly at: number; readonly callOff: () => void } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs the action once, after `ms`, unless it is cleared or set again before. */
  set(ms: number, action: () => void): void {
    const at = this.#clock.now() + ms;
    this.#due = { at, action };
    if (this.#timer === null || this.#timer.at > at) this.#start(at, ms);
  }

  clear(): void {
    this.#due = null;
  }

  /** Clears it and leaves no timer behind. */
  stop(): void {
    this.#due = null;
    this.#timer?.callOff();
    this.#timer = null;
  }

  #start(at: number, ms: number): void {
    this.#timer?.callOff();
    this.#timer = { at, callOff: this.#clock.after(ms, () => this.#over()) };
  }

  #over(): void {
    this.#timer = null;
    if (this.#due === null) return;
    const { at, action } = this.#due;
    const left = at - this.#clock.now();
    if (left > 0) return this.#start(at, left);
    this.#due = null;
    action();
  }
}
