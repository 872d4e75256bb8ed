/** Refuses orders of a master whose time is over: terms only rise. */
import { MinisqlError } from "../protocol/errors.ts";

export class TermGuard {
  #highest = -1;

  get highest(): number {
    return this.#highest;
  }

  /** Remembers the term; raises STALE_EPOCH when a later one has been seen. */
  accept(term: number): void {
    if (term < this.#highest) {
      const why = `Cannot obey term ${term}: term ${this.#highest} has begun`;
      throw new MinisqlError("STALE_EPOCH", why);
    }
    this.#highest = term;
  }
}
