/** The segment files: the one being written, the change to the next, and letting old ones go. */
import { invariant } from "../../base/assert.ts";
import { type Disk, DiskError, type DiskFile } from "../../ports/disk.ts";
import type { Place } from "./entry_index.ts";
import { concat, encodeClose, encodeHeader, encodeRecord } from "./line.ts";
import { type CarriedRegion, FORMAT_VERSION, type LogRecord } from "./record.ts";
import type { Recovered } from "./recovery.ts";
import { segmentName } from "./segment_name.ts";

export interface Written {
  readonly record: LogRecord;
  readonly place: Place;
}

interface Current {
  readonly segment: number;
  readonly file: DiskFile;
  /** Nothing but the header is in it. */
  empty: boolean;
}

export class Segments {
  readonly #disk: Disk;
  readonly #log: string;
  /** Rising; the current one is the last. */
  readonly #held: number[];
  readonly #headless: ReadonlySet<number>;
  #next: number;
  #current: Current | null = null;
  /** How much of the current segment is on disk. */
  #synced = 0;
  /** Records were written since the log was opened or last sealed. */
  #unsealed = false;

  constructor(disk: Disk, log: string, recovered: Recovered) {
    this.#disk = disk;
    this.#log = log;
    this.#next = recovered.next;
    this.#held = recovered.segments.filter((segment) => segment !== recovered.next);
    this.#headless = recovered.headless;
  }

  get size(): number {
    return this.#current?.file.size ?? 0;
  }

  /** True when records have been written to the current segment. */
  get used(): boolean {
    return this.#current !== null && !this.#current.empty;
  }

  /** The number of the segment being written. */
  get current(): number {
    return this.#open().segment;
  }

  /** The number of the oldest segment there is. */
  get oldest(): number {
    return this.#held[0] ?? this.current;
  }

  /** The first segment to be kept if nothing before `segment` is needed. */
  beginningBefore(segment: number): number {
    const kept = this.#held.findLast((each) => each <= segment && !this.#headless.has(each));
    return kept ?? this.oldest;
  }

  /** Cuts the torn end off the last segment, and sees to it that the rest is on disk. */
  async mend(segment: number, size: number, goOn: boolean): Promise<void> {
    const file = await this.#disk.open(segmentName(segment), { create: false });
    try {
      if (file.size > size) await file.truncate(size);
      await file.sync();
    } catch (error) {
      file.close();
      throw error;
    }
    if (!goOn) return file.close();
    this.#current = { segment, file, empty: false };
    this.#synced = file.size;
  }

  /**
   * Begins the next segment, with what its header carries over. Everything written must be on
   * disk. Raises `full` when there is no space, and then goes on with the old one.
   */
  async begin(regions: readonly CarriedRegion[]): Promise<void> {
    invariant(this.#synced === this.size, "A segment must be on disk before the next is begun");
    const segment = this.#next;
    const file = await this.#create(
      segment,
      encodeHeader({
        kind: "segment",
        version: FORMAT_VERSION,
        segment,
        log: this.#log,
        regions,
      }),
    );
    this.#current?.file.close();
    this.#current = { segment, file, empty: true };
    this.#synced = file.size;
    this.#held.push(segment);
    this.#next = segment + 1;
  }

  async #create(segment: number, header: Uint8Array): Promise<DiskFile> {
    const name = segmentName(segment);
    const file = await this.#disk.open(name, { create: true });
    try {
      await file.truncate(0);
      await file.append(header);
      await file.sync();
      return file;
    } catch (error) {
      file.close();
      await this.#undo(error, () => this.#disk.remove(name));
      throw error;
    }
  }

  /**
   * Writes records, not yet synced. Raises `full` when they do not fit, and then none of them is
   * in the file; the next sync makes sure of that.
   */
  async append(records: readonly LogRecord[]): Promise<readonly Written[]> {
    const { file, segment } = this.#open();
    const start = file.size;
    const lines = records.map((record) => encodeRecord(record, this.#synced));
    let offset = start;
    const written = records.map((record, at) => {
      const { length } = lines[at] as Uint8Array;
      offset += length;
      return { record, place: { segment, offset: offset - length, length } };
    });
    try {
      await file.append(concat(lines, offset - start));
    } catch (error) {
      await this.#undo(error, () => file.truncate(start));
      throw error;
    }
    this.#open().empty = false;
    this.#unsealed = true;
    return written;
  }

  async sync(): Promise<void> {
    const { file } = this.#open();
    const { size } = file;
    await file.sync();
    this.#synced = size;
  }

  /**
   * Cuts off what a failed sync may have lost. It can still be read, so a program started next
   * would take it for stored, and a sync by then would not complain.
   */
  async abandon(): Promise<void> {
    const file = this.#current?.file;
    await file?.truncate(this.#synced).catch(onlyDiskError);
  }

  /** Takes a step back. On a full disk that must succeed; on a failed one it may not. */
  async #undo(error: unknown, step: () => Promise<void>): Promise<void> {
    if (isFull(error)) await step();
    else await step().catch(onlyDiskError);
  }

  /** Removes segments before `segment`, oldest first, so that a crash leaves no hole. */
  async removeBefore(segment: number): Promise<void> {
    for (let oldest = this.#held[0]; oldest !== undefined; oldest = this.#held[0]) {
      if (oldest >= segment || oldest === this.#current?.segment) return;
      await this.#disk.remove(segmentName(oldest));
      this.#held.shift();
    }
  }

  /**
   * Notes that all was written that was to be: from now on no broken line is a torn end. Without
   * the note, what was promised is there all the same, so it is tried once.
   */
  async seal(): Promise<void> {
    if (!this.#unsealed) return;
    const { file } = this.#open();
    try {
      await file.append(encodeClose(this.#synced));
      await file.sync();
      this.#unsealed = false;
    } catch (error) {
      onlyDiskError(error);
      await this.abandon();
    }
  }

  close(): void {
    this.#current?.file.close();
    this.#current = null;
  }

  #open(): Current {
    invariant(this.#current !== null, "No segment is open");
    return this.#current;
  }
}

export function isFull(error: unknown): error is DiskError {
  return error instanceof DiskError && error.code === "full";
}

function onlyDiskError(error: unknown): void {
  if (!(error instanceof DiskError)) throw error;
}
