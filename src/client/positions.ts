/** How far each region was seen: what is read next must be at least as new. */
import type { Receipt } from "../protocol/calls/region.ts";

export class Positions {
  readonly #seen: Map<string, number>;
  /** Learns of what is written here, but not of what is read. */
  readonly #shared: Positions | null;

  private constructor(seen: ReadonlyMap<string, number>, shared: Positions | null) {
    this.#seen = new Map(seen);
    this.#shared = shared;
  }

  static none(): Positions {
    return new Positions(new Map(), null);
  }

  /** Those of a session: it begins with what is known here, and its writes become known here. */
  branch(): Positions {
    return new Positions(this.#seen, this);
  }

  at(region: string): number {
    return this.#seen.get(region) ?? 0;
  }

  noteSeen(region: string, seq: number): void {
    if (seq > this.at(region)) this.#seen.set(region, seq);
  }

  noteRead({ region, seq, also = [] }: Receipt): void {
    this.noteSeen(region, seq);
    for (const other of also) this.noteSeen(other.region, other.seq);
  }

  noteWrite(region: string, seq: number): void {
    this.noteSeen(region, seq);
    this.#shared?.noteWrite(region, seq);
  }
}
