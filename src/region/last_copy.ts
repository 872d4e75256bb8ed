/**
 * The last copy of a region, where its rows are not what its fingerprints say. There is nothing to
 * mend them from, and nobody copies what does not add up: they count as they are from now on.
 */
import { differenceOf } from "./apply.ts";
import type { RegionCopy } from "./copy.ts";

/**
 * How often the rows have to be found wrong. Between two counts the other replicas, which wait to be
 * copied from here, have the time to find that they hold the right ones themselves.
 */
export const FINDINGS = 2;

/** Nobody writes meanwhile. */
export async function countAnew(copy: RegionCopy, rid: number): Promise<void> {
  const { region, deps: { engine, reporter } } = copy;
  for (const table of copy.tables) {
    const kept = await copy.use((session) => session.fingerprint(table));
    const counted = await engine.maintainFingerprint(table);
    const reason = differenceOf(counted, kept);
    if (reason !== null) reporter.event({ event: "copy.recounted", region, table, rid, reason });
  }
}
