/** Every error that crosses the wire: whether the thing may have happened, and what to do next. */

/** `no`: it did not and will not happen. `unknown`: it may have; when in doubt, this. */
export type Applied = "no" | "unknown";

/**
 * What a client does by itself before it troubles its caller:
 * `never` ask again, `relocate` (ask the master where the table is now, then retry), `wait` and
 * retry at the same place, `elsewhere` (another replica of the same region).
 */
export type RetryPolicy = "never" | "relocate" | "wait" | "elsewhere";

export interface ErrorPolicy {
  readonly applied: Applied;
  readonly retry: RetryPolicy;
  /** When it is raised, for the protocol page. */
  readonly means: string;
}

export const ERRORS = {
  BAD_REQUEST: {
    applied: "no",
    retry: "never",
    means: "The line is not JSON, names no known operation, or a field has the wrong shape",
  },
  FRAME_TOO_LARGE: {
    applied: "no",
    retry: "never",
    means: "The line is longer than 16 MiB; the connection is closed, since framing is lost",
  },
  UNAUTHENTICATED: {
    applied: "no",
    retry: "never",
    means: "No hello came first, or its credentials, cluster or protocol version do not fit",
  },
  FORBIDDEN: { applied: "no", retry: "never", means: "The user may not do this" },
  NOT_MASTER: {
    applied: "no",
    retry: "relocate",
    means: "This master stands by; the answer says where the active one is, when it is known",
  },
  NOT_PRIMARY: {
    applied: "no",
    retry: "relocate",
    means: "This server is not the region's primary",
  },
  STALE_EPOCH: {
    applied: "no",
    retry: "relocate",
    means: "The request is of an older epoch or term than the receiver has seen",
  },
  NO_REGION: { applied: "no", retry: "relocate", means: "This server holds no such region" },
  NO_SUCH_TABLE: { applied: "no", retry: "never", means: "The cluster has no table of that name" },
  TABLE_EXISTS: { applied: "no", retry: "never", means: "The cluster has a table of that name" },
  READ_ONLY: {
    applied: "no",
    retry: "wait",
    means: "Too few replicas are in sync for a write to be safe; reads go on",
  },
  UNAVAILABLE: {
    applied: "no",
    retry: "wait",
    means: "What is needed cannot be reached now: catalog, coordinator, engine or replica",
  },
  BEHIND: {
    applied: "no",
    retry: "elsewhere",
    means: "The replica has not reached the position the session has seen",
  },
  DIVERGED: {
    applied: "no",
    retry: "elsewhere",
    means: "The replica's content lost a vote; it serves nothing until it is repaired",
  },
  UNSAFE: {
    applied: "no",
    retry: "never",
    means: "The statement could run differently on each copy; the message says what to write",
  },
  UNSUPPORTED: { applied: "no", retry: "never", means: "minisql or this engine cannot do it" },
  TIMEOUT: {
    applied: "unknown",
    retry: "never",
    means: "The deadline passed; a write may have happened",
  },
  CANCELLED: {
    applied: "unknown",
    retry: "never",
    means: "The caller cancelled; a write may have happened",
  },
  OUTCOME_UNKNOWN: {
    applied: "unknown",
    retry: "relocate",
    means: "The connection or the primary was lost on the way; a write may have happened",
  },
  SQL: {
    applied: "no",
    retry: "never",
    means: "The statement failed as MySQL says by errno and SQLSTATE",
  },
  INTERNAL: {
    applied: "unknown",
    retry: "never",
    means: "A defect of the server; its log tells more",
  },
} as const satisfies Readonly<Record<string, ErrorPolicy>>;

export type ErrorCode = keyof typeof ERRORS;

export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[];

export interface ErrorDetails {
  /** MySQL's number and state, where MySQL would give them. */
  readonly errno?: number;
  readonly sqlState?: string;
  /** Where the active master is, with NOT_MASTER. */
  readonly master?: { readonly host: string; readonly port: number };
  readonly cause?: unknown;
}

/** An error that a caller can expect and act on. Anything else thrown is a bug. */
export class MinisqlError extends Error {
  override readonly name = "MinisqlError";
  readonly code: ErrorCode;
  readonly errno: number | undefined;
  readonly sqlState: string | undefined;
  readonly master: { readonly host: string; readonly port: number } | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.errno = details.errno;
    this.sqlState = details.sqlState;
    this.master = details.master;
  }

  get applied(): Applied {
    return ERRORS[this.code].applied;
  }

  get retry(): RetryPolicy {
    return ERRORS[this.code].retry;
  }
}

/** A statement's failure, as MySQL would report it. */
export function sqlError(errno: number, sqlState: string, message: string): MinisqlError {
  return new MinisqlError("SQL", message, { errno, sqlState });
}
