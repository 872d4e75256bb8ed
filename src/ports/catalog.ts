/**
 * The cluster's long-term record: servers, tables, placements, jobs, events, users. Only the
 * active master writes it, and each write carries the master's term: the catalog refuses an older
 * one, so that a master which was deposed without noticing changes nothing.
 */
import type { RecordedEvent } from "../protocol/events.ts";
import type { ClusterEvent } from "../protocol/events.ts";
import type {
  Grant,
  JobRecord,
  Placement,
  ServerRecord,
  TableRecord,
  UserRecord,
} from "../protocol/model.ts";

/**
 * One change. Puts replace the record of the same key; deleting what is not there is no error. Of
 * several changes to one key the last counts.
 */
export type CatalogChange =
  | { readonly change: "server.put"; readonly server: ServerRecord }
  | { readonly change: "server.delete"; readonly rid: number }
  | { readonly change: "table.put"; readonly table: TableRecord }
  | { readonly change: "table.delete"; readonly name: string }
  | { readonly change: "placement.put"; readonly placement: Placement }
  | { readonly change: "placement.delete"; readonly region: string; readonly rid: number }
  | { readonly change: "job.put"; readonly job: JobRecord }
  | { readonly change: "job.delete"; readonly id: string }
  | { readonly change: "event.add"; readonly at: number; readonly event: ClusterEvent }
  | { readonly change: "event.prune"; readonly keep: number }
  | { readonly change: "user.put"; readonly user: UserRecord }
  | { readonly change: "user.delete"; readonly name: string }
  | { readonly change: "grant.put"; readonly grant: Grant }
  | { readonly change: "grant.delete"; readonly grant: Grant };

/**
 * A record that is there and cannot be understood: somebody edited it, or another version wrote it.
 * It is left out of what is read and left as it is, until a put or delete of its key. Whoever loads
 * must take its key as in use: a table whose record is broken still has its data.
 */
export interface CatalogFault {
  /** The catalog's table: `region_info`, `tables`, `placements`, `jobs`, `users` or `grants`. */
  readonly table: string;
  /** The record's key; of a key in parts, the parts with a slash between them. */
  readonly key: string;
  /** What is wrong with it, for people: `state must be "creating" or …, not "reday"`. */
  readonly reason: string;
}

/** Everything a new master needs, read at one moment. Events are not among it. */
export interface CatalogState {
  /** The highest term that ever wrote. */
  readonly term: number;
  readonly servers: readonly ServerRecord[];
  readonly tables: readonly TableRecord[];
  readonly placements: readonly Placement[];
  /** Jobs still running, and the latest of the others. */
  readonly jobs: readonly JobRecord[];
  readonly users: readonly UserRecord[];
  readonly grants: readonly Grant[];
  /** Records left out, to be reported: one bad row must not keep a master from serving. */
  readonly faults: readonly CatalogFault[];
}

export interface EventQuery {
  /** Only events with a greater id; 0 for all. */
  readonly after: number;
  /** The newest so many, in rising order. */
  readonly limit: number;
}

/**
 * Every call ends within the limit given when the catalog was opened, and reconnects by itself
 * where an earlier one was cut off. Any may raise `UNAVAILABLE`, and nothing has changed then: the
 * catalog cannot be reached, refuses this account, lacks its tables, or is closed; the message says
 * what to check. Any may raise `UNSUPPORTED`, and nothing has changed then either: a newer version
 * of minisql has been here, or a record is larger than the database takes.
 */
export interface Catalog {
  /**
   * Makes the catalog's tables where they are missing, and its database where that is allowed.
   * Idempotent, also when several do it at once; cut off in the middle, the next goes on from
   * there. Changes nothing when it raises `UNSUPPORTED`.
   */
  prepare(): Promise<void>;

  /**
   * Records that the master of this term has begun, so that older terms are refused from now on.
   * Raises `STALE_EPOCH` when a higher one is recorded. The same term again is fine. May raise
   * `OUTCOME_UNKNOWN`, as `apply`.
   */
  claim(term: number): Promise<void>;

  /** All of the state but the events, as of one moment: by key, and jobs by their creation. */
  load(): Promise<CatalogState>;

  /**
   * Makes all the changes or none. Raises `STALE_EPOCH` when a higher term has claimed the catalog
   * or written to it, also in the middle of this call; `OUTCOME_UNKNOWN` when the connection broke
   * on the way: the same changes may be made again, puts and deletes come out the same.
   */
  apply(term: number, changes: readonly CatalogChange[]): Promise<void>;

  /**
   * Draws the next server number, never given before nor put by anybody, in a write of its own
   * under the same rules as `apply`. A number whose outcome is unknown is given to nobody.
   */
  nextRid(term: number): Promise<number>;

  /** What happened. Ids rise in the order of writing. What cannot be understood is left out. */
  events(query: EventQuery): Promise<readonly RecordedEvent[]>;

  /** Lets the connections go. Calls under way end first; later ones raise `UNAVAILABLE`. */
  close(): Promise<void>;
}
