/** Reads entries back from their segments, in few and large reads, checking every one again. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { Disk } from "../../ports/disk.ts";
import type { LogEntry } from "../../ports/log.ts";
import type { Place } from "./entry_index.ts";
import { decodeEntry, NEWLINE } from "./line.ts";
import { segmentName } from "./segment_name.ts";

/** One read takes no more than this, but for an entry that is longer. */
const READ_BYTES_MAX = 1024 * 1024;

/** Other regions' lines in between are read too, if they are no longer than this. */
const GAP_BYTES_MAX = 16 * 1024;

export interface Wanted {
  readonly seq: number;
  readonly epoch: number;
  readonly place: Place;
}

/** Entries that one read fetches. */
interface Stretch {
  readonly segment: number;
  readonly offset: number;
  length: number;
  readonly wanted: Wanted[];
}

/**
 * Reads the entries at these places. Raises `missing` when a segment has gone, `DIVERGED` when
 * the bytes on disk are not what was written.
 */
export async function readEntries(
  disk: Disk,
  region: string,
  wanted: readonly Wanted[],
): Promise<readonly LogEntry[]> {
  const entries: LogEntry[] = [];
  for (const [segment, parts] of Map.groupBy(stretches(wanted), (each) => each.segment)) {
    const file = await disk.open(segmentName(segment), { create: false });
    try {
      for (const part of parts) {
        const bytes = await file.read(part.offset, part.length);
        for (const each of part.wanted) entries.push(entryIn(bytes, part, region, each));
      }
    } finally {
      file.close();
    }
  }
  return entries;
}

function stretches(wanted: readonly Wanted[]): readonly Stretch[] {
  const all: Stretch[] = [];
  for (const each of wanted) {
    const { segment, offset, length } = each.place;
    const last = all.at(-1);
    const longer = last === undefined ? 0 : offset + length - last.offset;
    const joins = last !== undefined && last.segment === segment && longer <= READ_BYTES_MAX &&
      offset - (last.offset + last.length) <= GAP_BYTES_MAX;
    if (joins) {
      last.length = longer;
      last.wanted.push(each);
    } else all.push({ segment, offset, length, wanted: [each] });
  }
  return all;
}

function entryIn(bytes: Uint8Array, stretch: Stretch, region: string, wanted: Wanted): LogEntry {
  const from = wanted.place.offset - stretch.offset;
  const line = bytes.subarray(from, from + wanted.place.length);
  const whole = line.length === wanted.place.length && line.at(-1) === NEWLINE;
  const entry = whole ? decodeEntry(line.subarray(0, -1)) : null;
  const right = entry !== null && entry.region === region && entry.seq === wanted.seq &&
    entry.epoch === wanted.epoch;
  if (!right) {
    // The copy kept here is no longer what was acknowledged: another replica must serve, and
    // this one be repaired.
    const { segment, offset } = wanted.place;
    throw new MinisqlError(
      "DIVERGED",
      `Cannot read entry ${wanted.seq} of region ${region}: ` +
        `${segmentName(segment)} is damaged at ${offset}`,
    );
  }
  return entry;
}
