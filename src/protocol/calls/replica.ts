/** Operations between the replicas of a region: shipping the log, voting, copying. */
import {
  array,
  boolean,
  integer,
  nullable,
  number,
  object,
  optional,
  record,
  text,
} from "../../base/shape.ts";
import type { CallSpec } from "../call.ts";
import { epoch, regionName, rid, seq, tableName } from "../model.ts";
import { wireCell } from "../values.ts";
import { fingerprintShape } from "./region.ts";

const incarnation = text({ min: 1, max: 64 });
export const positionShape = object({ epoch, seq });

/** From the primary of an epoch to one process of a follower, by its incarnation. */
const ADDRESSED = { region: regionName, epoch, from: rid, to: incarnation } as const;

const SHIPPING = {
  follow: {
    to: "region",
    does: "The primary of an epoch asks a replica where its log stands. From then on the replica " +
      "refuses older epochs.",
    repeatable: true,
    request: object({ region: regionName, epoch, from: rid }),
    answer: object({
      incarnation,
      applied: seq,
      /** Of the log held: in which epoch the entries up to which position are; rising. */
      epochs: array(positionShape),
      /** The position just before the first entry held. */
      base: seq,
      /** Why the copy cannot go on from its log; null where it can. */
      unfit: nullable(text()),
      /** It is being copied anew at the moment. */
      syncing: boolean,
      /** Of every table, as of the position applied. */
      fingerprints: record(fingerprintShape),
    }),
  },
  rewind: {
    to: "region",
    does: "Cuts off what the follower's log holds after the position where it parts.",
    repeatable: true,
    request: object({ ...ADDRESSED, seq }),
    answer: object({}),
  },
  replicate: {
    to: "region",
    does: "Appends entries to the follower's log and tells how far all is committed. Answered " +
      "when they are on its disk.",
    request: object({
      ...ADDRESSED,
      /** What stands before the entries; refused with BEHIND where the log ends otherwise. */
      previous: positionShape,
      entries: array(object({ epoch, seq, body: text({ min: 1 }) })),
      committed: seq,
    }),
    answer: object({
      last: seq,
      applied: seq,
      /** Why the copy serves nothing, although its log is whole; null where it serves. */
      unfit: nullable(text()),
    }),
  },
  resync: {
    to: "region",
    does: "Tells a follower to copy the region anew from the primary, comparing as it goes.",
    repeatable: true,
    request: object({ ...ADDRESSED, reason: text() }),
    answer: object({}),
  },
  vote: {
    to: "region",
    does: "Tells the fingerprints this copy had at a position; null for one it does not know.",
    repeatable: true,
    request: object({ region: regionName, epoch, seq, tables: array(tableName, 64) }),
    answer: object({
      rid,
      fingerprints: array(nullable(fingerprintShape)),
      /** How far it has applied: less than asked for, and it may vote later. */
      applied: seq,
      /** It is the primary of the epoch asked for. */
      primary: boolean,
    }),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

/** A primary key's cells as rows carry them; null for no bound. */
const key = nullable(array(wireCell, 64));

const copy = text({ min: 1, max: 64 });

/** One consistent view of all of a region's tables, kept open at the source while it is copied. */
const COPYING = {
  openCopy: {
    to: "region",
    does: "Opens a view of the region at one position, to copy from; it ends by itself when idle.",
    request: object({ region: regionName, epoch }),
    answer: object({
      copy,
      position: positionShape,
      tables: array(object({
        table: tableName,
        ddl: text({ min: 1 }),
        fingerprint: fingerprintShape,
      })),
    }),
  },
  keepCopy: {
    to: "region",
    does: "Says that a view is still needed, for a reader that is busy elsewhere.",
    repeatable: true,
    request: object({ copy }),
    answer: object({}),
  },
  copyChunk: {
    to: "region",
    does: "Tells where the next so many rows of a table end, and what they add up to; of a table " +
      "without a primary key, what all of it does.",
    repeatable: true,
    request: object({ copy, table: tableName, after: key, rows: integer(1, 1_000_000) }),
    answer: object({
      /** Null when the chunk goes to the table's end. */
      upTo: key,
      fingerprint: fingerprintShape,
      ms: number,
    }),
  },
  copyRows: {
    to: "region",
    does: "Sends the rows of a table between two keys, in their order, with all their columns.",
    repeatable: true,
    request: object({
      copy,
      table: tableName,
      after: key,
      upTo: key,
      /** Of each row only its key and its checksum. */
      checksums: optional(boolean),
    }),
    answer: object({}),
    rows: true,
  },
  copySessions: {
    to: "region",
    does: "Sends the last write of each client session: session, number, position and result.",
    repeatable: true,
    request: object({ copy }),
    answer: object({}),
    rows: true,
  },
  closeCopy: {
    to: "region",
    does: "Ends a view that was opened to copy from.",
    repeatable: true,
    request: object({ copy }),
    answer: object({}),
  },
} as const satisfies Readonly<Record<string, CallSpec>>;

export const REPLICA_CALLS = { ...SHIPPING, ...COPYING } as const;
