/**
 * The durable replication log of one region server, shared by all its regions. A record is
 * acknowledged only once it is on disk; one fdatasync serves every change waiting.
 *
 * Changes (`append`, `truncate`, `reset`, `drop`, `promise`, `checkpoint`) take effect in the
 * order they are called, and `last`, `first`, `epochAt`, `promised` and `regions` count them at
 * once; `read` gives what is on disk. After a crash the log holds everything that resolved, and
 * of the rest the beginning, record by record: never a part of one, never a later one without an
 * earlier.
 *
 * A change raises `UNAVAILABLE` when the disk is full: then it is not in the log and will not
 * come back, and those waiting behind it are refused too. It raises `OUTCOME_UNKNOWN` when the
 * disk fails under it. After that the log is broken for good (`failed`), and raises
 * `UNAVAILABLE`. It raises `DIVERGED` where the region's log is damaged.
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

/**
 * Damage found when the log was opened. Of the regions named, acknowledged records may be lost:
 * entries, or the latest promise. They can be read as far as they are whole, but must be reset or
 * dropped before they are changed; until then every opening names them again.
 *
 * With any damage at all, a region that the log does not know may have been in the broken part.
 */
export interface LogDamage {
  readonly segment: string;
  readonly offset: number;
  readonly why: string;
  /** None when nothing was lost that is still needed. */
  readonly regions: readonly string[];
}

export interface Log {
  /**
   * What opening found broken. A torn end, of which nothing was acknowledged, is cut silently.
   *
   * What cannot be told from a torn end is damage to the very last records, if the process died
   * just after writing them; nor is a last segment missed that has vanished as a whole.
   */
  readonly damage: readonly LogDamage[];

  /**
   * Appends entries, in order; resolves when all are on disk. Raises a bug (`InvariantError`)
   * unless each follows its region's last, and then none of them is taken.
   */
  append(entries: readonly LogEntry[]): Promise<void>;

  /** The end of a region's log, counting what is not yet on disk. */
  last(region: string): LogPosition;

  /** The first position still held; one more than `last` when none is. */
  first(region: string): number;

  /** The epoch of the entry at `seq`, or of the position just before `first`; null elsewhere. */
  epochAt(region: string, seq: number): number | null;

  /**
   * Entries from `fromSeq` on, as far as they are on disk now. Raises `BEHIND` before `first`,
   * and `DIVERGED` when the bytes on disk are no longer what was written: this copy cannot serve
   * them, another one can.
   */
  read(region: string, fromSeq: number, limit: ReadLimit): Promise<readonly LogEntry[]>;

  /**
   * Cuts off every entry of the region after `seq`, durably: they never come back. What has been
   * checkpointed is applied and cannot be cut off; that is a bug.
   */
  truncate(region: string, seq: number): Promise<void>;

  /**
   * Starts the region's log after `position` (a snapshot's), forgetting whatever it held but the
   * promise. Durable when it resolves.
   */
  reset(region: string, position: LogPosition): Promise<void>;

  /** Forgets a region wholly, its promise too. */
  drop(region: string): Promise<void>;

  /** Remembers a small word of the region (the highest epoch promised), durable on return. */
  promise(region: string, word: string): Promise<void>;

  /** The last word promised, or null. */
  promised(region: string): string | null;

  /** Regions known, sorted. */
  regions(): readonly string[];

  /**
   * Says that entries up to `seq`, which must be on disk, are applied and will not be asked for
   * again. Segments in which nothing is needed any more go away before it resolves. Works on a full disk too, by the space
   * kept back for it, so that room can be made.
   *
   * Segments go from the oldest on, so the oldest entry that some region has not checkpointed
   * keeps all that is younger: a region that is idle should checkpoint its last entry. A region
   * without such entries keeps nothing.
   */
  checkpoint(region: string, seq: number): Promise<void>;

  /** Resolves, once, if the log can no longer be trusted to store; the process must stop. */
  readonly failed: Promise<Error>;

  /** Syncs what waits and lets the files go. */
  close(): Promise<void>;
}

/** At least one entry is read, however large. */
export interface ReadLimit {
  readonly entries: number;
  readonly bytes: number;
}
