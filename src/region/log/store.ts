/** What is on disk: the regions as they are stored, and the files that hold their entries. */
import { MinisqlError } from "../../protocol/errors.ts";
import { type Disk, DiskError } from "../../ports/disk.ts";
import type { LogEntry, ReadLimit } from "../../ports/log.ts";
import { readEntries, type Wanted } from "./entry_reader.ts";
import type { CarriedRegion, LogRecord } from "./record.ts";
import type { Recovered } from "./recovery.ts";
import type { RegionState } from "./region_state.ts";
import type { RegionsAhead } from "./regions_ahead.ts";
import { Reserve } from "./reserve.ts";
import { isFull, Segments, type Written } from "./segments.ts";
import { StoredRegion } from "./stored_region.ts";
import { TailCache } from "./tail_cache.ts";
import type { WriterStore } from "./writer.ts";

export interface StoreOptions {
  readonly segmentBytes: number;
  readonly cacheBytes: number;
  readonly reserveBytes: number;
}

export class Store implements WriterStore {
  readonly #disk: Disk;
  readonly #options: StoreOptions;
  readonly #ahead: RegionsAhead;
  readonly #regions: Map<string, StoredRegion>;
  readonly #segments: Segments;
  readonly #reserve: Reserve;
  readonly #cache: TailCache;

  constructor(
    files: { readonly disk: Disk; readonly segments: Segments },
    options: StoreOptions,
    regions: Map<string, StoredRegion>,
    ahead: RegionsAhead,
  ) {
    this.#disk = files.disk;
    this.#segments = files.segments;
    this.#options = options;
    this.#regions = regions;
    this.#ahead = ahead;
    this.#reserve = new Reserve(files.disk, options.reserveBytes);
    this.#cache = new TailCache(options.cacheBytes);
  }

  /** Mends the end of the log and makes it ready for more. */
  async start({ last, goOn }: Recovered): Promise<void> {
    if (last !== null) await this.#segments.mend(last.segment, last.size, goOn);
    if (!goOn) await this.#begin();
    await this.collect();
    await this.#reserve.fill();
  }

  async prepare(): Promise<void> {
    const grown = this.#segments.size >= this.#options.segmentBytes;
    if (grown && this.#segments.used) await this.#segments.begin(this.#carried());
  }

  write(records: readonly LogRecord[]): Promise<readonly Written[]> {
    return this.#segments.append(records);
  }

  sync(): Promise<void> {
    return this.#segments.sync();
  }

  stored(written: readonly Written[]): void {
    for (const each of written) this.#apply(each);
  }

  refused(): void {
    this.#ahead.backTo(this.#regions);
  }

  release(): Promise<boolean> {
    return this.#reserve.release();
  }

  abandon(): Promise<void> {
    return this.#segments.abandon();
  }

  /** Removes the segments before the first that somebody needs. */
  async collect(): Promise<void> {
    const { oldest, current } = this.#segments;
    if (oldest === current) return;
    let needed = current;
    for (const region of this.#regions.values()) {
      needed = Math.min(needed, region.neededSegment ?? needed);
    }
    needed = this.#segments.beginningBefore(needed);
    if (needed <= oldest) return;
    for (const [name, region] of this.#regions) {
      const first = region.release(needed);
      const ahead = this.#ahead.get(name);
      if (ahead?.beganWith(region.state)) ahead.release(first - 1);
    }
    await this.#segments.removeBefore(needed);
    await this.#reserve.fill();
  }

  /** A region as it is on disk. */
  state(region: string): RegionState | undefined {
    return this.#regions.get(region)?.state;
  }

  async read(region: string, fromSeq: number, limit: ReadLimit): Promise<readonly LogEntry[]> {
    const stored = this.#regions.get(region);
    if (stored === undefined) return [];
    if (fromSeq <= stored.state.base.seq) throw behind(region, fromSeq, stored);
    const cached = this.#cache.get(region, fromSeq);
    if (cached !== null) return this.#fromCache(cached, stored, limit);
    const wanted = this.#wanted(stored, fromSeq, limit);
    try {
      return await readEntries(this.#disk, region, wanted);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      // The segment may have been let go while this was reading.
      if (fromSeq <= stored.state.base.seq) throw behind(region, fromSeq, stored);
      throw new MinisqlError(
        "DIVERGED",
        `Cannot read entry ${fromSeq} of region ${region}: its segment cannot be read`,
        { cause: error },
      );
    }
  }

  /** Seals and closes the current segment; what waits must have been written. */
  async close(sound: boolean): Promise<void> {
    try {
      if (sound) await this.#segments.seal();
    } finally {
      this.#segments.close();
    }
  }

  /** Begins a segment, in the space kept back where there is no other. */
  async #begin(): Promise<void> {
    try {
      await this.#segments.begin(this.#carried());
    } catch (error) {
      if (!isFull(error)) throw error;
      await this.#reserve.release();
      await this.#segments.begin(this.#carried());
    }
  }

  #carried(): readonly CarriedRegion[] {
    return [...this.#regions].map(([name, region]) => region.state.carry(name));
  }

  #apply({ record, place }: Written): void {
    const { region } = record;
    if (record.kind === "drop") {
      this.#regions.delete(region);
      this.#cache.drop(region);
      return;
    }
    let stored = this.#regions.get(region);
    if (stored === undefined) {
      // A checkpoint may come after its region has gone.
      if (record.kind === "checkpoint") return;
      this.#regions.set(region, stored = new StoredRegion());
    }
    stored.apply(record, place);
    if (record.kind === "entry") this.#cache.add(entryOf(record));
    else if (record.kind === "cut") this.#cache.cut(region, record.seq);
    else if (record.kind === "reset") this.#cache.drop(region);
    else if (record.kind === "checkpoint") {
      const ahead = this.#ahead.get(region);
      if (ahead?.beganWith(stored.state)) ahead.apply(record);
    }
  }

  #fromCache(first: LogEntry, stored: StoredRegion, limit: ReadLimit): readonly LogEntry[] {
    const entries: LogEntry[] = [];
    let bytes = 0;
    for (let entry: LogEntry | null = first; entry !== null;) {
      bytes += stored.place(entry.seq).length;
      if (entries.length > 0 && (bytes > limit.bytes || entries.length >= limit.entries)) break;
      entries.push(entry);
      entry = this.#cache.get(entry.region, entry.seq + 1);
    }
    return entries;
  }

  #wanted(stored: StoredRegion, fromSeq: number, limit: ReadLimit): readonly Wanted[] {
    const wanted: Wanted[] = [];
    let bytes = 0;
    for (let seq = fromSeq; seq <= stored.state.last.seq; seq++) {
      const place = stored.place(seq);
      bytes += place.length;
      if (wanted.length > 0 && (bytes > limit.bytes || wanted.length >= limit.entries)) break;
      wanted.push({ seq, epoch: stored.state.epochAt(seq) ?? 0, place });
    }
    return wanted;
  }
}

function entryOf({ region, seq, epoch, body }: LogEntry): LogEntry {
  return { region, seq, epoch, body };
}

function behind(region: string, seq: number, stored: StoredRegion): MinisqlError {
  return new MinisqlError(
    "BEHIND",
    `Cannot read entry ${seq} of region ${region}: the first one held is ` +
      `${stored.state.base.seq + 1}`,
  );
}
