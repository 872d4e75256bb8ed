/** The words of a cluster as they cross the wire and are kept: servers, regions, tables, jobs. */
import {
  array,
  boolean,
  type Infer,
  integer,
  json,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  text,
} from "../base/shape.ts";

/** MySQL's own limit on identifiers. */
const NAME_LENGTH_MAX = 64;

export const tableName = text({
  min: 1,
  max: NAME_LENGTH_MAX,
  // MySQL allows nothing beyond U+FFFF, and no space at the end, where its collations see none.
  // deno-lint-ignore no-control-regex
  pattern: /^[^\u0000-\u001f\ud800-\udfff/\\.`]*[^\u0000-\u001f\ud800-\udfff/\\.` ]$/,
  words: "a table name of 1 to 64 characters as MySQL allows them, without . / \\ ` or control " +
    "characters, not ending in a space",
});

/** A region's name is a node's name in the coordination service and a key in logs. */
export const regionName = text({
  pattern: /^[a-z0-9][a-z0-9_-]{0,63}$/,
  words: "a region's name",
});

export const rid = integer(1);
export const epoch = integer(0);
export const seq = integer(0);
export const host = text({ min: 1, max: 255, words: "a host name or address" });
export const port = integer(1, 65_535);
/** Milliseconds since 1970 by the wall clock of whoever wrote it: for people, never for deciding. */
export const moment = number;

export const addressShape = object({ host, port });

/** A region server's own name for itself, drawn once and kept in its data folder. */
export const identity = text({ pattern: /^[0-9a-f]{32}$/, words: "32 hexadecimal digits" });

export const engineShape = object({
  vendor: oneOf(["mariadb", "mysql", "sqlite"]),
  version: text({ max: 128 }),
  /** What replication depends on, and must be alike within a replica set. */
  settings: record(text({ max: 4096 })),
});

/** What a server did since its last heartbeat, and how its copies are. */
export const loadShape = object({
  reads: integer(0),
  writes: integer(0),
  rows: integer(0),
  bytes: integer(0),
  /** Entries committed at a primary and not yet applied here, over all regions. */
  lag: integer(0),
  /** Age of the oldest verification among its copies; null before the first. */
  verifiedAgeMs: nullable(number),
  /** Reads and writes by region; of those that had any. */
  regions: optional(record(integer(0))),
});

export type Load = Infer<typeof loadShape>;

/** `draining`: its regions move away, and none come. `drained`: none is left; it may be turned off. */
export const serverStatus = oneOf(["online", "draining", "drained", "offline"]);

export const serverShape = object({
  rid,
  identity,
  host,
  port,
  zone: text({ max: 64 }),
  engine: engineShape,
  status: serverStatus,
  load: loadShape,
  created: moment,
  lastSeen: moment,
});

export type ServerRecord = Infer<typeof serverShape>;

/** Copies that a table may have. */
export const COPIES_MAX = 16;

export const replicaShape = object({
  rid,
  /** Rises with every start of the server's process. Nothing of an older one counts. */
  incarnation: text({ min: 1, max: 64 }),
});

export const regionStateShape = object({
  region: regionName,
  epoch,
  primary: nullable(rid),
  /** Replicas that hold every acknowledged entry, the primary included. */
  isr: array(replicaShape),
  replicas: array(rid),
  state: oneOf(["creating", "open", "dropping"]),
  /** Copies asked for. There are fewer for want of servers, and one more during a move. */
  copies: optional(integer(1, COPIES_MAX)),
  /** Of the replicas, those that have yet to be copied: they do not count in what a write needs. */
  joining: optional(array(rid)),
});

/**
 * The contents of `/regions/<region>`, changed only by compare-and-set: `primary`, `epoch` and `isr`
 * by its primary or who becomes it, all else by the master. A member of `isr` that is no longer in
 * `replicas` is to leave: its primary takes it out, as it takes out of `joining` who is in sync.
 */
export type RegionState = Infer<typeof regionStateShape>;

/** The contents of `/master/active`. */
export const activeMasterShape = object({
  id: text({ min: 1, max: 128 }),
  host,
  port,
  term: integer(0),
  since: moment,
});

export type ActiveMaster = Infer<typeof activeMasterShape>;

