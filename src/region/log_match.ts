/**
 * Where two logs of a region part. Entries are compared by epoch and position, never by position
 * alone: one epoch has one primary, so what has the same epoch and position is the same entry, and
 * all before it too.
 */
import type { Log, LogPosition } from "../ports/log.ts";

/** The last position of each epoch held, rising, the position before the first entry included. */
export type EpochEnds = readonly LogPosition[];

export interface HeldLog {
  /** The position just before the first entry held. */
  readonly base: number;
  readonly epochs: EpochEnds;
}

/** What a log holds of a region. */
export function heldLog(log: Pick<Log, "first" | "last" | "epochAt">, region: string): HeldLog {
  const base = log.first(region) - 1;
  const { seq: last } = log.last(region);
  const epochs: LogPosition[] = [];
  for (let seq = base; seq <= last;) {
    const epoch = log.epochAt(region, seq) ?? 0;
    seq = endOfEpoch((at) => log.epochAt(region, at) ?? 0, { seq, epoch }, last);
    epochs.push({ epoch, seq });
    seq++;
  }
  return { base, epochs };
}

/** The last position of an epoch: epochs only rise, so it is found by halving. */
function endOfEpoch(epochAt: (seq: number) => number, from: LogPosition, last: number): number {
  let [low, high] = [from.seq, last];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (epochAt(middle) === from.epoch) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The last position that both hold alike; null where there is none, so that the follower can only
 * copy anew. Position 0 is before everything, and alike for all.
 */
export function matchOf(mine: HeldLog, theirs: HeldLog): number | null {
  for (const range of ranges(theirs).reverse()) {
    for (const own of ranges(mine).reverse()) {
      if (own.epoch !== range.epoch) continue;
      const from = Math.max(own.from, range.from);
      const to = Math.min(own.to, range.to);
      if (from <= to) return to;
    }
  }
  return null;
}

function ranges({ base, epochs }: HeldLog): { epoch: number; from: number; to: number }[] {
  let from = base;
  return epochs.map(({ epoch, seq }) => {
    const range = { epoch, from, to: seq };
    from = seq + 1;
    return range;
  });
}
