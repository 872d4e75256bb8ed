/** Lets the log go up to where nobody needs it any more. */
import { pause } from "../cluster/pause.ts";
import type { RegionCopy } from "./copy.ts";
import type { Primary } from "./primary/primary.ts";

export class Checkpoints {
  readonly #copy: RegionCopy;
  readonly #copiedFrom: () => number;
  readonly #primary: () => Primary | null;
  #noted = 0;
  #last = -1;

  constructor(copy: RegionCopy, copiedFrom: () => number, primary: () => Primary | null) {
    this.#copy = copy;
    this.#copiedFrom = copiedFrom;
    this.#primary = primary;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, limits, log, reporter } = this.#copy.deps;
    while (!signal.aborted) {
      await pause(clock, limits.checkpointMs, signal);
      const seq = this.#next();
      if (signal.aborted || seq <= this.#noted || this.#copy.unfit !== null) continue;
      try {
        await log.checkpoint(this.#copy.region, seq);
        this.#noted = seq;
      } catch (error) {
        reporter.log("warning", `Cannot let old entries go: ${(error as Error).message}`);
      }
    }
  }

  /**
   * Entries that were applied before the look before, so that the database has written them out, and
   * that no replica or copy still asks for. A region in which nothing happens lets go of its last
   * one too, or it would keep the segment of everybody.
   */
  #next(): number {
    const { applied, deps: { limits } } = this.#copy;
    const primary = this.#primary();
    const written = this.#last;
    const isIdle = applied.value === written;
    this.#last = applied.value;
    const isBehind = primary?.isBehind === true;
    const kept = isBehind ? limits.entriesKeptBehind : isIdle ? 0 : limits.entriesKept;
    const needed = isBehind ? applied.value : primary?.neededFrom ?? applied.value;
    return Math.min(written, applied.value - kept, needed, this.#copiedFrom());
  }
}
