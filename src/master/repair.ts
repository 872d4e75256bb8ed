/** Which regions want another copy, and in what order. Pure. */
import type { RegionState } from "../protocol/model.ts";

export interface RepairInput {
  readonly regions: readonly RegionState[];
  readonly isOnline: (rid: number) => boolean;
  /** Whether a server is not waited for any longer. */
  readonly isLost: (rid: number) => boolean;
}

export interface RepairNeed {
  readonly region: string;
  /** The server to copy from. */
  readonly primary: number;
  /** The replica that is lost; null where there are fewer than asked for. */
  readonly instead: number | null;
  readonly reason: string;
}

/** The regions nearest to being lost come first. */
export function repairsNeeded({ regions, isOnline, isLost }: RepairInput): readonly RepairNeed[] {
  const needs = regions.flatMap((state) => {
    const { region, primary, replicas, copies = replicas.length } = state;
    // Nobody can be copied from; such a region waits for its own.
    if (state.state !== "open" || primary === null || !isOnline(primary)) return [];
    const lost = replicas.filter((rid) => rid !== primary && isLost(rid));
    const [instead = null] = lost;
    if (instead === null && replicas.length >= copies) return [];
    const living = state.isr.filter(({ rid }) => isOnline(rid)).length;
    const reason = instead === null
      ? `it has ${replicas.length} of ${copies} copies`
      : `server ${instead} does not come back`;
    return [{ living, need: { region, primary, instead, reason } }];
  });
  needs.sort((a, b) => a.living - b.living || (a.need.region < b.need.region ? -1 : 1));
  return needs.map(({ need }) => need);
}
