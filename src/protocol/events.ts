/** What happens in a cluster, as typed values: logged, kept in the catalog, shown, narrated. */
import {
  array,
  type Infer,
  integer,
  json,
  nullable,
  number,
  object,
  optional,
  text,
  union,
} from "../base/shape.ts";
import { epoch, host, moment, port, regionName, rid, seq, tableName } from "./model.ts";

const term = integer(0);
const reason = text();

const EVENTS = {
  /** A master was elected and has rebuilt its memory. */
  "master.elected": { id: text(), term, host, port, afterMs: number },
  /** A master stopped being one, by plan or by force. */
  "master.deposed": { id: text(), term, reason },
  /** A master cannot reach the coordination service and serves nothing until it can. */
  "master.suspended": { id: text(), term, reason },
  "master.resumed": { id: text(), term },
  "server.joined": { rid, host, port, zone: text(), returned: optional(json) },
  "server.refused": { host, port, reason },
  "server.evicted": { rid, host, port, reason },
  "server.left": { rid, host, port, reason },
  "server.draining": { rid },
  /** It holds nothing any more and may be turned off. */
  "server.drained": { rid },
  /** It is to hold regions again. */
  "server.undrained": { rid },
  "table.created": { table: tableName, region: regionName, replicas: array(rid) },
  "table.dropped": { table: tableName, region: regionName },
  "table.altered": {
    table: tableName,
    region: regionName,
    /** The statement, or its beginning. */
    sql: text(),
    /** Its new name, where it has one. */
    to: optional(tableName),
  },
  /** A copy is made on another server: to replace one that is lost, or for want of copies. */
  "replica.adding": { region: regionName, to: rid, instead: nullable(rid), reason },
  "replica.added": { region: regionName, to: rid, instead: nullable(rid) },
  /** A region has a new primary, and why the promise of no lost write holds. */
  "region.failover": {
    region: regionName,
    epoch,
    from: nullable(rid),
    to: rid,
    seq,
    reason,
    outageMs: optional(number),
  },
  "region.isr": { region: regionName, epoch, isr: array(rid), change: text() },
  "region.read_only": { region: regionName, reason },
  "region.writable": { region: regionName },
  "sync.started": { region: regionName, rid, from: rid, reason },
  "sync.finished": { region: regionName, rid, rows: integer(0), bytes: integer(0), ms: number },
  "sync.failed": { region: regionName, rid, reason },
  "move.started": { region: regionName, from: rid, to: rid, reason },
  "move.finished": { region: regionName, from: rid, to: rid, pauseMs: number },
  /** A copy differs from the others: which, since when it may have, and what was done. */
  "copy.diverged": {
    region: regionName,
    table: optional(tableName),
    rid,
    seq,
    votes: text(),
    reason,
    verifiedAt: optional(nullable(moment)),
  },
  /** Its rows were wrong and there were no others to mend them from: they count as they are. */
  "copy.recounted": { region: regionName, table: tableName, rid, reason },
  "copy.repaired": { region: regionName, table: tableName, rid, rows: integer(0), ms: number },
  "engine.lost": { rid, reason },
  "engine.back": { rid },
  "catalog.lost": { reason },
  "catalog.back": { afterMs: number },
  "job.failed": { job: text(), subject: text(), reason },
} as const;

export const clusterEvent = union("event", EVENTS);

export type ClusterEvent = Infer<typeof clusterEvent>;
export type EventName = ClusterEvent["event"];

export const EVENT_NAMES = Object.keys(EVENTS) as readonly EventName[];

/** An event as kept and listed: numbered in order, with the moment it happened. */
export const recordedEvent = object({ id: integer(1), at: moment, what: clusterEvent });

export type RecordedEvent = Infer<typeof recordedEvent>;
