/**
 * The last copy of a region, where its rows are not what its fingerprints say. There is nothing to
 * mend them from, and nobody copies what does not add up: they count as they are from now on.
 */
import { pause } from "../cluster/pause.ts";
import { differenceOf } from "./apply.ts";
import { writeSessions } from "./books.ts";
import type { RegionCopy } from "./copy.ts";
import { doubtBook } from "./last_claims.ts";

/**
 * How often the rows have to be found wrong. Between two counts the other replicas, which wait to be
 * copied from here, have the time to find that they hold the right ones themselves.
 */
export const FINDINGS = 2;
const RETRY_MS = 200;

export interface Rereading {
  readonly rid: number;
  /** Its rows count as they are from now on. */
  readonly isCounted: boolean;
  readonly signal: AbortSignal;
}

/**
 * Reads a copy again however long its database is away, while nobody writes. Says why it is not what
 * it should be, as `reload` does.
 */
export async function readAgain(
  copy: RegionCopy,
  { rid, isCounted, signal }: Rereading,
): Promise<string | null> {
  const { clock, reporter } = copy.deps;
  while (!signal.aborted) {
    try {
      if (isCounted) await countAnew(copy, rid);
      const altered = await copy.reload();
      return isCounted ? null : altered;
    } catch (error) {
      reporter.log("debug", `Cannot read the database: ${(error as Error).message}`);
      await pause(clock, RETRY_MS, signal);
    }
  }
  return null;
}

async function countAnew(copy: RegionCopy, rid: number): Promise<void> {
  const { region, last, deps: { engine, reporter } } = copy;
  // Of how much is applied there may be doubt as well: of all there is, nothing is gone by.
  await copy.use((session) => writeSessions(session, region, [doubtBook(last.seq)]));
  for (const table of copy.tables) {
    const kept = await copy.use((session) => session.fingerprint(table));
    const counted = await engine.maintainFingerprint(table);
    const reason = differenceOf(counted, kept);
    if (reason !== null) reporter.event({ event: "copy.recounted", region, table, rid, reason });
  }
}
