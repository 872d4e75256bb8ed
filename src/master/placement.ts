/** Which servers get a new region: the least loaded, on distinct hosts first, then zones. Pure. */
import { difference, type EngineDescription } from "../cluster/compatibility.ts";

export interface Candidate {
  readonly rid: number;
  readonly host: string;
  readonly zone: string;
  readonly engine: EngineDescription;
  /** Regions it holds already, and the visits they get: what "loaded" means. */
  readonly regions: number;
  /** Regions that it is the primary of. */
  readonly leads: number;
  readonly visits: number;
}

export interface PlacementResult {
  /** The first is to be the primary. */
  readonly rids: readonly number[];
  /** Servers passed over because they differ from the first in what replication depends on. */
  readonly refused: readonly { readonly rid: number; readonly why: string }[];
}

/** What choosing takes into account of a server that holds the region already. */
export type Holder = Pick<Candidate, "rid" | "host" | "zone" | "engine">;

/** As many as wanted, or as there are, beside those that hold the region already. */
export function place(
  candidates: readonly Candidate[],
  wanted: number,
  holders: readonly Holder[] = [],
): PlacementResult {
  const held = new Set(holders.map(({ rid }) => rid));
  const waiting = candidates.filter(({ rid }) => !held.has(rid)).sort(byLoad);
  const chosen: Holder[] = [...holders];
  const picked: Candidate[] = [];
  const refused: { rid: number; why: string }[] = [];
  while (picked.length < wanted) {
    const next = best(waiting, chosen);
    if (next === undefined) break;
    waiting.splice(waiting.indexOf(next), 1);
    const first = chosen[0];
    const why = first === undefined ? null : difference(next.engine, first.engine);
    if (why === null) {
      chosen.push(next);
      picked.push(next);
    } else refused.push({ rid: next.rid, why });
  }
  // Who leads the fewest leads the new one: all load of writing is a primary's.
  const rids = picked.sort((a, b) => a.leads - b.leads).map(({ rid }) => rid);
  return { rids, refused };
}

/** The least loaded of those that share the least with the servers already chosen. */
function best(waiting: readonly Candidate[], chosen: readonly Holder[]): Candidate | undefined {
  const hosts = new Set(chosen.map(({ host }) => host));
  const zones = new Set(chosen.map(({ zone }) => zone));
  const shared = ({ host, zone }: Candidate) =>
    (hosts.has(host) ? 2 : 0) + (zones.has(zone) ? 1 : 0);
  let found: Candidate | undefined;
  for (const each of waiting) {
    if (found === undefined || shared(each) < shared(found)) found = each;
  }
  return found;
}

function byLoad(one: Candidate, other: Candidate): number {
  return one.regions - other.regions || one.visits - other.visits || one.rid - other.rid;
}
