/** Reads along what a server writes to its log, and knows at every moment what of it is on disk. */
import type { MemoryDisk } from "../adapters/memory_disk.ts";
import type { LogEntry } from "../ports/log.ts";
import { decodeEntry, decodeLine, NEWLINE } from "../region/log/line.ts";
import type { Line } from "../region/log/record.ts";
import { segmentNumber } from "../region/log/segment_name.ts";
import { type BookedEntry, BookedLog } from "./checks/log_book.ts";
import type { DiskTap } from "./gated_disk.ts";

/** An entry, or another line, or neither where it has rotted. */
interface Waiting {
  readonly end: number;
  readonly line: Line | null;
  readonly entry: LogEntry | null;
}

/** A segment as far as it was read along. */
class Reading {
  size = 0;
  waiting: Waiting[] = [];
  readonly #isRotten: boolean;
  /** What comes behind a torn line does not count: it is cut off before the log is used again. */
  #isBroken = false;
  #rest = new Uint8Array(0);

  /** In one that has rotted, broken lines stand among sound ones. */
  constructor(isRotten: boolean) {
    this.#isRotten = isRotten;
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
      this.#read(all.subarray(from, end), start + end + 1);
      from = end + 1;
    }
    this.#rest = all.slice(from);
  }

  #read(bytes: Uint8Array, end: number): void {
    if (bytes.length === 0 || this.#isBroken) return;
    const entry = decodeEntry(bytes);
    const line = entry === null ? decodeLine(bytes) : null;
    this.#isBroken = entry === null && line === null && !this.#isRotten;
    if (!this.#isBroken) this.waiting.push({ end, line, entry });
  }

  cut(size: number): void {
    if (size >= this.size) return;
    this.waiting = this.waiting.filter(({ end }) => end <= size);
    this.#rest = new Uint8Array(0);
    this.#isBroken = false;
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
    for (const name of disk.names()) {
      if (segmentNumber(name) === null) continue;
      const bytes = disk.bytes(name);
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
        for (const { region, seq, epoch, promised } of line.regions) {
          if (this.#regions.has(region)) continue;
          const log = this.#log(region);
          log.reset(seq, epoch);
          log.promised = Number(promised ?? 0);
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
      case "entry":
      case "checkpoint":
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
