/**
 * The regions as they will be once everything waiting is on disk. What callers ask for is checked
 * and numbered against these; when what waits is refused, they go back to what is stored.
 */
import type { RecordHead } from "./record.ts";
import { RegionState } from "./region_state.ts";
import type { StoredRegion } from "./stored_region.ts";

export class RegionsAhead {
  #states = new Map<string, RegionState>();

  constructor(stored: ReadonlyMap<string, StoredRegion>) {
    this.backTo(stored);
  }

  get names(): readonly string[] {
    return [...this.#states.keys()].sort();
  }

  get(region: string): RegionState | undefined {
    return this.#states.get(region);
  }

  apply(record: RecordHead): void {
    if (record.kind === "drop") {
      this.#states.delete(record.region);
      return;
    }
    let state = this.#states.get(record.region);
    if (state === undefined) this.#states.set(record.region, state = new RegionState());
    state.apply(record);
  }

  backTo(stored: ReadonlyMap<string, StoredRegion>): void {
    this.#states = new Map();
    for (const [region, { state }] of stored) this.#states.set(region, state.copy());
  }
}
