/** SQLite's errors in MySQL's words. */
import { MinisqlError, sqlError } from "../../protocol/errors.ts";

/** Primary result codes of SQLite, as far as they mean something to a caller. */
const CODES = {
  error: 1,
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  tooBig: 18,
  constraint: 19,
  notADatabase: 26,
} as const;

/** Extended codes of broken constraints. */
const CONSTRAINTS = { check: 275, notNull: 1299, primaryKey: 1555, unique: 2067, rowid: 2579 };

/** What `node:sqlite` throws. */
interface NativeError extends Error {
  readonly errcode?: number;
}

function isNative(error: unknown): error is NativeError {
  return error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
}

function primaryCode(error: NativeError): number {
  // Errors of exec() carry no code; their words are those of the codes.
  if (error.errcode !== undefined) return error.errcode & 0xff;
  if (/^database( table)? is locked/.test(error.message)) return CODES.busy;
  if (/^database or disk is full/.test(error.message)) return CODES.full;
  if (/malformed|not a database/.test(error.message)) return CODES.corrupt;
  if (/^disk I\/O error/.test(error.message)) return CODES.ioError;
  return /constraint failed/.test(error.message) ? CODES.constraint : CODES.error;
}

/** Whether another process holds the lock that was needed. */
export function isBusy(error: unknown): boolean {
  if (!isNative(error)) return false;
  const code = primaryCode(error);
  return code === CODES.busy || code === CODES.locked;
}

/** Whether a unique key has such a row already. */
export function isDuplicate(error: unknown): boolean {
  if (!isNative(error)) return false;
  const { errcode } = error;
  return errcode === CONSTRAINTS.unique || errcode === CONSTRAINTS.primaryKey ||
    errcode === CONSTRAINTS.rowid;
}

/** The name of the CHECK that was broken, or null. */
export function brokenCheck(error: unknown): string | null {
  if (!isNative(error) || error.errcode !== CONSTRAINTS.check) return null;
  return /^CHECK constraint failed: (.*)$/s.exec(error.message)?.[1] ?? null;
}

/** The function that a connection does not know yet, or null. */
export function missingFunction(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  return /(?:no such|unknown) function: ([A-Za-z0-9_]+)/.exec(error.message)?.[1] ?? null;
}

export function lockWaitTimeout(): MinisqlError {
  return sqlError(1205, "HY000", "Lock wait timeout exceeded; try restarting transaction");
}

/** An error for the caller: expected ones in MySQL's words, all else as the bug it is. */
export function convertError(error: unknown, where: string): unknown {
  if (!isNative(error)) return error;
  const code = primaryCode(error);
  switch (code) {
    case CODES.busy:
    case CODES.locked:
      return lockWaitTimeout();
    case CODES.full:
      return unavailable(`Cannot write to ${where}: the disk is full`, error);
    case CODES.ioError:
      return unavailable(`Cannot use ${where}: the disk failed (${error.message})`, error);
    case CODES.readOnly:
      return unavailable(`Cannot write to ${where}: it is read only`, error);
    case CODES.cannotOpen:
      return unavailable(`Cannot open ${where}: ${error.message}`, error);
    case CODES.corrupt:
    case CODES.notADatabase:
      return unavailable(
        `Cannot use ${where}: it is damaged (${error.message}); move it away and start again, ` +
          "the server then copies its tables from the others",
        error,
      );
    case CODES.tooBig:
      return new MinisqlError("UNSUPPORTED", "Cannot keep a value of more than 1 GB", {
        cause: error,
      });
    default:
      return convertMessage(error);
  }
}

function unavailable(message: string, cause: unknown): MinisqlError {
  return new MinisqlError("UNAVAILABLE", message, { cause });
}

/** Limits of SQLite that a statement can meet; all other messages are bugs of the translation. */
function convertMessage(error: NativeError): unknown {
  if (
    /too many|parser stack overflow|Expression tree is too large|at most \d+ tables/.test(
      error.message,
    )
  ) {
    return new MinisqlError(
      "UNSUPPORTED",
      `Cannot run the statement: it is too large for this engine (${error.message})`,
      { cause: error },
    );
  }
  return error;
}
