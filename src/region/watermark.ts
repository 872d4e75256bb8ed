/** A position that only rises, and those who wait for it. */
import type { Clock } from "../ports/clock.ts";

interface Waiter {
  readonly seq: number;
  readonly resolve: (reached: boolean) => void;
}

export class Watermark {
  #value: number;
  #waiting: Waiter[] = [];

  constructor(value: number) {
    this.#value = value;
  }

  get value(): number {
    return this.#value;
  }

  /** Moves on to `seq`; a lower one changes nothing. */
  raise(seq: number): void {
    if (seq <= this.#value) return;
    this.#moveTo(seq);
  }

  /** Begins anew somewhere else, as after a copy was made. */
  reset(seq: number): void {
    this.#moveTo(seq);
  }

  #moveTo(seq: number): void {
    this.#value = seq;
    if (this.#waiting.length === 0) return;
    const reached = this.#waiting.filter((each) => each.seq <= seq);
    if (reached.length === 0) return;
    this.#waiting = this.#waiting.filter((each) => each.seq > seq);
    for (const each of reached) each.resolve(true);
  }

  /**
   * Whether `seq` was reached within the limit, if any; ends early, with what is so then, when
   * aborted.
   */
  async reach(
    seq: number,
    clock: Clock,
    withinMs: number | null,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (this.#value >= seq) return true;
    if ((withinMs !== null && withinMs <= 0) || signal.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter: Waiter = { seq, resolve };
    this.#waiting.push(waiter);
    const giveUp = () => {
      const at = this.#waiting.indexOf(waiter);
      if (at >= 0) this.#waiting.splice(at, 1);
      resolve(this.#value >= seq);
    };
    const stop = withinMs === null ? () => {} : clock.after(withinMs, giveUp);
    signal.addEventListener("abort", giveUp, { once: true });
    const reached = await promise;
    stop();
    signal.removeEventListener("abort", giveUp);
    return reached;
  }
}
