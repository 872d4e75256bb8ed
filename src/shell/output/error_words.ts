/** Errors as MySQL's client prints them, with its numbers for what has one. */
import { type ErrorCode, MinisqlError } from "../../protocol/errors.ts";

interface Number {
  readonly errno: number;
  readonly sqlState: string;
  /** What to do about it, where the message does not say it already. */
  readonly hint?: string;
}

const UNKNOWN_OUTCOME = "a write may have been done; look before you repeat it";

/** What MySQL would say where the error itself brings no number. */
const NUMBERS: Readonly<Record<ErrorCode, Number>> = {
  BAD_REQUEST: { errno: 1105, sqlState: "HY000" },
  FRAME_TOO_LARGE: { errno: 1153, sqlState: "08S01" },
  UNAUTHENTICATED: { errno: 1045, sqlState: "28000" },
  FORBIDDEN: { errno: 1142, sqlState: "42000" },
  NOT_MASTER: { errno: 1105, sqlState: "HY000" },
  NOT_PRIMARY: { errno: 1105, sqlState: "HY000" },
  STALE_EPOCH: { errno: 1105, sqlState: "HY000" },
  NO_REGION: { errno: 1105, sqlState: "HY000" },
  NO_SUCH_TABLE: { errno: 1146, sqlState: "42S02" },
  TABLE_EXISTS: { errno: 1050, sqlState: "42S01" },
  READ_ONLY: { errno: 1290, sqlState: "HY000", hint: "\\status tells which servers are missing" },
  UNAVAILABLE: { errno: 2003, sqlState: "HY000", hint: "\\status tells what is down" },
  BEHIND: { errno: 1105, sqlState: "HY000" },
  DIVERGED: { errno: 1105, sqlState: "HY000" },
  UNSAFE: { errno: 1592, sqlState: "HY000" },
  UNSUPPORTED: { errno: 1235, sqlState: "42000" },
  TIMEOUT: { errno: 1969, sqlState: "70100", hint: UNKNOWN_OUTCOME },
  CANCELLED: { errno: 1317, sqlState: "70100" },
  OUTCOME_UNKNOWN: { errno: 2013, sqlState: "HY000", hint: UNKNOWN_OUTCOME },
  SQL: { errno: 1105, sqlState: "HY000" },
  INTERNAL: { errno: 1815, sqlState: "HY000", hint: "the server's log tells more" },
};

/** Where in a script a statement stands. */
export interface Place {
  readonly line: number;
  readonly file: string | null;
}

/** `ERROR 1146 (42S02) at line 3: Table 'shop.x' doesn't exist`. */
export function errorLine(error: MinisqlError, place: Place | null): string {
  const usual = NUMBERS[error.code];
  const errno = error.errno ?? usual.errno;
  const sqlState = error.sqlState ?? usual.sqlState;
  return `ERROR ${errno} (${sqlState})${placeWords(place)}: ${error.message}`;
}

/** The same for what the shell itself cannot do: `ERROR at line 2: Unknown command '\y'`. */
export function ownErrorLine(message: string, place: Place | null): string {
  return `ERROR${placeWords(place)}: ${message}`;
}

export function errorHint(error: MinisqlError): string | null {
  return error.errno === undefined ? NUMBERS[error.code].hint ?? null : null;
}

/** Codes with which nothing else will work either. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof MinisqlError &&
    (error.code === "UNAVAILABLE" || error.code === "UNAUTHENTICATED");
}

function placeWords(place: Place | null): string {
  if (place === null) return "";
  return ` at line ${place.line}${place.file === null ? "" : ` in file: '${place.file}'`}`;
}
