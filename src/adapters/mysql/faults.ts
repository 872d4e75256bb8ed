/** Translates the driver's and the server's errors into minisql's, in one place. */
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import { type MysqlEngineOptions, placeOf } from "./options.ts";

/** The server's numbers that something is decided by. */
export const ERRNO = {
  tooManyConnections: 1040,
  accessDenied: 1045,
  noDatabaseSelected: 1046,
  unknownDatabase: 1049,
  serverShutdown: 1053,
  accessDeniedToDatabase: 1044,
  noSuchThread: 1094,
  hostBlocked: 1129,
  hostNotPrivileged: 1130,
  tableAccessDenied: 1142,
  noSuchTable: 1146,
  packetTooLarge: 1153,
  tooManyUserConnections: 1203,
  lockTableFull: 1206,
  deadlock: 1213,
  userLimitReached: 1226,
  specificAccessDenied: 1227,
  interrupted: 1317,
  binlogCreateRoutineNeedSuper: 1419,
  connectionKilled: 1927,
  statementTimeout: 1969,
  sessionWasKilled: 3169,
  inactivityDisconnect: 4031,
} as const;

/** With these the server takes its leave: whatever was under way is over with the connection. */
const CONNECTION_ENDING: ReadonlySet<number> = new Set([
  ERRNO.serverShutdown,
  ERRNO.connectionKilled,
  ERRNO.sessionWasKilled,
  ERRNO.inactivityDisconnect,
]);

interface ServerError {
  readonly errno: number;
  readonly sqlState: string;
  readonly message: string;
}

/** The error as the server gave it; null for one that is the connection's. */
export function serverError(error: unknown): ServerError | null {
  if (!(error instanceof Error) || !("errno" in error) || !("sqlState" in error)) return null;
  const { errno, sqlState, message } = error;
  if (typeof errno !== "number" || CONNECTION_ENDING.has(errno)) return null;
  return { errno, sqlState: String(sqlState) || "HY000", message };
}

/** For people: what the driver or the system says of a lost connection. */
export function reasonOf(error: unknown): string {
  return error instanceof Error && error.message !== "" ? error.message : String(error);
}

/** An error while a statement was under way: the server's own, or the loss of the connection. */
export function statementFault(error: unknown): MinisqlError {
  const server = serverError(error);
  if (server !== null) return sqlError(server.errno, server.sqlState, server.message);
  return new MinisqlError(
    "OUTCOME_UNKNOWN",
    `Cannot tell how the statement ended: the connection to MySQL was lost (${reasonOf(error)})`,
    { cause: error },
  );
}

export function sessionGone(verb: string, reason: string): MinisqlError {
  return new MinisqlError("UNAVAILABLE", `Cannot ${verb}: the session is over (${reason})`);
}

/** What to do about an error with which the server refuses a connection. */
const ADVICE: Readonly<Record<number, (options: MysqlEngineOptions) => string>> = {
  [ERRNO.tooManyConnections]: () => "raise max_connections there, or lower this server's limits",
  [ERRNO.tooManyUserConnections]: () => "raise max_user_connections of that user",
  [ERRNO.userLimitReached]: () => "raise the limits of that user (ALTER USER … WITH …)",
  [ERRNO.accessDenied]: ({ user }) =>
    `check the password of user ${user}, and from where it may come`,
  [ERRNO.accessDeniedToDatabase]: ({ user, database }) =>
    `run: GRANT ALL ON \`${database}\`.* TO '${user}'@'…'`,
  [ERRNO.unknownDatabase]: ({ database }) => `run: CREATE DATABASE \`${database}\``,
  [ERRNO.hostBlocked]: () => "run: FLUSH HOSTS",
  [ERRNO.hostNotPrivileged]: ({ user }) => `make an account for user ${user} from this host`,
};

/** An error on the way to a connection that is open, authenticated and set up. */
export function connectFault(error: unknown, options: MysqlEngineOptions): MinisqlError {
  if (error instanceof MinisqlError) return error;
  const server = serverError(error);
  const advice = server === null ? undefined : ADVICE[server.errno]?.(options);
  const reason = advice === undefined ? reasonOf(error) : `${reasonOf(error)}; ${advice}`;
  return new MinisqlError("UNAVAILABLE", `Cannot reach MySQL at ${placeOf(options)}: ${reason}`, {
    cause: error,
  });
}

export function noSuchTable(database: string, table: string): MinisqlError {
  return sqlError(ERRNO.noSuchTable, "42S02", `Table '${database}.${table}' doesn't exist`);
}
