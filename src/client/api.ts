/** What applications, the shell and the console see of the client library. Types only. */
import type { Address } from "../ports/network.ts";
import type { ReadLevel, Receipt } from "../protocol/calls/region.ts";
import type { Answer, CallName, EventsCall, Request, RowsCall } from "../protocol/messages.ts";
import type { Route } from "../protocol/model.ts";
import type { Column, Row, StatementResult } from "../protocol/values.ts";
import type { Parameter } from "../sql/bind.ts";

export interface ConnectOptions {
  /** Any of the cluster's masters. Without them they are found in the coordination service. */
  readonly masters?: readonly Address[];
  /** The node that everything of the cluster is kept under, in the coordination service. */
  readonly root?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly password?: string;
  /** How this program is called in the servers' lists and logs. */
  readonly name?: string;
  /** Replicas in this zone are read first. */
  readonly zone?: string;
  /** The level of reads, unless a session or a statement says another; `voted`. */
  readonly read?: ReadLevel;
  /** What a statement may take, retries and failovers included; 30 s. */
  readonly timeoutMs?: number;
}

export interface QueryOptions {
  readonly read?: ReadLevel;
  readonly timeoutMs?: number;
  /** Aborting ends the statement at the server too. */
  readonly signal?: AbortSignal;
}

/** Rows of a query, or the outcome of any other statement (then `columns` is empty). */
export interface QueryResult {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly result: StatementResult;
  /** What the answer stands on; null for a statement that touched no region. */
  readonly receipt: Receipt | null;
}

/** How a statement ended. */
export type Outcome = Pick<QueryResult, "result" | "receipt">;

/** Rows as they come, in batches. To be iterated once; leaving the loop early ends the query. */
export interface QueryStream extends AsyncIterable<readonly Row[]> {
  /** Known once this resolves, before the first row. */
  readonly columns: Promise<readonly Column[]>;
  /** How it ended; resolves after the last row has been taken. */
  readonly outcome: Promise<Outcome>;
}

export interface Prepared {
  readonly sql: string;
  execute(params?: readonly Parameter[], options?: QueryOptions): Promise<QueryResult>;
}

/** What can be asked of a session, inside a transaction or not. */
export interface Queries {
  /**
   * Runs one statement. `?` stand for parameters. Raises `MinisqlError`; a write whose outcome
   * could not be found out within the time raises `OUTCOME_UNKNOWN` or `TIMEOUT`, and was done once
   * or not at all.
   */
  query(
    sql: string,
    params?: readonly Parameter[],
    options?: QueryOptions,
  ): Promise<QueryResult>;
  /** The same, for a statement that is run for what it changes: rows it may give are dropped. */
  execute(sql: string, params?: readonly Parameter[], options?: QueryOptions): Promise<Outcome>;
  stream(sql: string, params?: readonly Parameter[], options?: QueryOptions): QueryStream;
  prepare(sql: string): Prepared;
  /** Ends what runs or waits here now, at the servers too: it raises `CANCELLED`. */
  cancel(): void;
}

/**
 * What a connection is to MySQL: settings, LAST_INSERT_ID(), an open transaction, and positions
 * that never go back. One statement at a time; BEGIN, COMMIT, SET and USE are understood as text.
 */
export interface Session extends Queries {
  readonly inTransaction: boolean;
  readonly read: ReadLevel;
  setRead(level: ReadLevel): void;
  /** Rolls back what is open. */
  close(): Promise<void>;
}

/** A master's operation with one answer. */
export type MasterCall = Exclude<CallName, RowsCall | EventsCall>;

/** What a query needs of tables that the server running it does not hold. */
export interface GatherPlan extends Answer<"planGather"> {
  /** The server that would run it, and the regions that it holds. */
  readonly rid: number;
  readonly regions: readonly string[];
}

/** The cluster as its operators see it. */
export interface ClusterAdmin {
  /** Asks the active master. */
  master<N extends MasterCall>(
    op: N,
    request: Request<N>,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<Answer<N>>;
  /** Asks one region server. */
  server<N extends MasterCall>(
    address: Address,
    op: N,
    request: Request<N>,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<Answer<N>>;
  /** Where a table is read and written now; null where there is none of that name. */
  locate(table: string): Promise<Route | null>;
  /**
   * What a query would have gathered, from where and to whom, without running it; null where a
   * server holds all its tables, or where it is no query on tables.
   */
  gathering(sql: string, read: ReadLevel): Promise<GatherPlan | null>;
}

/** A connection to a cluster; its calls draw on sessions of its own and may be made at once. */
export interface Client extends Queries {
  /** A session of one's own, for settings and transactions by statement. */
  session(): Session;
  /**
   * Runs `work` in a transaction: committed when it resolves, rolled back when it rejects. Run
   * again after a deadlock or the loss of the primary, so it must not do anything else.
   */
  transaction<T>(work: (transaction: Queries) => Promise<T>, options?: QueryOptions): Promise<T>;
  readonly admin: ClusterAdmin;
  close(): Promise<void>;
}
