/** From a region's recorded state and who is online to where its tables are read and written. */
import type { RegionState, Route, ServerRef } from "../protocol/model.ts";

/** Replicas in sync without which nothing is written: two, or one where there is only one copy. */
export function minInSync(replicas: number): number {
  return replicas <= 1 ? 1 : 2;
}

/**
 * The same of a region as it is. While a second copy is being made of one that was alone, or of one
 * that is to be alone elsewhere, the first goes on by itself: what is needed is recorded.
 */
export function neededInSync(region: RegionState): number {
  return region.minInSync ?? minInSync(region.replicas.length);
}

export function routeOf(
  region: RegionState,
  tables: readonly string[],
  online: ReadonlyMap<number, ServerRef>,
): Route {
  const inSync = region.isr.flatMap(({ rid }) => online.get(rid) ?? []);
  const primary = region.primary === null ? null : online.get(region.primary) ?? null;
  return {
    region: region.region,
    epoch: region.epoch,
    tables,
    primary,
    slaves: inSync.filter(({ rid }) => rid !== primary?.rid),
    state: availability(region, primary, inSync.length),
  };
}

function availability(
  region: RegionState,
  primary: ServerRef | null,
  inSync: number,
): Route["state"] {
  if (region.state !== "open" || inSync === 0) return "unavailable";
  const enough = inSync >= neededInSync(region);
  return primary !== null && enough ? "writable" : "read_only";
}
