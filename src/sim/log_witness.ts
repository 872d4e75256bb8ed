/** Reads along what a server writes to its log, and knows at every moment what of it is on disk. */
import type { MemoryDisk } from "../adapters/memory_disk.ts";
import type { LogEntry } from "../ports/log.ts";
import { decodeEntry, decodeLine, NEWLINE } from "../region/log/line.ts";
import type { Line } from "../region/log/record.ts";
import { segmentNumber } from "../region/log/segment_name.ts";
import { type BookedEntry, BookedLog } from "./checks/log_book.ts";
import type { DiskTap } from "./gated_disk.ts";

/** An entry, or another line. */
interface Waiting {
  readonly end: number;
  readonly line: Line | null;
  readonly entry: LogEntry | null;
}

/** A segment as far as it was read along. */
class Reading {
  size = 0;
  waiting: Waiting[] = [];
  readonly #isWhole: boolean;
  /** What comes behind a torn line does not count: it is cut off before the log is used again. */
  #torn: { readonly at: number; readonly behind: Waiting[] } | null = null;
  #rest = new Uint8Array(0);

  /** In one that was whole once, broken lines stand among sound ones. */
  constructor(isWhole: boolean) {
    this.#isWhole = isWhole;
  }

  /** The file grew by these bytes. */
  take(bytes: Uint8Array): void {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const start = this.size - this.#rest.length;
    this.size += bytes.length;
    let from = 0;
    for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE, from)) {
      this.#read(all.subarray(from, end), start + from, start + end + 1);
      from = end + 1;
    }
    this.#rest = all.slice(from);
  }

  #read(bytes: Uint8Array, start: number, end: number): void {
    if (bytes.length === 0) return;
    const entry = decodeEntry(bytes);
    const line = entry === null || this.#torn !== null ? decodeLine(bytes) : null;
    if (entry === null && line === null) {
      if (!this.#isWhole) this.#torn ??= { at: start, behind: [] };
      return;
    }
    const read = { end, line, entry };
    if (this.#torn === null) return void this.waiting.push(read);
    this.#torn.behind.push(read);
    // It says that the broken line was on disk once: that is damage, and no end.
    if (line === null || line.kind === "segment" || line.synced <= this.#torn.at) return;
    this.waiting.push(...this.#torn.behind);
    this.#torn = null;
  }

  cut(size: number): void {
    if (size >= this.size) return;
    this.waiting = this.waiting.filter(({ end }) => end <= size);
    this.#rest = new Uint8Array(0);
    this.#torn = null;
    this.size = size;
  }

  /** What is on disk now, in order. */
  upTo(size: number): readonly Waiting[] {
    const count = this.waiting.findIndex(({ end }) => end > size);
    return this.waiting.splice(0, count < 0 ? this.waiting.length : count);
  }
}

export class LogWitness implements DiskTap {
  readonly #onEntry: (region: string, entry: BookedEntry, previous: number | null) => void;
  #regions = new Map<string, BookedLog>();
  #files = new Map<string, Reading>();
  #isRotten = false;

  /** `onEntry` is told of each entry once it is on disk, with the epoch of the one before it. */
  constructor(
    onEntry: (region: string, entry: BookedEntry, previous: number | null) => void,
  ) {
    this.#onEntry = onEntry;
  }

  get regions(): ReadonlyMap<string, BookedLog> {
    return this.#regions;
  }

  region(name: string): BookedLog {
    return this.#regions.get(name) ?? new BookedLog();
  }

  /** Begins anew with what there is on the disk: a process is about to start on it. */
  reread(disk: MemoryDisk, isRotten: boolean): void {
    this.#isRotten = isRotten;
    this.#regions = new Map();
    this.#files = new Map();
    const names = disk.names().filter((name) => segmentNumber(name) !== null).sort();
    for (const name of names) {
      const bytes = disk.bytes(name);
      // A segment is begun when all of the one before it is on disk.
      this.#files.set(name, new Reading(isRotten || name !== names.at(-1)));
      this.appended(name, bytes);
      this.synced(name, bytes.length);
    }
  }

  appended(file: string, bytes: Uint8Array): void {
    if (segmentNumber(file) !== null) this.#file(file).take(bytes);
  }

  truncated(file: string, size: number): void {
    this.#file(file).cut(size);
  }

  synced(file: string, size: number): void {
    const reading = this.#files.get(file);
    for (const { line, entry } of reading?.upTo(size) ?? []) {
      if (entry !== null) this.#append(entry);
      else if (line !== null) this.#apply(line);
    }
  }

  #file(name: string): Reading {
    let reading = this.#files.get(name);
    if (reading === undefined) this.#files.set(name, reading = new Reading(this.#isRotten));
    return reading;
  }

  #apply(line: Line): void {
    switch (line.kind) {
      case "segment":
        for (const { region, seq, epoch, promised, checkpoint } of line.regions) {
          if (this.#regions.has(region)) continue;
          const log = this.#log(region);
          log.reset(seq, epoch);
          log.promised = Number(promised ?? 0);
          log.letGo = checkpoint;
        }
        return;
      case "cut":
        return this.#log(line.region).cut(line.seq);
      case "reset":
        return this.#log(line.region).reset(line.seq, line.epoch);
      case "drop":
        this.#regions.delete(line.region);
        return;
      case "promise":
        this.#log(line.region).promised = Number(line.word);
        return;
      case "checkpoint":
        this.#log(line.region).letGo = line.seq;
        return;
      case "entry":
      case "close":
        return;
    }
  }

  #append({ region, epoch, seq, body }: LogEntry): void {
    const log = this.#log(region);
    const previous = log.epochAt(seq - 1);
    log.append({ epoch, seq, body });
    this.#onEntry(region, { epoch, seq, body }, previous);
  }

  #log(region: string): BookedLog {
    let log = this.#regions.get(region);
    if (log === undefined) this.#regions.set(region, log = new BookedLog());
    return log;
  }
}
