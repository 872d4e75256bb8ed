/**
 * The durable replication log of one region server, shared by all its regions. A record is
 * acknowledged only once it is on disk; one fdatasync serves every append waiting.
 */

export interface LogEntry {
  readonly region: string;
  /** Positions of a region follow one another without a gap. */
  readonly seq: number;
  /** Never falls from one entry of a region to the next. */
  readonly epoch: number;
  /** One line of JSON; the log keeps it as it is. */
  readonly body: string;
}

/** Where a region's log ends. Seq 0 and epoch 0 before the first entry. */
export interface LogPosition {
  readonly epoch: number;
  readonly seq: number;
}

/** Damage found when the log was opened. The regions named must be synced anew. */
export interface LogDamage {
  readonly segment: string;
  readonly offset: number;
  readonly why: string;
  readonly regions: readonly string[];
}

export interface Log {
  /** What opening found broken in the middle of the log. A torn end is cut silently. */
  readonly damage: readonly LogDamage[];

  /**
   * Appends entries, in order; resolves when all are on disk. Raises a bug (`InvariantError`)
   * unless each follows its region's last. Raises `UNAVAILABLE` when the disk is full: then none
   * of these entries is in the log. After a failed sync the log is broken for good: `failed`.
   */
  append(entries: readonly LogEntry[]): Promise<void>;

  /** The end of a region's log, counting what is not yet on disk. */
  last(region: string): LogPosition;

  /** The first position still held; one more than `last` when none is. */
  first(region: string): number;

  /** The epoch of the entry at `seq`, or of the last checkpoint; null when it is not held. */
  epochAt(region: string, seq: number): number | null;

  /** Entries from `fromSeq` on, as far as they are on disk now. Raises `BEHIND` before `first`. */
  read(region: string, fromSeq: number, limit: ReadLimit): Promise<readonly LogEntry[]>;

  /** Cuts off every entry of the region after `seq`, durably: they never come back. */
  truncate(region: string, seq: number): Promise<void>;

  /**
   * Starts the region's log after `position` (a snapshot's), forgetting whatever it held. Durable
   * when it resolves.
   */
  reset(region: string, position: LogPosition): Promise<void>;

  /** Forgets a region wholly. */
  drop(region: string): Promise<void>;

  /** Remembers a small word of the region (the highest epoch promised), durable on return. */
  promise(region: string, word: string): Promise<void>;

  /** The last word promised, or null. */
  promised(region: string): string | null;

  /** Regions known, sorted. */
  regions(): readonly string[];

  /**
   * Says that entries up to `seq` are applied and will not be asked for again. Segments in which
   * nothing is needed any more go away.
   */
  checkpoint(region: string, seq: number): Promise<void>;

  /** Resolves, once, if the log can no longer be trusted to store; the process must stop. */
  readonly failed: Promise<Error>;

  /** Syncs what waits and lets the files go. */
  close(): Promise<void>;
}

export interface ReadLimit {
  readonly entries: number;
  readonly bytes: number;
}
