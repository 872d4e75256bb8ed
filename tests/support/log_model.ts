/** What a log should hold, kept in the plainest way: for comparing with a real one. */
import type { Log, LogEntry, LogPosition } from "../../src/ports/log.ts";
import { held } from "./logs.ts";

/** One record's worth of change. */
export type ModelChange =
  | { readonly kind: "entry"; readonly entry: LogEntry }
  | { readonly kind: "cut"; readonly region: string; readonly seq: number }
  | { readonly kind: "reset"; readonly region: string; readonly position: LogPosition }
  | { readonly kind: "drop"; readonly region: string }
  | { readonly kind: "promise"; readonly region: string; readonly word: string }
  | { readonly kind: "checkpoint"; readonly region: string; readonly seq: number };

interface ModelRegion {
  base: LogPosition;
  entries: LogEntry[];
  promised: string | null;
  checkpoint: number;
}

export class LogModel {
  readonly #regions = new Map<string, ModelRegion>();

  copy(): LogModel {
    const copy = new LogModel();
    for (const [name, region] of this.#regions) {
      copy.#regions.set(name, { ...region, entries: [...region.entries] });
    }
    return copy;
  }

  checkpointOf(region: string): number {
    return this.#regions.get(region)?.checkpoint ?? 0;
  }

  apply(change: ModelChange): void {
    if (change.kind === "entry") {
      this.#region(change.entry.region).entries.push(change.entry);
      return;
    }
    if (change.kind === "drop") {
      this.#regions.delete(change.region);
      return;
    }
    // A checkpoint makes no region.
    if (change.kind === "checkpoint" && !this.#regions.has(change.region)) return;
    const region = this.#region(change.region);
    if (change.kind === "cut") {
      region.entries = region.entries.filter((entry) => entry.seq <= change.seq);
    } else if (change.kind === "reset") {
      region.base = change.position;
      region.entries = [];
      region.checkpoint = change.position.seq;
    } else if (change.kind === "promise") region.promised = change.word;
    else region.checkpoint = Math.max(region.checkpoint, change.seq);
  }

  /** The first difference from what was seen of a log, in words; null when there is none. */
  difference(seen: SeenLog): string | null {
    const names = [...this.#regions.keys()].sort();
    if (names.join() !== [...seen.keys()].join()) return `regions ${names} not ${[...seen.keys()]}`;
    for (const [name, region] of this.#regions) {
      const difference = regionDifference(region, seen.get(name) as SeenRegion);
      if (difference !== null) return `${name}: ${difference}`;
    }
    return null;
  }

  #region(name: string): ModelRegion {
    let region = this.#regions.get(name);
    if (region === undefined) {
      region = { base: { epoch: 0, seq: 0 }, entries: [], promised: null, checkpoint: 0 };
      this.#regions.set(name, region);
    }
    return region;
  }
}

interface SeenRegion {
  readonly first: number;
  readonly last: LogPosition;
  readonly baseEpoch: number | null;
  readonly promised: string | null;
  readonly entries: readonly LogEntry[];
  readonly epochs: readonly (number | null)[];
}

export type SeenLog = ReadonlyMap<string, SeenRegion>;

/** Everything that a log shows. */
export async function look(log: Log): Promise<SeenLog> {
  const seen = new Map<string, SeenRegion>();
  for (const region of log.regions()) {
    const entries = await held(log, region);
    seen.set(region, {
      first: log.first(region),
      last: log.last(region),
      baseEpoch: log.epochAt(region, log.first(region) - 1),
      promised: log.promised(region),
      entries,
      epochs: entries.map((entry) => log.epochAt(region, entry.seq)),
    });
  }
  return seen;
}

function regionDifference(region: ModelRegion, seen: SeenRegion): string | null {
  const last = region.entries.at(-1) ?? region.base;
  if (seen.last.seq !== last.seq) return `ends at ${last.seq}, not ${seen.last.seq}`;
  if (seen.last.epoch !== last.epoch) return `of epoch ${last.epoch}, not ${seen.last.epoch}`;
  if (seen.promised !== region.promised) return `promised ${region.promised}`;
  if (seen.first <= region.base.seq) return `begins at ${region.base.seq + 1}, not ${seen.first}`;
  if (seen.first > region.checkpoint + 1) return `${region.checkpoint + 1} is needed and not held`;
  const before = seen.first - 1 === region.base.seq
    ? region.base
    : region.entries[seen.first - 2 - region.base.seq];
  if (seen.baseEpoch !== before?.epoch) return `base of ${before?.epoch}, not ${seen.baseEpoch}`;
  const entries = region.entries.filter((entry) => entry.seq >= seen.first);
  if (entries.length !== seen.entries.length) return `${entries.length} entries`;
  for (const [at, entry] of entries.entries()) {
    const other = seen.entries[at] as LogEntry;
    const same = other.seq === entry.seq && other.epoch === entry.epoch &&
      other.body === entry.body && other.region === entry.region;
    if (!same || seen.epochs[at] !== entry.epoch) return `entry ${entry.seq} differs`;
  }
  return null;
}
