/**
 * The SQL state machine of a region server: one database that speaks MySQL's SQL. Statements are
 * whole text; there are no parameters at this level, since what is run is also what is logged.
 *
 * Every session is pinned alike on every server: UTC, strict sql_mode, utf8mb4, REPEATABLE READ,
 * so that the same text does the same thing on each copy.
 */
import type { MinisqlError } from "../protocol/errors.ts";
import type { Cell, Column, Row, StatementResult } from "../protocol/values.ts";

/** What must be alike on servers that replicate to each other. */
export interface EngineInfo {
  readonly vendor: "mariadb" | "mysql" | "sqlite";
  readonly version: string;
  /** Settings that replication depends on: sql_mode, collation, lower_case_table_names, … */
  readonly settings: Readonly<Record<string, string>>;
}

/** What makes a statement repeat exactly elsewhere. Absent fields are the engine's to choose. */
export interface StatementContext {
  /** What NOW() says, in microseconds since 1970. */
  readonly timestampMicros?: number;
  /** The first AUTO_INCREMENT value the statement draws. */
  readonly insertId?: string;
  /** What LAST_INSERT_ID() says. */
  readonly lastInsertId?: string;
  /** Seeds of RAND(). */
  readonly randSeed1?: number;
  readonly randSeed2?: number;
  readonly foreignKeyChecks?: boolean;
}

export interface RunOptions {
  readonly context?: StatementContext;
  /** The statement is ended for good after this long: `TIMEOUT`. */
  readonly timeoutMs: number;
  /** Aborting ends the statement as a deadline does, with `CANCELLED`. */
  readonly signal?: AbortSignal;
  /**
   * For copying rows that are elsewhere: values are stored as they stand, also those a client may
   * not write (0 in an AUTO_INCREMENT column, zero dates, an ENUM's error value). Whatever would
   * be cut to fit is cut silently, so compare fingerprints afterwards.
   */
  readonly copying?: boolean;
}

/** Rows of a query, or the outcome of any other statement (then `columns` is empty). */
export interface Rows {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly result: StatementResult;
}

/** One of several statements that are run together. */
export interface Statement {
  readonly sql: string;
  readonly context: StatementContext;
}

/** For all of them together. */
export type RunAllOptions = Pick<RunOptions, "timeoutMs" | "signal">;

/** What a statement came to: its rows, or the error that `run` would have raised. */
export type Outcome = Rows | MinisqlError;

export interface Flushed {
  readonly outcomes: readonly Outcome[];
  /** As `flushFingerprints` gives them; null where not all the statements were begun. */
  readonly fingerprints: ReadonlyMap<string, Fingerprint> | null;
}

/**
 * A query whose rows come in batches, with bounded memory. Leaving the loop early ends it. To be
 * iterated once; a stream that is never iterated holds its session until the deadline.
 */
export interface RowStream extends AsyncIterable<readonly Row[]> {
  /** Known once this resolves, before the first row. Rejects if the statement failed. */
  readonly columns: Promise<readonly Column[]>;

  /**
   * The maintained fingerprints of the tables that were named in `kept`, in their order, as they
   * are at some moment after the last row was read; null for no such table. To be asked for once
   * all rows have been taken.
   */
  kept(): Promise<readonly (Fingerprint | null)[]>;
}

export interface StreamOptions extends RunOptions {
  readonly batchRows?: number;
  /** Where the engine can, their fingerprints come without a round trip of their own. */
  readonly kept?: readonly string[];
}

/** A query for one row by its key: it takes next to no time, and its answer little room. */
export interface Lookup {
  /** One statement for certain. */
  readonly sql: string;
  readonly table: string;
  /** The table's maintained fingerprint is wanted too. */
  readonly kept: boolean;
  /** Who gives up, or has waited so long, is let go: what it asked may still be running. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Found {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** As it is at some moment after the row was read; null where it was not asked for, or for none. */
  readonly kept: Fingerprint | null;
}

/** Each lookup sees one moment of the database, but those at one time share their way there. */
export interface Lookups {
  /** Raises what `run` would, but never leaves anything in doubt: `UNAVAILABLE` then. */
  find(lookup: Lookup): Promise<Found>;
}

