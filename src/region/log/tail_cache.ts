/** The newest entries in memory, by bytes: what followers read is what was written just now. */
import type { LogEntry } from "../../ports/log.ts";

/** What an entry takes beside its body, roughly. */
const ENTRY_BYTES_EXTRA = 100;

/** The entries kept of one region: the end of its log, without a gap. */
interface Tail {
  entries: LogEntry[];
}

export class TailCache {
  readonly #bytesMax: number;
  readonly #tails = new Map<string, Tail>();
  /** Every entry in the order it came, dead ones too: the oldest goes first. */
  #queue: LogEntry[] = [];
  #head = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(entry: LogEntry): void {
    let tail = this.#tails.get(entry.region);
    if (tail === undefined) this.#tails.set(entry.region, tail = { entries: [] });
    tail.entries.push(entry);
    this.#queue.push(entry);
    this.#bytes += weight(entry);
    while (this.#bytes > this.#bytesMax) this.#shed();
  }

  /** Forgets entries of the region after `seq`. */
  cut(region: string, seq: number): void {
    const tail = this.#tails.get(region);
    if (tail === undefined) return;
    const last = tail.entries.at(-1);
    if (last === undefined || last.seq <= seq) return;
    const keep = Math.max(0, tail.entries.length - (last.seq - seq));
    tail.entries = tail.entries.slice(0, keep);
    if (keep === 0) this.#tails.delete(region);
  }

  drop(region: string): void {
    this.#tails.delete(region);
  }

  /** The entry at `seq`, or null when it is not in memory. */
  get(region: string, seq: number): LogEntry | null {
    const entries = this.#tails.get(region)?.entries;
    const first = entries?.[0];
    return first === undefined ? null : entries?.[seq - first.seq] ?? null;
  }

  /** Lets the oldest go. A dead one weighs until its turn comes. */
  #shed(): void {
    const oldest = this.#queue[this.#head] as LogEntry;
    this.#head++;
    this.#bytes -= weight(oldest);
    const entries = this.#tails.get(oldest.region)?.entries;
    if (entries?.[0] === oldest) {
      entries.shift();
      if (entries.length === 0) this.#tails.delete(oldest.region);
    }
    if (this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }
}

function weight(entry: LogEntry): number {
  return 2 * entry.body.length + ENTRY_BYTES_EXTRA;
}