/** What a master says of itself in the election queue. */
export const candidateMasterShape = object({ id: text({ min: 1, max: 128 }), host, port });

export type CandidateMaster = Infer<typeof candidateMasterShape>;

/** The contents of `/servers/<rid>`, there while the server lives. */
export const liveServerShape = object({
  rid,
  host,
  port,
  zone: text({ max: 64 }),
  engine: engineShape,
  status: serverStatus,
  incarnation: text({ min: 1, max: 64 }),
  createTime: moment,
});

export type LiveServer = Infer<typeof liveServerShape>;

/** The contents of `/tables/<table>`. */
export const tableNodeShape = object({
  region: regionName,
  schemaHash: text({ max: 64 }),
});

export type TableNode = Infer<typeof tableNodeShape>;

export const serverRefShape = object({ rid, host, port, zone: text({ max: 64 }) });
export type ServerRef = Infer<typeof serverRefShape>;

export const availability = oneOf(["writable", "read_only", "unavailable"]);

/** Where a region's tables are read and written now, as far as the master knows. */
export const routeShape = object({
  region: regionName,
  epoch,
  tables: array(tableName),
  primary: nullable(serverRefShape),
  slaves: array(serverRefShape),
  state: availability,
});

export type Route = Infer<typeof routeShape>;

export const tableShape = object({
  name: tableName,
  region: regionName,
  ddl: text(),
  state: oneOf(["creating", "ready", "dropping"]),
  created: moment,
});

export type TableRecord = Infer<typeof tableShape>;

export const placementShape = object({ region: regionName, rid, since: moment });
export type Placement = Infer<typeof placementShape>;

export const jobId = text({
  pattern: /^[\x21-\x7e]{1,64}$/,
  words: "1 to 64 printable ASCII characters without spaces",
});

export const jobShape = object({
  id: jobId,
  kind: oneOf([
    "create_table",
    "drop_table",
    "alter_table",
    "add_replica",
    "move_region",
    "drain",
    "verify",
  ]),
  state: oneOf(["running", "done", "failed", "cancelled"]),
  /** What is worked on, for people: a table, a region, a server. */
  subject: text({ max: 256 }),
  /** What was asked, so that the next master can finish it. */
  request: json,
  /** How far it is, so that the next master goes on from there; see `jobProgress`. */
  progress: json,
  error: optional(nullable(text())),
  created: moment,
  updated: moment,
});

export type JobRecord = Infer<typeof jobShape>;

/** What a job's `progress` says, once there is something to say. */
export const jobProgress = object({
  /** What it does now, in a few words. */
  phase: text(),
  /** How much of it is done, in whatever `phase` counts. */
  done: optional(integer(0)),
  of: optional(integer(0)),
  /** How long writes paused. */
  pauseMs: optional(number),
  /** It can only go forward from here. */
  settled: optional(boolean),
  /** What was begun is being taken back: it was cancelled, or failed. */
  undoing: optional(oneOf(["cancelled", "failed"])),
});

export type JobProgress = Infer<typeof jobProgress>;

/** Names are keys in the catalog: no two may differ only in what a database does not see. */
export const userName = text({
  min: 1,
  max: 80,
  pattern: /^[^\p{Cc}\p{Cs}]*[^\p{Cc}\p{Cs} ]$/u,
  words: "a user name of 1 to 80 characters, without control characters, not ending in a space",
});

export const userShape = object({
  name: userName,
  /** A salted hash; the password itself is kept nowhere. */
  secret: text({ max: 512 }),
  created: moment,
});

export type UserRecord = Infer<typeof userShape>;

export const PRIVILEGES = ["read", "write", "ddl", "admin"] as const;

export const grantShape = object({
  user: userName,
  privilege: oneOf(PRIVILEGES),
  /** A table's name, or * for all. */
  scope: tableName,
});

export type Grant = Infer<typeof grantShape>;

export const verdictShape = object({
  /** From best to worst; a script can compare it. */
  code: oneOf(["ok", "no_tolerance", "degraded", "read_only", "unavailable"]),
  /** One sentence that a person reads first. */
  sentence: text(),
  healthy: boolean,
});

export type Verdict = Infer<typeof verdictShape>;
