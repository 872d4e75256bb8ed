/** Reads every segment of a log at its start, and says what is there and what is not. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { Disk } from "../../ports/disk.ts";
import type { LogDamage } from "../../ports/log.ts";
import { FORMAT_VERSION, type HeaderLine } from "./record.ts";
import { Replay } from "./replay.ts";
import { segmentName, segmentNumber } from "./segment_name.ts";
import { scanSegment, type SegmentEnd, type SegmentEvents } from "./segment_scan.ts";
import type { StoredRegion } from "./stored_region.ts";

export interface Recovered {
  /** The name in the headers; null when no header could be read. */
  readonly log: string | null;
  /** Segment files there are, rising. */
  readonly segments: readonly number[];
  /** Those whose header cannot be used: they mean nothing without the segments before them. */
  readonly headless: ReadonlySet<number>;
  /** The last segment, without its torn end; null when there is none, or nothing in it. */
  readonly last: { readonly segment: number; readonly size: number } | null;
  /** Whether to go on writing in the last segment, rather than begin the next. */
  readonly goOn: boolean;
  /** The number of the next segment to begin. A file of that number holds nothing. */
  readonly next: number;
  readonly regions: Map<string, StoredRegion>;
  readonly damage: readonly LogDamage[];
}

/** Changes nothing on disk. Raises `UNSUPPORTED` for files that this program must not touch. */
export async function recover(disk: Disk): Promise<Recovered> {
  const segments = (await disk.list()).map(segmentNumber).filter((each) => each !== null);
  segments.sort((a, b) => a - b);
  return await new Recovery(disk, segments).run();
}

class Recovery {
  readonly #disk: Disk;
  readonly #segments: readonly number[];
  readonly #replay = new Replay();
  readonly #headless: Set<number>;
  #log: string | null = null;

  constructor(disk: Disk, segments: readonly number[]) {
    this.#disk = disk;
    this.#segments = segments;
    this.#headless = new Set(segments);
  }

  async run(): Promise<Recovered> {
    let end: SegmentEnd & { readonly usable: boolean } | null = null;
    for (const [at, segment] of this.#segments.entries()) {
      const before = this.#segments[at - 1];
      if (before !== undefined) this.#missing(before + 1, segment);
      end = await this.#scan(segment, at < this.#segments.length - 1);
    }
    const oldest = { segment: segmentName(this.#segments[0] ?? 1), offset: 0 };
    const { regions, damage, newlyDamaged } = this.#replay.finish(oldest);
    const segment = this.#segments.at(-1) ?? 1;
    const begun = end?.begun ?? false;
    return {
      log: this.#log,
      segments: this.#segments,
      headless: this.#headless,
      last: end !== null && begun ? { segment, size: end.size } : null,
      // Damage is written down in the header of a new segment, so that it is not forgotten.
      goOn: end !== null && begun && end.usable && !newlyDamaged,
      next: begun ? segment + 1 : segment,
      regions,
      damage,
    };
  }

  #missing(from: number, to: number): void {
    const why = to - from > 1 ? `it and ${to - from - 1} after it are missing` : "it is missing";
    if (to > from) this.#replay.damaged({ segment: segmentName(from), offset: 0 }, why);
  }

  async #scan(
    segment: number,
    sealed: boolean,
  ): Promise<SegmentEnd & { readonly usable: boolean }> {
    const name = segmentName(segment);
    let usable = false;
    const events: SegmentEvents = {
      header: (header) => usable = this.#header(header, segment),
      record: ({ record, offset, length }) => {
        const place = { segment, offset, length };
        this.#replay.record(record, place, { segment: name, offset });
      },
      broken: (offset) => {
        const why = offset === 0 ? "its header is unreadable" : "a record is broken";
        this.#replay.damaged({ segment: name, offset }, why);
      },
      otherVersion: (version) => refuseVersion(name, version),
    };
    const file = await this.#disk.open(name, { create: false });
    try {
      if (sealed && file.size === 0) {
        this.#replay.damaged({ segment: name, offset: 0 }, "it is empty");
      }
      return { ...await scanSegment(file, sealed, events), usable };
    } finally {
      file.close();
    }
  }

  /** Answers whether the segment is what its name says; if not, it is as good as missing. */
  #header(header: HeaderLine, segment: number): boolean {
    const spot = { segment: segmentName(segment), offset: 0 };
    this.#log ??= header.log;
    if (header.log !== this.#log) {
      throw new MinisqlError(
        "UNSUPPORTED",
        `Cannot open the log: ${spot.segment} belongs to the log ${header.log}, ` +
          `the segments before it to ${this.#log}`,
      );
    }
    if (header.segment !== segment) {
      this.#replay.damaged(spot, `it is segment ${header.segment} under another name`);
      return false;
    }
    this.#replay.header(header, spot);
    this.#headless.delete(segment);
    return true;
  }
}

function refuseVersion(name: string, version: number): never {
  throw new MinisqlError(
    "UNSUPPORTED",
    `Cannot open the log: ${name} is of format ${version}, this program knows ${FORMAT_VERSION}`,
  );
}
