/** The records of the log, and what carrying a region over from one segment to the next takes. */
import {
  array,
  boolean,
  type Infer,
  integer,
  nullable,
  object,
  text,
  union,
} from "../../base/shape.ts";

/** Raised when lines change so that an older program could not read them. */
export const FORMAT_VERSION = 1;

/**
 * A longer line is not a record. An entry travels in one message of at most 16 MiB, and no UTF-16
 * unit of it takes more than three bytes.
 */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

/** What a header says of a region: enough to go on when every older segment is gone. */
const carriedShape = object({
  region: text({ min: 1 }),
  /** How many records of the region the log holds so far. */
  n: integer(0),
  epoch: integer(0),
  seq: integer(0),
  checkpoint: integer(0),
  promised: nullable(text()),
  /** Damage was found in the region's log, and it has not been reset since. */
  damaged: boolean,
});

export type CarriedRegion = Infer<typeof carriedShape>;

/**
 * `n` counts the records of a region, so that a lost one shows at the next; a checkpoint has none,
 * since losing it costs nothing. `synced` is how much of the segment was on disk when the record
 * was written: the proof that whatever is broken before that offset was whole once.
 */
const chained = { region: text({ min: 1 }), n: integer(1), synced: integer(0) };
const position = { epoch: integer(0), seq: integer(0) };

export const lineShape = union("kind", {
  /** The first line of a segment. `log` names the log, so that a file of another is noticed. */
  segment: {
    version: integer(1),
    segment: integer(1),
    log: text({ min: 1 }),
    regions: array(carriedShape),
  },
  /** On disk, the body comes after these. */
  entry: { ...chained, ...position },
  /** Entries after this position are cut off. */
  cut: { ...chained, ...position },
  /** The region begins anew after this position. */
  reset: { ...chained, ...position, promised: nullable(text()) },
  drop: chained,
  promise: { ...chained, word: text() },
  checkpoint: { region: text({ min: 1 }), synced: integer(0), seq: integer(0) },
  /** The log was closed in good order. */
  close: { synced: integer(0) },
});

/** A line as it stands in a segment, without the body of an entry. */
export type Line = Infer<typeof lineShape>;
export type EntryLine = Extract<Line, { kind: "entry" }>;
export type HeaderLine = Extract<Line, { kind: "segment" }>;
export type RecordLine = Exclude<Line, { kind: "segment" | "close" }>;

type Timeless<T> = T extends unknown ? Omit<T, "synced"> : never;

/** What a record does to its region, whenever it was written and whatever its body. */
export type RecordHead = Timeless<RecordLine>;
export type EntryRecord = Extract<RecordHead, { kind: "entry" }> & { readonly body: string };

/** A record to be written. */
export type LogRecord = Exclude<RecordHead, { kind: "entry" }> | EntryRecord;
