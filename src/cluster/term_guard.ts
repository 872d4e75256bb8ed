/** Refuses orders of a master whose time is over: terms only rise. */
import { MinisqlError } from "../protocol/errors.ts";

export class TermGuard {
  #highest = -1;

  get highest(): number {
    return this.#highest;
  }

  /** Takes note of the term of a master that this server has found; raises STALE_EPOCH if over. */
  learn(term: number): void {
    if (term < this.#highest) {
      const why = `Cannot obey term ${term}: term ${this.#highest} has begun`;
      throw new MinisqlError("STALE_EPOCH", why);
    }
    this.#highest = term;
  }

  /**
   * Takes an order of this term, or raises. A server that has just started knows no term yet and
   * could not tell an order of the past: it obeys nobody until it has registered.
   */
  obey(term: number): void {
    if (this.#highest < 0) {
      throw new MinisqlError(
        "UNAVAILABLE",
        "Cannot take orders: this server is not registered yet",
      );
    }
    this.learn(term);
  }
}
