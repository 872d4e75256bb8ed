/** Where one region's log begins and ends, its epochs and its promise: all but the entries. */
import { invariant, unreachable } from "../../base/assert.ts";
import type { LogPosition } from "../../ports/log.ts";
import type { CarriedRegion, RecordHead } from "./record.ts";

/** From `seq` on entries are of `epoch`, up to the next run. */
interface EpochRun {
  readonly seq: number;
  readonly epoch: number;
}

export class RegionState {
  /** Records of the region so far; the next is numbered one more. */
  records = 0;
  /** Entries up to here are not needed any more. */
  checkpoint = 0;
  promised: string | null = null;
  /** Some of what was stored is lost: nothing may be added before a reset. */
  damaged = false;
  #began: object | null = null;
  #last = 0;
  /** Never empty, rising in both; the first stands for the position just before the first entry. */
  #runs: EpochRun[] = [{ seq: 0, epoch: 0 }];

  static carriedOver(carried: CarriedRegion): RegionState {
    const state = new RegionState();
    state.#begin(carried);
    state.adopt(carried);
    return state;
  }

  /** Takes over what a header says beside the position. */
  adopt(carried: CarriedRegion): void {
    this.records = carried.n;
    this.checkpoint = carried.checkpoint;
    this.promised = carried.promised;
    this.damaged = carried.damaged;
  }

  carry(region: string): CarriedRegion {
    const { records: n, checkpoint, promised, damaged } = this;
    return { region, n, ...this.last, checkpoint, promised, damaged };
  }

  copy(): RegionState {
    const copy = new RegionState();
    copy.records = this.records;
    copy.checkpoint = this.checkpoint;
    copy.promised = this.promised;
    copy.damaged = this.damaged;
    copy.#began = this.#began;
    copy.#last = this.#last;
    copy.#runs = [...this.#runs];
    return copy;
  }

  /** True when both stand for the same log: neither was begun anew since they were copied. */
  beganWith(other: RegionState): boolean {
    return this.#began === other.#began;
  }

  get last(): LogPosition {
    return { epoch: this.#newest.epoch, seq: this.#last };
  }

  /** The position just before the first entry held. */
  get base(): LogPosition {
    const { epoch, seq } = this.#runs[0] as EpochRun;
    return { epoch, seq };
  }

  /** The epoch of the entry at `seq` or of the base; null outside. */
  epochAt(seq: number): number | null {
    if (seq < this.base.seq || seq > this.#last) return null;
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#runs[middle] as EpochRun).seq <= seq) low = middle;
      else high = middle - 1;
    }
    return (this.#runs[low] as EpochRun).epoch;
  }

  /** True when an entry at this position continues the log. */
  isNext(entry: LogPosition): boolean {
    return entry.seq === this.#last + 1 && entry.epoch >= this.#newest.epoch;
  }

  apply(record: Exclude<RecordHead, { kind: "drop" }>): void {
    if (record.kind !== "checkpoint") this.records = record.n;
    if (record.kind === "reset") this.#began = record;
    else this.#began ??= record;
    switch (record.kind) {
      case "entry":
        return this.#append(record);
      case "cut":
        return this.#cut(record);
      case "reset":
        this.checkpoint = record.seq;
        this.promised = record.promised;
        this.damaged = false;
        return this.#begin(record);
      case "promise":
        this.promised = record.word;
        return;
      case "checkpoint":
        this.checkpoint = Math.max(this.checkpoint, record.seq);
        return;
      default:
        return unreachable(record);
    }
  }

  /** Forgets the entries up to `seq`, which are no longer held. */
  release(seq: number): void {
    const epoch = this.epochAt(seq);
    if (epoch === null || seq === this.base.seq) return;
    this.#runs = [{ seq, epoch }, ...this.#runs.filter((run) => run.seq > seq)];
  }

  get #newest(): EpochRun {
    return this.#runs[this.#runs.length - 1] as EpochRun;
  }

  #begin({ epoch, seq }: LogPosition): void {
    this.#last = seq;
    this.#runs = [{ seq, epoch }];
  }

  #append({ epoch, seq }: LogPosition): void {
    invariant(this.isNext({ epoch, seq }), `Entry ${seq} of epoch ${epoch} does not follow`);
    if (epoch !== this.#newest.epoch) this.#runs.push({ seq, epoch });
    this.#last = seq;
  }

  #cut({ epoch, seq }: LogPosition): void {
    // The cut may lie before the oldest segment left, if only cut entries came in between.
    if (seq < this.base.seq) return this.#begin({ epoch, seq });
    while (this.#newest.seq > seq) this.#runs.pop();
    this.#last = Math.min(this.#last, seq);
  }
}