/** A table's content in a few bytes. */
export interface Fingerprint {
  readonly rows: number;
  /** Sum of the rows' checksums modulo 2^64, in decimal. */
  readonly sum: string;
  /** Hash of the schema, eight hexadecimal digits. */
  readonly schema: string;
}

export interface ColumnSchema {
  readonly name: string;
  readonly kind: Column["kind"];
  /** As the engine declares it, lower case: `int(11) unsigned`. */
  readonly type: string;
  readonly nullable: boolean;
  /** The default as SQL text, or null for none. */
  readonly defaultSql: string | null;
  readonly autoIncrement: boolean;
  /** The expression of a generated column, or null. */
  readonly generatedSql: string | null;
  readonly collation: string | null;
  readonly onUpdateSql: string | null;
  readonly invisible: boolean;
}

export interface IndexSchema {
  readonly name: string;
  readonly unique: boolean;
  readonly columns: readonly string[];
  /** `btree` where nothing else is said. */
  readonly method: string;
}

export interface ForeignKeySchema {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: { readonly table: string; readonly columns: readonly string[] };
  readonly onDelete: string;
  readonly onUpdate: string;
}

export interface TableSchema {
  readonly name: string;
  readonly columns: readonly ColumnSchema[];
  /** The primary key is the index named PRIMARY. */
  readonly indexes: readonly IndexSchema[];
  readonly foreignKeys: readonly ForeignKeySchema[];
  /** Names of triggers that are not minisql's own. */
  readonly triggers: readonly string[];
  /** The storage engine, lower case: `innodb`, `sqlite`. */
  readonly storage: string;
  /** Hash over all of the above that matters to content. */
  readonly hash: string;
  /** A statement that makes the table, as SHOW CREATE TABLE gives it. */
  readonly createSql: string;
}

/**
 * `write`: row locks, from the first statement on. `snapshot`: read only, and every read sees the
 * moment of `begin`.
 */
export type TransactionMode = "write" | "snapshot";

/** A connection of its own to the engine. One call at a time. */
export interface EngineSession {
  /**
   * Runs one statement to its end. Raises `SQL` with MySQL's errno and SQLSTATE, `TIMEOUT` or
   * `CANCELLED` after the statement has really ended (inside a transaction its effects are undone,
   * the transaction stays open), `UNAVAILABLE` where the engine was not reached at all, and
   * `OUTCOME_UNKNOWN` when the connection broke on the way: the session is then of no more use.
   *
   * Transactions are begun and ended by the methods below: BEGIN, COMMIT, ROLLBACK, SAVEPOINT and
   * their kin are refused here with `BAD_REQUEST`. A statement that commits by itself, as DDL
   * does, ends an open transaction; what it had changed stays, fingerprints included.
   */
  run(sql: string, options: RunOptions): Promise<Rows>;

  /**
   * Runs statements one after the other, in as few round trips as can be; answers with what came
   * of each. One that fails does not keep those behind it from running. Only when the time of all
   * is over, the session `undone` or no more `usable`, the rest is not begun: then there are fewer
   * outcomes, and the last one is the error that says so. Of the warnings of several it may tell the
   * number only, but for those of statements that ignore errors.
   */
  runAll(statements: readonly Statement[], options: RunAllOptions): Promise<readonly Outcome[]>;

  /** `runAll`, and `flushFingerprints` behind it, with no round trip more if that can be. */
  runAllAndFlush(statements: readonly Statement[], options: RunAllOptions): Promise<Flushed>;

  /** Runs a query and gives its rows as they come. One stream at a time on a session. */
  stream(sql: string, options: StreamOptions): RowStream;

  begin(mode: TransactionMode): Promise<void>;

  /**
   * Writes the fingerprints of what this transaction has changed so far, and answers with the
   * fingerprints of those tables as this transaction sees them. From then on others who write to
   * those tables wait for its end, so do it last; `_minisql…` tables may be written after it.
   */
  flushFingerprints(): Promise<ReadonlyMap<string, Fingerprint>>;

