/**
 * Reads the lines of one segment and tells a torn end from damage.
 *
 * A crash may leave anything in the bytes that were not yet synced: some of the lines, parts of
 * lines, later ones without earlier ones. None of them was acknowledged, so from the first broken
 * line on they are cut off. Every record says how much of its segment was on disk when it was
 * written; a broken line before that offset was whole once, so it is damage, and what follows it
 * counts.
 */
import type { DiskFile } from "../../ports/disk.ts";
import { decodeLine, headerVersion } from "./line.ts";
import { scanLines } from "./line_scanner.ts";
import { FORMAT_VERSION, type HeaderLine, type Line, type RecordLine } from "./record.ts";

export interface FoundRecord {
  readonly record: RecordLine;
  readonly offset: number;
  readonly length: number;
}

export interface SegmentEvents {
  /** The first line, when it is a header. Answers whether to go on with this segment. */
  header(header: HeaderLine): boolean;
  record(found: FoundRecord): void;
  broken(offset: number): void;
  /** The first line is the header of another format; the scan ends. */
  otherVersion(version: number): void;
}

export interface SegmentEnd {
  /** Up to here the segment is kept. */
  readonly size: number;
  /** The header, or any record, is whole. */
  readonly begun: boolean;
}

interface Found {
  readonly line: Line | null;
  readonly offset: number;
  readonly length: number;
}

/** `sealed`: a later segment was begun, which is only done when all of this one is on disk. */
export async function scanSegment(
  file: DiskFile,
  sealed: boolean,
  events: SegmentEvents,
): Promise<SegmentEnd> {
  const scan = new SegmentScan(events, sealed);
  await scanLines(file, ({ bytes, offset, length }) => {
    const empty = bytes?.length === 0 && offset > 0;
    if (!scan.going || empty) return;
    const version = offset === 0 && bytes !== null ? headerVersion(bytes) : null;
    if (version !== null && version !== FORMAT_VERSION) return scan.otherVersion(version);
    scan.add({ line: bytes === null ? null : decodeLine(bytes), offset, length });
  });
  return scan.finish(file.size);
}

class SegmentScan {
  going = true;
  readonly #events: SegmentEvents;
  /** How much of the segment is known to have been on disk. */
  #synced: number;
  /** Lines from the first one on that may be a torn end. */
  #doubtful: Found[] = [];
  #begun = false;
  /** The last line told was broken: one damage, not one for each line of it. */
  #inBroken = false;

  constructor(events: SegmentEvents, sealed: boolean) {
    this.#events = events;
    this.#synced = sealed ? Infinity : 0;
  }

  otherVersion(version: number): void {
    this.going = false;
    this.#events.otherVersion(version);
  }

  add(found: Found): void {
    const { line } = found;
    if (line !== null && line.kind !== "segment") {
      this.#synced = Math.max(this.#synced, line.synced);
    }
    this.#doubtful.push(found);
    if (this.#doubtful.length > 1 || line === null) this.#settle();
    else this.#take();
  }

  /** The whole of a line is told, unless the end is torn. */
  finish(size: number): SegmentEnd {
    const torn = this.#doubtful[0]?.offset ?? size;
    return { size: torn, begun: this.#begun };
  }

  /** Tells what is no longer in doubt: everything up to the first broken line not known synced. */
  #settle(): void {
    while (this.#doubtful.length > 0) {
      const { line, offset } = this.#doubtful[0] as Found;
      if (line === null && offset >= this.#synced) return;
      this.#take();
    }
  }

  #take(): void {
    const found = this.#doubtful.shift();
    if (found === undefined || !this.going) return;
    const { line, offset, length } = found;
    if (line === null) return this.#broken(offset);
    this.#begun = true;
    this.#inBroken = false;
    if (line.kind === "segment") this.#header(line, offset);
    else if (line.kind !== "close") this.#events.record({ record: line, offset, length });
  }

  #header(header: HeaderLine, offset: number): void {
    if (offset > 0) return this.#broken(offset);
    this.going = this.#events.header(header);
  }

  #broken(offset: number): void {
    if (!this.#inBroken) this.#events.broken(offset);
    this.#inBroken = true;
  }
}
