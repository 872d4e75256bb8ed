/**
 * By how much a primary was off that was out-voted. Whoever has a wrong row goes on to claim what is
 * off by just as much, in each entry that it has written: none of them need be voted on again.
 */
import type { Fingerprint } from "../ports/engine.ts";
import type { Difference } from "./apply.ts";

type Claims = Pick<Difference, "position" | "fingerprints" | "claimed">;

const SUM_BITS = 64;
const NO_GAP = "0 rows, 0";

export class KnownGaps {
  /** That of the primary. */
  #epoch = 0;
  readonly #gaps = new Map<string, string>();

  /** The other copies have come to the same as this one. */
  learn({ position: { epoch }, fingerprints, claimed }: Claims): void {
    if (epoch !== this.#epoch) this.#gaps.clear();
    this.#epoch = epoch;
    for (const [table, mine] of fingerprints) {
      const gap = gapOf(mine, claimed.get(table) ?? null);
      if (gap === null) this.#gaps.delete(table);
      else this.#gaps.set(table, gap);
    }
  }

  /** Whether the same primary is off by what it was off by before, and by nothing else. */
  explain({ position: { epoch }, fingerprints, claimed }: Claims): boolean {
    if (epoch !== this.#epoch) return false;
    const gaps = [...fingerprints]
      .map(([table, mine]) => ({ table, gap: gapOf(mine, claimed.get(table) ?? null) }))
      .filter(({ gap }) => gap !== NO_GAP);
    return gaps.length > 0 &&
      gaps.every(({ table, gap }) => gap !== null && this.#gaps.get(table) === gap);
  }
}

/** Null where they do not compare. */
function gapOf(mine: Fingerprint | null, claimed: Fingerprint | null): string | null {
  if (mine === null || claimed === null || mine.schema !== claimed.schema) return null;
  const sum = BigInt.asUintN(SUM_BITS, BigInt(claimed.sum) - BigInt(mine.sum));
  return `${claimed.rows - mine.rows} rows, ${sum}`;
}
