/** How many rows to take at a time, so that each time takes about equally long. */
import type { CopyLimits } from "./limits.ts";

/** One time that was slow or quick by chance changes little. */
const CHANGE_MAX = 4;

export class Pace {
  readonly #limits: CopyLimits;
  #rows: number;

  constructor(limits: CopyLimits) {
    this.#limits = limits;
    this.#rows = limits.chunkRowsFirst;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Tells how long the last rows took. */
  took(rows: number, ms: number): void {
    const fitting = rows * (this.#limits.chunkMs / Math.max(ms, 1));
    const least = Math.max(1, Math.floor(this.#rows / CHANGE_MAX));
    const most = Math.min(this.#limits.chunkRowsMax, this.#rows * CHANGE_MAX);
    this.#rows = Math.min(most, Math.max(least, Math.floor(fitting)));
  }
}
