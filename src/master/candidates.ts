/** The servers that may get a region now, with their load, and those that hold one. */
import type { Candidate, Holder } from "./placement.ts";
import type { ClusterView } from "./view.ts";

/** Those that are online and not to be emptied. */
export function candidatesOf(view: ClusterView): readonly Candidate[] {
  const held = new Map<number, number>();
  for (const { rid } of view.placements) held.set(rid, (held.get(rid) ?? 0) + 1);
  const led = new Map<number, number>();
  for (const { state: { primary } } of view.regions) {
    if (primary !== null) led.set(primary, (led.get(primary) ?? 0) + 1);
  }
  return view.online.filter(({ rid }) => takesRegions(view, rid)).map((live) => {
    const load = view.server(live.rid)?.load;
    const visits = (load?.reads ?? 0) + (load?.writes ?? 0);
    const { rid, host, zone, engine } = live;
    return {
      rid,
      host,
      zone,
      engine,
      regions: held.get(rid) ?? 0,
      leads: led.get(rid) ?? 0,
      visits,
    };
  });
}

/** Servers as they are recorded, whether they live or not. */
export function holdersOf(view: ClusterView, rids: readonly number[]): readonly Holder[] {
  return rids.flatMap((rid) => view.live(rid) ?? view.server(rid) ?? []);
}

export function takesRegions(view: ClusterView, rid: number): boolean {
  return view.live(rid) !== null && !isLeaving(view, rid);
}

/** Whether a server is being emptied, or has been. */
export function isLeaving(view: ClusterView, rid: number): boolean {
  const status = (view.server(rid) ?? view.live(rid))?.status;
  return status === "draining" || status === "drained";
}
