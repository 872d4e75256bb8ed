/** How a region's node may change: by whom, and from which state to which. */
import type { RegionState } from "../../protocol/model.ts";

export interface ConfigRules {
  /** Members without which nothing is written. */
  minInSync(replicas: number): number;
}

export class ConfigBook {
  readonly #rules: ConfigRules;
  readonly #last = new Map<string, { readonly state: RegionState; readonly version: number }>();

  constructor(rules: ConfigRules) {
    this.#rules = rules;
  }

  last(region: string): RegionState | null {
    return this.#last.get(region)?.state ?? null;
  }

  /** A region's node is now like this. What is wrong with that, or null. */
  changed(state: RegionState, version: number): string | null {
    const before = this.#last.get(state.region);
    this.#last.set(state.region, { state, version });
    const fault = faultIn(state, before?.state ?? null) ??
      (before === undefined ? null : this.#step(before.state, state, version - before.version));
    return fault === null ? null : `the node of ${state.region}, version ${version}: ${fault}`;
  }

  forget(region: string): void {
    this.#last.delete(region);
  }

  #step(before: RegionState, now: RegionState, changes: number): string | null {
    if (changes <= 0) return "its version did not rise";
    if (now.epoch < before.epoch) return `the epoch fell from ${before.epoch} to ${now.epoch}`;
    // Of several changes at one moment only the last is seen.
    if (changes > 1) return null;
    if (before.state !== "open" || now.state !== "open") return null;
    const isNewTerm = now.epoch > before.epoch;
    if (!isNewTerm && now.primary !== before.primary) {
      return `epoch ${now.epoch} had primary ${before.primary} and has ${now.primary}`;
    }
    const members = new Set(before.isr.map(({ rid }) => rid));
    if (isNewTerm && now.primary !== null && !members.has(now.primary)) {
      return `server ${now.primary} took over and was not in sync`;
    }
    const stranger = now.isr.find(({ rid }) => !members.has(rid));
    if (isNewTerm && stranger !== undefined) {
      return `server ${stranger.rid} became in sync by a change of primary`;
    }
    return this.#shrink(before, now);
  }

  /** Fewer than the least are never in sync: below that the set stays, and nothing is written. */
  #shrink(before: RegionState, now: RegionState): string | null {
    const least = Math.min(this.#rules.minInSync(now.replicas.length), before.isr.length);
    if (now.isr.length >= least) return null;
    return `its in-sync set shrank from ${before.isr.length} to ${now.isr.length}, below ${least}`;
  }
}

function faultIn(
  { primary, isr, replicas }: RegionState,
  before: RegionState | null,
): string | null {
  const rids = isr.map(({ rid }) => rid);
  if (new Set(rids).size !== rids.length) return `its in-sync set names a server twice: ${rids}`;
  // One that has been taken from the replicas stays in sync until its primary lets it go.
  const isLeaving = (rid: number) => before?.isr.some((each) => each.rid === rid) === true;
  const stranger = rids.find((rid) => !replicas.includes(rid) && !isLeaving(rid));
  if (stranger !== undefined) return `server ${stranger} is in sync and no replica`;
  if (primary !== null && !rids.includes(primary)) return `primary ${primary} is not in sync`;
  return null;
}