  /**
   * Flushes what was changed since the last flush, runs `books` and commits, in one round trip if
   * that can be. `books` are statements on `_minisql…` tables; where one of them fails its error is
   * raised, and nothing is committed. `OUTCOME_UNKNOWN` when the connection broke on the way: the
   * session is then of no more use.
   */
  commit(books?: readonly string[]): Promise<void>;

  /** Without a transaction it does nothing. */
  rollback(): Promise<void>;

  /**
   * True after an error with which the engine has undone the whole transaction, as it does in a
   * deadlock (1213): only `rollback` and `close` are of use then, all else raises that error again.
   */
  readonly undone: boolean;

  savepoint(name: string): Promise<void>;
  rollbackTo(name: string): Promise<void>;
  release(name: string): Promise<void>;

  /** The maintained fingerprint as this session's transaction sees it; null for no such table. */
  fingerprint(table: string): Promise<Fingerprint | null>;

  /**
   * The fingerprint computed from the rows by one query, as this session's transaction sees them.
   * In a range of the primary key where one is given, so that it can be done in chunks. Raises
   * `SQL` (1146) for no such table.
   */
  recompute(
    table: string,
    options: RunOptions & { readonly range?: KeyRange },
  ): Promise<Fingerprint>;

  /** False once the session is of no more use; open another. */
  readonly usable: boolean;

  /** Resolves once it is not, also where nobody uses it: a database that ends ends all sessions. */
  readonly ended: Promise<unknown>;

  /** Ends the session; an open transaction is rolled back. */
  close(): Promise<void>;
}

/** Rows whose primary key is above `after` and not above `upTo`, in key order; null for no bound. */
export interface KeyRange {
  readonly after: readonly Cell[] | null;
  readonly upTo: readonly Cell[] | null;
}

/** A table that one session sees in the place of whatever has its name. */
export interface StandIn {
  readonly name: string;
  /** Values stand in all of them, also where the original computes or hides a column. */
  readonly columns: readonly StandInColumn[];
  /** Those of the original's indexes that have all their columns here. */
  readonly indexes: readonly IndexSchema[];
}

export type StandInColumn = Pick<
  ColumnSchema,
  "name" | "kind" | "type" | "nullable" | "collation" | "invisible"
>;

export interface Engine {
  readonly info: EngineInfo;

  /** Null where there is no way to be shared: a session does as well then. */
  readonly lookups: Lookups | null;

  /** Opens a session. `UNAVAILABLE` when the database cannot be reached within the limit. */
  session(): Promise<EngineSession>;

  /**
   * Opens a session with empty tables of its own, which compare and sort as their originals do.
   * Nobody else sees them, and they are gone when it is closed or lost. They are filled by INSERT
   * outside of a transaction, and read in one of mode `snapshot`, which sees the database's other
   * tables as of one moment, not before this was called. Nothing else is such a session for.
   * `UNSUPPORTED` where such tables cannot be made here.
   */
  sessionWith(standIns: readonly StandIn[]): Promise<EngineSession>;

  /** Names of the tables of this database, minisql's own (`_minisql…`) left out, sorted. */
  tables(): Promise<readonly string[]>;

  /** A table's schema, or null when there is none. */
  schema(table: string): Promise<TableSchema | null>;

  /**
   * Starts maintaining the table's fingerprint, or brings its triggers in step with the schema
   * after a change (also of its name), counting the rows there are. Idempotent. No one else may
   * write meanwhile. `UNSUPPORTED` for a table whose changes cannot be followed.
   */
  maintainFingerprint(table: string): Promise<Fingerprint>;

  /** Forgets the fingerprint of a table that is no more, and its triggers where it is still there. */
  forgetFingerprint(table: string): Promise<void>;

  /**
   * All that was committed before is on disk when this resolves, also where the database writes
   * commits out a while after it has answered them. It may take as long as a change of a schema.
   */
  makeDurable(): Promise<void>;

  /** Resolves within the limit if the database answers; raises `UNAVAILABLE` where not. */
  ping(timeoutMs: number): Promise<void>;

  close(): Promise<void>;
}
