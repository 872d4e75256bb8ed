/** From a region's recorded state and who is online to where its tables are read and written. */
import type { RegionState, Route, ServerRef } from "../protocol/model.ts";

/** Replicas in sync without which nothing is written: two, or one where there is only one copy. */
export function minInSync(replicas: number): number {
  return replicas <= 1 ? 1 : 2;
}

/** The same for a region as it is: those that have yet to be copied do not count. */
export function minInSyncOf({ replicas, joining = [] }: RegionState): number {
  return minInSync(replicas.filter((rid) => !joining.includes(rid)).length);
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
  const enough = inSync >= minInSyncOf(region);
  return primary !== null && enough ? "writable" : "read_only";
}
