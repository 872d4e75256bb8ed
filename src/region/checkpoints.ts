/** Lets the log go up to where nobody needs it any more. */
import { pause } from "../cluster/pause.ts";
import { readApplied } from "./books.ts";
import type { RegionCopy } from "./copy.ts";
import type { Primary } from "./primary/primary.ts";

/** How things stood when they were looked at. */
interface Look {
  readonly applied: number;
  readonly falls: number;
}

export class Checkpoints {
  readonly #copy: RegionCopy;
  readonly #copiedFrom: () => number;
  readonly #primary: () => Primary | null;
  #noted = 0;
  #last: Look = { applied: -1, falls: 0 };

  constructor(copy: RegionCopy, copiedFrom: () => number, primary: () => Primary | null) {
    this.#copy = copy;
    this.#copiedFrom = copiedFrom;
    this.#primary = primary;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, limits, reporter } = this.#copy.deps;
    // A database that is away is away at every look: why is said once.
    let said: string | null = null;
    while (!signal.aborted) {
      await pause(clock, limits.checkpointMs, signal);
      const seq = this.#next();
      if (signal.aborted || seq <= this.#noted || this.#copy.unfit !== null) continue;
      try {
        await this.#letGo(seq);
        said = null;
      } catch (error) {
        const why = (error as Error).message;
        if (why !== said) reporter.log("warning", `Cannot let old entries go: ${why}`);
        said = why;
      }
    }
  }

  async #letGo(seq: number): Promise<void> {
    const { region, deps: { log } } = this.#copy;
    const { falls } = this.#last;
    const held = await this.#copy.use((session) => readApplied(session, region));
    // Where it has lost commits since the last look, those before them come from the log again.
    if (held === null || held.seq < seq || this.#copy.falls !== falls) return;
    await log.checkpoint(region, seq);
    this.#noted = seq;
  }

  /**
   * Entries that were applied at the look before this one, so that the database has written them
   * out, and that no replica or copy still asks for. A region in which nothing happens lets go of
   * its last one too, or it would keep the segment of everybody.
   */
  #next(): number {
    const { applied: { value: applied }, falls, deps: { limits } } = this.#copy;
    const primary = this.#primary();
    const written = falls === this.#last.falls ? this.#last.applied : -1;
    this.#last = { applied, falls };
    const isIdle = applied === written;
    const isBehind = primary?.isBehind === true;
    const kept = isBehind ? limits.entriesKeptBehind : isIdle ? 0 : limits.entriesKept;
    const needed = isBehind ? applied : primary?.neededFrom ?? applied;
    return Math.min(written, applied - kept, needed, this.#copiedFrom());
  }
}
