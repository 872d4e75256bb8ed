/** How long looks at copies rest, so that nobody notices them. */

export interface Burden {
  /** Reads that wait for a session with the database. */
  readonly waiting: number;
  /** Entries that are committed and not applied here. */
  readonly lag: number;
}

/** A third of one connection's work where nothing else is to be done. */
const EASY = 2;
const BUSY = 20;
const LAG_MAX = 100;
const REST_MS_MAX = 10_000;

/** After the database was busy with a look for so long. */
export function restAfter(tookMs: number, { waiting, lag }: Burden): number {
  const isBusy = waiting > 0 || lag > LAG_MAX;
  return Math.min(REST_MS_MAX, tookMs * (isBusy ? BUSY : EASY));
}
