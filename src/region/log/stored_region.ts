/** One region as it is on disk: its state, and where its entries lie. */
import type { CarriedRegion, RecordHead } from "./record.ts";
import { EntryIndex, type Place } from "./entry_index.ts";
import { RegionState } from "./region_state.ts";

export class StoredRegion {
  readonly state: RegionState;
  readonly #entries = new EntryIndex();

  constructor(state: RegionState = new RegionState()) {
    this.state = state;
  }

  static carriedOver(carried: CarriedRegion): StoredRegion {
    return new StoredRegion(RegionState.carriedOver(carried));
  }

  apply(record: Exclude<RecordHead, { kind: "drop" }>, place: Place): void {
    this.state.apply(record);
    if (record.kind === "entry") this.#entries.add(record.seq, place);
    else if (record.kind === "cut") this.#entries.cut(record.seq);
    else if (record.kind === "reset") this.#entries.clear();
  }

  place(seq: number): Place {
    return this.#entries.place(seq);
  }

  /** The oldest segment with an entry still needed; null when none is. */
  get neededSegment(): number | null {
    return this.#entries.segmentAfter(this.state.checkpoint);
  }

  /** Forgets what lies in segments before `segment`. Returns the first position still held. */
  release(segment: number): number {
    this.#entries.release(segment);
    const first = this.#entries.first ?? this.state.last.seq + 1;
    this.state.release(first - 1);
    return first;
  }
}
