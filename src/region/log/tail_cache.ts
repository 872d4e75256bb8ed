/** The newest entries in memory, by bytes: what followers read is what was written just now. */
import type { LogEntry } from "../../ports/log.ts";

/** What an entry takes beside its body, roughly. */
const ENTRY_BYTES_EXTRA = 200;

export class TailCache {
  readonly #bytesMax: number;
  /** By region and position: of each region the end of its log, without a gap. */
  readonly #tails = new Map<string, Map<number, LogEntry>>();
  /** Every entry in the order it came, dead ones too: the oldest goes first. */
  #queue: LogEntry[] = [];
  #head = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(entry: LogEntry): void {
    if (this.#bytesMax === 0) return;
    let tail = this.#tails.get(entry.region);
    if (tail === undefined) this.#tails.set(entry.region, tail = new Map());
    tail.set(entry.seq, entry);
    this.#queue.push(entry);
    this.#bytes += weight(entry);
    while (this.#bytes > this.#bytesMax) this.#shed();
  }

  /** Forgets entries of the region after `seq`. */
  cut(region: string, seq: number): void {
    const tail = this.#tails.get(region);
    for (const each of [...tail?.keys() ?? []]) if (each > seq) tail?.delete(each);
  }

  drop(region: string): void {
    this.#tails.delete(region);
  }

  /** The entry at `seq`, or null when it is not in memory. */
  get(region: string, seq: number): LogEntry | null {
    return this.#tails.get(region)?.get(seq) ?? null;
  }

  /** Lets the oldest go. A dead one weighs until its turn comes. */
  #shed(): void {
    const oldest = this.#queue[this.#head++] as LogEntry;
    this.#bytes -= weight(oldest);
    const tail = this.#tails.get(oldest.region);
    if (tail?.get(oldest.seq) === oldest) {
      tail.delete(oldest.seq);
      if (tail.size === 0) this.#tails.delete(oldest.region);
    }
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }
}

function weight(entry: LogEntry): number {
  return 2 * entry.body.length + ENTRY_BYTES_EXTRA;
}
