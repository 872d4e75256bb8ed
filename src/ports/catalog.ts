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

/** One change. Puts replace the record of the same key; deleting what is not there is no error. */
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
}

export interface EventQuery {
  /** Only events with a greater id; 0 for all. */
  readonly after: number;
  /** The newest so many, in rising order. */
  readonly limit: number;
}

export interface Catalog {
  /**
   * Makes the catalog's tables where they are missing. Idempotent. Raises `UNSUPPORTED` when a
   * newer version of minisql has been here, and changes nothing then.
   */
  prepare(): Promise<void>;

  /**
   * Records that the master of this term has begun, so that older terms are refused from now on.
   * Raises `STALE_EPOCH` when a higher one is recorded. The same term again is fine.
   */
  claim(term: number): Promise<void>;

  /** All of the state but the events, as of one moment. */
  load(): Promise<CatalogState>;

  /**
   * Makes all the changes or none. Raises `STALE_EPOCH` when a higher term has claimed the
   * catalog; `UNAVAILABLE` when it cannot be reached, and nothing has changed; `OUTCOME_UNKNOWN`
   * when the connection broke on the way: the same changes may be made again, puts and deletes
   * come out the same. Any of them ends within the limit given when the catalog was opened.
   */
  apply(term: number, changes: readonly CatalogChange[]): Promise<void>;

  /**
   * Draws the next server number, never given before, in a write of its own under the same rules
   * as `apply`.
   */
  nextRid(term: number): Promise<number>;

  events(query: EventQuery): Promise<readonly RecordedEvent[]>;

  close(): Promise<void>;
}
