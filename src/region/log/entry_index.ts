/** Where the entries of one region lie in the segments: eight bytes an entry, and no bodies. */
import { invariant } from "../../base/assert.ts";

export interface Place {
  readonly segment: number;
  readonly offset: number;
  /** With the newline. */
  readonly length: number;
}

const CAPACITY_FIRST = 16;

/** Entries that follow one another within one segment. */
class Extent {
  readonly segment: number;
  readonly from: number;
  count = 0;
  #offsets = new Uint32Array(CAPACITY_FIRST);
  #lengths = new Uint32Array(CAPACITY_FIRST);

  constructor(segment: number, from: number) {
    this.segment = segment;
    this.from = from;
  }

  push(offset: number, length: number): void {
    if (this.count === this.#offsets.length) {
      this.#offsets = doubled(this.#offsets);
      this.#lengths = doubled(this.#lengths);
    }
    this.#offsets[this.count] = offset;
    this.#lengths[this.count++] = length;
  }

  place(seq: number): Place {
    const at = seq - this.from;
    invariant(at >= 0 && at < this.count, `No entry ${seq} in segment ${this.segment}`);
    const offset = this.#offsets[at] as number;
    return { segment: this.segment, offset, length: this.#lengths[at] as number };
  }
}

function doubled(old: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const bigger = new Uint32Array(old.length * 2);
  bigger.set(old);
  return bigger;
}

export class EntryIndex {
  /** Rising in both segment and position, without a gap. */
  #extents: Extent[] = [];

  /** The first position held, or null. */
  get first(): number | null {
    return this.#extents[0]?.from ?? null;
  }

  add(seq: number, place: Place): void {
    let extent = this.#extents.at(-1);
    if (extent === undefined || extent.segment !== place.segment) {
      extent = new Extent(place.segment, seq);
      this.#extents.push(extent);
    }
    invariant(seq === extent.from + extent.count, `Entry ${seq} is indexed out of order`);
    extent.push(place.offset, place.length);
  }

  place(seq: number): Place {
    return this.#extentOf(seq).place(seq);
  }

  /** Forgets entries after `seq`. */
  cut(seq: number): void {
    for (let last = this.#extents.at(-1); last !== undefined; last = this.#extents.at(-1)) {
      last.count = Math.min(last.count, Math.max(0, seq - last.from + 1));
      if (last.count > 0) return;
      this.#extents.pop();
    }
  }

  /** Forgets entries in segments before `segment`. */
  release(segment: number): void {
    while ((this.#extents[0]?.segment ?? segment) < segment) this.#extents.shift();
  }

  clear(): void {
    this.#extents = [];
  }

  /** The segment of the first entry after `seq`; null when none is held. */
  segmentAfter(seq: number): number | null {
    for (const extent of this.#extents) {
      if (extent.from + extent.count - 1 > seq) return extent.segment;
    }
    return null;
  }

  #extentOf(seq: number): Extent {
    let low = 0;
    let high = this.#extents.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#extents[middle] as Extent).from <= seq) low = middle;
      else high = middle - 1;
    }
    const extent = this.#extents[low];
    invariant(extent !== undefined, `No entry ${seq} is indexed`);
    return extent;
  }
}
