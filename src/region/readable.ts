/** What reading needs of a replica; the replica itself knows nothing of reads. */
import type { Engine, Fingerprint, TableSchema } from "../ports/engine.ts";
import type { MinisqlError } from "../protocol/errors.ts";
import type { Answer, CallName, EventsCall, Request, RowsCall } from "../protocol/messages.ts";

type PlainCall = Exclude<CallName, RowsCall | EventsCall>;

/** Another replica in sync. */
export interface Peer {
  readonly rid: number;
  call<N extends PlainCall>(
    op: N,
    request: Request<N>,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<Answer<N>>;
}

/** What a copy is known to have held, and since when it is known. */
export interface Lost {
  readonly table: string;
  readonly seq: number;
  /** "2:1", for people. */
  readonly votes: string;
  readonly reason: string;
}

export interface ReadableReplica {
  readonly region: string;
  readonly rid: number;
  readonly epoch: number;
  readonly engine: Engine;
  readonly isPrimary: boolean;

  /** The primary that this copy and a majority have found wrong, as long as it is in office. */
  readonly outvotedPrimary: number | null;

  /** Position applied to the engine, as far as known outside of a transaction. */
  readonly applied: number;

  /** No later position shows in the engine: above `applied` while something is being committed. */
  readonly visible: number;

  /** Why nothing may be read here now, as an error for the client; null where it may. */
  refusal(): MinisqlError | null;

  /** Resolves when `seq` is applied; raises `BEHIND` when it is not within the limit. */
  reach(seq: number, withinMs: number, signal: AbortSignal): Promise<void>;

  /**
   * At the primary: a round to the in-sync set, which shows that it still is the primary; answers
   * a position above all that was acknowledged before, to be reached here before anything is read.
   * Raises `NOT_PRIMARY` elsewhere.
   */
  confirm(withinMs: number, signal: AbortSignal): Promise<number>;

  /** The others in sync, the primary too, in no order: the same list as long as it is they. */
  peers(): readonly Peer[];

  /**
   * The fingerprint the table had after `seq` was applied here, as read from this engine then; null
   * where this is not known (not reached yet, or too long ago).
   */
  fingerprintAt(table: string, seq: number): Fingerprint | null;

  /** A table's schema as of now, from memory where it is known; null for no such table. */
  schema(table: string): Promise<TableSchema | null>;

  /** The region's tables. */
  tables(): readonly string[];

  /** The copy has lost a vote or failed a scrub: it stops serving, tells, and is repaired. */
  lose(lost: Lost): void;

  /** The copy's rows were counted and are what its fingerprint says, as of the wall clock. */
  verified(table: string): void;
}
