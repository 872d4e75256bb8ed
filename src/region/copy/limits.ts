/** The limits of copying a region, in one place. Times in milliseconds. */

export const COPY_LIMITS = {
  /** What is compared between two pauses takes about so long. */
  chunkMs: 500,
  chunkRowsFirst: 2000,
  chunkRowsMax: 200_000,
  /** A chunk that differs is cut into so many parts, and again, until parts are this small. */
  parts: 16,
  leafRows: 1000,
  /** What is written in one transaction, and by one statement of it. */
  pieceRows: 1000,
  pieceBytes: 1024 * 1024,
  statementBytes: 256 * 1024,
  /** Keys in the condition of one statement. */
  statementKeys: 200,
  /** Rows are read from an engine so many at a time. */
  batchRows: 64,
  /** A view that nobody asks anything of is closed; its reader says in time that it is there. */
  idleMs: 60_000,
  keepMs: 15_000,
  /** Views open at one server at a time; more are refused. */
  openMax: 4,
  /** What opening a view, looking at a chunk and writing a piece may take. */
  callMs: 60_000,
  /** What sending rows may take, and counting a table that cannot be cut into chunks. */
  tableMs: 4 * 3_600_000,
  /** How long closing the view is waited for. */
  closeMs: 2000,
} as const;

export type CopyLimits = { readonly [K in keyof typeof COPY_LIMITS]: number };
