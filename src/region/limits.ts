/** The limits of a region server, in one place. Times in milliseconds. */

export const REGION_LIMITS = {
  /** A replica in sync that has not acknowledged for so long leaves the in-sync set. */
  ackMs: 1000,
  /** A replica whose link broke gets so long to be reached again before it leaves. */
  relinkMs: 250,
  /** A primary with nothing to say says so this often. */
  beatMs: 500,
  /** A follower that has not heard from its primary for so long asks whether it lives. */
  silentMs: 1500,
  /** A primary that is suspected gets so long to answer. */
  pingMs: 250,
  /** Those who may take over try one after the other, so far apart. */
  staggerMs: 100,
  /** Who reaches none of the other replicas waits so long before it takes over from a primary. */
  standBackMs: 3000,
  /** A region's node is read again so often, should a watch have been missed. */
  rereadMs: 3000,
  /** What a call between replicas may take, where nothing else is said. */
  callMs: 5000,
  /** Entries on the way to one replica. */
  entriesOnWay: 256,
  bytesOnWay: 8 * 1024 * 1024,
  /** Writes that wait at a primary; more are refused. */
  writesWaiting: 10_000,
  /** Statements of one batch, and their bytes. */
  batchStatements: 128,
  batchBytes: 1024 * 1024,
  /** A statement that takes longer than this is taken out of its batch and run by itself. */
  batchStatementMs: 1000,
  /** What a statement may take where the caller does not say; the longest that may be asked for. */
  statementMs: 30_000,
  /** A transaction is rolled back when nothing was asked of it for so long, and after so long. */
  transactionIdleMs: 60_000,
  transactionMs: 600_000,
  transactionsMax: 200,
  /** How long a schema change waits for open transactions to end. */
  drainMs: 10_000,
  /** A read waits so long for a position before it is sent elsewhere. */
  reachMs: 2000,
  /** How often the database is asked whether it lives, and how long it has to answer. */
  enginePingMs: 1000,
  engineAnswerMs: 3000,
  /** Entries kept in the log after they were applied, for replicas that come back. */
  entriesKept: 2000,
  /** And while one of the region's replicas is behind, so many at most. */
  entriesKeptBehind: 200_000,
  /** Applied entries are noted in the log so often. */
  checkpointMs: 5000,
  /** Client sessions whose last write is so many entries back are forgotten. */
  sessionsKept: 200_000,
  /** Positions whose fingerprints are remembered, for votes. */
  historyKept: 2048,
} as const;

export type RegionLimits = { readonly [K in keyof typeof REGION_LIMITS]: number };
