/** The limits of reading and of looking after copies, in one place. Times in milliseconds. */

export const READ_LIMITS = {
  /** Reads at one moment that the database runs; more wait. */
  sessionsMax: 64,
  /** And those that are run for another copy's recount: reads here must not keep them waiting. */
  tallySessionsMax: 16,
  /** Looks at kept fingerprints at one moment, each for all who read; and what one may take. */
  lookSessionsMax: 4,
  lookMs: 5000,
  /** So many reads at one moment share looks, each of which waits so long for more to share it. */
  crowd: 12,
  gatherMs: 2,
  /** A read waits so long for a position before it is sent elsewhere. */
  reachMs: 2000,
  /** A read waits so long for a commit under way, so that it knows which moment it sees. */
  stillMs: 20,
  /** The other copies get so long to vote; who is not heard by then is silent. */
  voteMs: 1000,
  /** One that was silent gets no longer than this until it is heard again. */
  silentVoteMs: 250,
  /** A copy that is asked for its vote waits so long for the position asked for. */
  voteReachMs: 400,
  /** Positions whose votes are remembered, each with the tables asked for. */
  votesKept: 128,
  /** What a read that is being voted on may hold back; then it stops reading. */
  heldRows: 10_000,
  heldBytes: 4 * 1024 * 1024,
  /** A copy that is outvoted looks once more after this long, before it is taken for lost. */
  secondLookMs: 100,
  /** A copy that dissents is told so at most this often. */
  challengeMs: 10_000,
  /** Recounts of one read while its tables are written to; then it is given up. */
  recounts: 5,
  /** Rows taken from the database at once. */
  batchRows: 500,
  /** What may be gathered from other servers for one statement, */
  gatherRows: 100_000,
  gatherBytes: 64 * 1024 * 1024,
  /** for so many statements at one moment, in pieces that are written in one statement each. */
  gathersMax: 8,
  gatherPieceRows: 500,
  gatherPieceBytes: 256 * 1024,
  /** What a server has to say it is there, while there are others to gather from. */
  gatherConnectMs: 2000,
} as const;

export type ReadLimits = { readonly [K in keyof typeof READ_LIMITS]: number };
