/**
 * What the lines found in the segments add up to. Records of a region are numbered, so that each
 * one proves that none of its region is missing before it; a header says where every region
 * stood, so that it stands in for all that should have come before it.
 */
import type { LogDamage, LogPosition } from "../../ports/log.ts";
import type { Place } from "./entry_index.ts";
import type { CarriedRegion, HeaderLine, RecordLine } from "./record.ts";
import { StoredRegion } from "./stored_region.ts";

/** A place in the log, for people. */
export interface Spot {
  readonly segment: string;
  readonly offset: number;
}

/** A region as far as it has been read. Damages are known by their number in the list of them. */
interface Reading {
  stored: StoredRegion;
  /** So many of the damages are known not to have touched the region. */
  proven: number;
  /** The damage that took something of the region which no header has made good; null for none. */
  cut: number | null;
  /** The damage that took something, whether or not a header made good what is needed. */
  touched: number | null;
}

export interface Replayed {
  readonly regions: Map<string, StoredRegion>;
  readonly damage: readonly LogDamage[];
  /** Some region is damaged and no header says so yet: it must be written down. */
  readonly newlyDamaged: boolean;
}

export class Replay {
  readonly #regions = new Map<string, Reading>();
  readonly #damages: (Spot & { readonly why: string })[] = [];
  /** Regions first seen from here on cannot have been touched by so many damages. */
  #provenForNew = 0;
  #begun = false;

  /** Notes that something is broken, and unreadable, there. */
  damaged(spot: Spot, why: string): number {
    return this.#damages.push({ ...spot, why }) - 1;
  }

  header(header: HeaderLine, spot: Spot): void {
    const known = new Set(header.regions.map((each) => each.region));
    for (const region of this.#regions.keys()) {
      // It was dropped in a part that cannot be read: the header is the truth.
      if (!known.has(region)) this.#regions.delete(region);
    }
    for (const carried of header.regions) this.#carryOver(carried, spot);
    this.#provenForNew = this.#damages.length;
    for (const reading of this.#regions.values()) reading.proven = this.#damages.length;
    this.#begun = true;
  }

  record(record: RecordLine, place: Place, spot: Spot): void {
    if (record.kind === "checkpoint") {
      return this.#regions.get(record.region)?.stored.apply(record, place);
    }
    const reading = this.#reading(record.region);
    const follows = record.n === reading.stored.state.records + 1;
    if (record.kind === "drop") {
      this.#regions.delete(record.region);
    } else if (record.kind === "reset") {
      reading.stored.apply(record, place);
      this.#heal(reading);
    } else if (follows && reading.cut === null && fits(reading.stored, record)) {
      reading.stored.apply(record, place);
      reading.proven = this.#damages.length;
    } else {
      reading.cut ??= this.#blame(reading, spot);
      reading.touched ??= reading.cut;
      reading.stored.state.records = record.n;
      // A promise stands for itself, whatever is missing before it.
      if (record.kind === "promise") reading.stored.apply(record, place);
    }
  }

  /** The end: `oldest` is the beginning of the first segment. */
  finish(oldest: Spot): Replayed {
    const seen = this.#damages.length;
    const named = new Map<number, string[]>();
    const regions = new Map<string, StoredRegion>();
    let newlyDamaged = false;
    for (const [region, reading] of this.#regions) {
      regions.set(region, reading.stored);
      const cause = this.#damageOf(reading, oldest, seen);
      if (cause === null) continue;
      named.set(cause, [...(named.get(cause) ?? []), region]);
      if (!reading.stored.state.damaged) newlyDamaged = true;
      reading.stored.state.damaged = true;
    }
    const damage = this.#damages.map((each, at) => ({
      ...each,
      regions: (named.get(at) ?? []).sort(),
    }));
    return { regions, damage, newlyDamaged };
  }

  /** The damage to name a region under; null when everything needed of it is there. */
  #damageOf(reading: Reading, oldest: Spot, seen: number): number | null {
    const { state } = reading.stored;
    if (reading.cut !== null) return reading.cut;
    if (state.damaged) {
      return reading.touched ??
        this.#late(oldest, "damage was found before, and the regions have not been reset since");
    }
    if (state.base.seq > state.checkpoint) {
      return reading.touched ?? this.#late(oldest, "segments before it are missing");
    }
    return reading.proven < seen ? reading.proven : null;
  }

  /** A damage that only shows at the end, noted once. */
  #late(oldest: Spot, why: string): number {
    const at = this.#damages.findIndex((each) => each.why === why);
    return at < 0 ? this.damaged(oldest, why) : at;
  }

  #carryOver(carried: CarriedRegion, spot: Spot): void {
    const reading = this.#regions.get(carried.region);
    const whole = reading !== undefined && reading.cut === null &&
      reading.stored.state.records === carried.n;
    if (reading !== undefined && endsAt(reading.stored, carried)) {
      // What is missing, if anything, was no entry: what has been read of those still holds.
      if (!whole) reading.touched ??= reading.cut ?? this.#blame(reading, spot);
      reading.cut = null;
      reading.stored.state.adopt(carried);
      return;
    }
    // Nothing was read before the oldest header: what it carries over was let go in good order.
    const first = !this.#begun && this.#damages.length === 0;
    const touched = first ? null : reading?.cut ?? this.#blame(reading, spot);
    const stored = StoredRegion.carriedOver(carried);
    this.#regions.set(carried.region, { stored, proven: 0, cut: null, touched });
  }

  #reading(region: string): Reading {
    let reading = this.#regions.get(region);
    if (reading === undefined) {
      const stored = new StoredRegion();
      reading = { stored, proven: this.#provenForNew, cut: null, touched: null };
      this.#regions.set(region, reading);
    }
    return reading;
  }

  #heal(reading: Reading): void {
    reading.cut = null;
    reading.touched = null;
    reading.proven = this.#damages.length;
  }

  /** The first damage that may have taken what is missing of a region; a new one if none may. */
  #blame(reading: Reading | undefined, spot: Spot): number {
    const first = reading?.proven ?? this.#provenForNew;
    if (first < this.#damages.length) return first;
    return this.damaged(spot, "something that should stand before it is missing");
  }
}

function endsAt(stored: StoredRegion, position: LogPosition): boolean {
  const { epoch, seq } = stored.state.last;
  return seq === position.seq && epoch === position.epoch;
}

/** In a sound log every entry follows the one before it. */
function fits(stored: StoredRegion, record: RecordLine): boolean {
  return record.kind !== "entry" || stored.state.isNext(record);
}
