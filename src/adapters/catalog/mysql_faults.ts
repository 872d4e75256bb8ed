/** What driver and server say, in minisql's words: the only place that knows their numbers. */
import { MinisqlError } from "../../protocol/errors.ts";
import { LinkLostError } from "./mysql_link.ts";
import { type MysqlCatalogOptions, placeOf } from "./mysql_options.ts";

/** MySQL's and MariaDB's numbers for what an operator can put right. */
export const UNKNOWN_DATABASE = 1049;
const DENIED_ACCOUNT: ReadonlySet<number> = new Set([1045, 1130, 1251, 1524, 1698, 1862, 3118]);
const DENIED_PRIVILEGE: ReadonlySet<number> = new Set([1044, 1142, 1143, 1227, 1370]);
const BUSY: ReadonlySet<number> = new Set([1040, 1203, 1226]);
const READ_ONLY: ReadonlySet<number> = new Set([1290, 1792, 1836, 3098]);
const NOT_OURS: ReadonlySet<number> = new Set([1054, 1136, 1146]);
const LOCKED: ReadonlySet<number> = new Set([1205, 1213, 1020]);
const FULL: ReadonlySet<number> = new Set([1021, 1114, 1878]);

/** What the system says when there is nobody to talk to, and what to check then. */
const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; check that MySQL runs, and its address",
  ENOTFOUND: "the host name is not known; check its spelling and the name service",
  EAI_AGAIN: "the name service does not answer; check the network",
  ENOENT: "there is no such socket; check that MySQL runs, and the path",
  EACCES: "the socket may not be used by this process; check its permissions",
  EHOSTUNREACH: "there is no way to that host; check the network",
  ENETUNREACH: "there is no way to that network; check the network",
  ETIMEDOUT: "the network gave up; check it, and firewalls between",
  ECONNRESET: "the connection broke; see its log, and check the network",
  EPIPE: "the connection broke; see its log, and check the network",
  PROTOCOL_CONNECTION_LOST: "it closed the connection; see its log",
  HANDSHAKE_NO_SSL_SUPPORT: "the server does not encrypt; give it a certificate, or go without TLS",
};

/** Where a failure came from. */
export interface FaultContext {
  /** What could not be done: "change the catalog". */
  readonly doing: string;
  readonly options: MysqlCatalogOptions;
  /** A COMMIT was sent and not answered with success. */
  readonly committing: boolean;
}

/** The error to raise. What is minisql's already, or a bug, passes through. */
export function catalogFault(error: unknown, context: FaultContext): unknown {
  if (!isNative(error)) return error;
  const { doing, options, committing } = context;
  const reason = reasonOf(error, options);
  if (!committing) {
    return new MinisqlError("UNAVAILABLE", `Cannot ${doing}: ${reason}`, { cause: error });
  }
  return new MinisqlError(
    "OUTCOME_UNKNOWN",
    `Cannot tell whether it was possible to ${doing}: ${reason}`,
    { cause: error },
  );
}

/** The driver marks what it raises by a code, or as fatal; bugs have neither. */
function isNative(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof MinisqlError) return false;
  return error instanceof LinkLostError || "code" in error || "fatal" in error;
}

/** MySQL's number of an error, or of what caused it. */
export function errnoOf(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  if ("errno" in error && typeof error.errno === "number" && "sqlState" in error) {
    return error.errno;
  }
  return errnoOf(error.cause);
}

function reasonOf(error: Error, options: MysqlCatalogOptions): string {
  const place = placeOf(options);
  const errno = errnoOf(error);
  if (errno !== null) return serverReason(errno, error.message, options);
  const code = "code" in error ? String(error.code) : "";
  const known = NETWORK[code];
  return known === undefined
    ? `MySQL at ${place}: ${error.message}`
    : `MySQL at ${place} cannot be reached: ${known}`;
}

function serverReason(errno: number, message: string, options: MysqlCatalogOptions): string {
  const { user, database } = options;
  const place = placeOf(options);
  const said = `(${errno}: ${message})`;
  if (errno === UNKNOWN_DATABASE) {
    return `MySQL at ${place} has no database ${database}; run: ${createDatabase(database)}`;
  }
  if (DENIED_ACCOUNT.has(errno)) {
    return `MySQL at ${place} refuses user ${user}; check the account and its password ${said}`;
  }
  if (DENIED_PRIVILEGE.has(errno)) {
    return `user ${user} at ${place} lacks a privilege; run: ${grantPrivileges(options)} ${said}`;
  }
  if (READ_ONLY.has(errno)) {
    return `MySQL at ${place} is read-only; make it writable, or name its primary ${said}`;
  }
  if (NOT_OURS.has(errno)) {
    return `database ${database} at ${place} lacks tables of the catalog; ` +
      `run: mysql ${database} < init.sql ${said}`;
  }
  if (LOCKED.has(errno)) {
    return `another connection to ${place} holds it; look for open transactions ${said}`;
  }
  if (BUSY.has(errno)) {
    return `MySQL at ${place} takes no more connections; raise its limit ${said}`;
  }
  if (FULL.has(errno)) return `the disk of MySQL at ${place} is full; make room ${said}`;
  return `MySQL at ${place} says ${errno}: ${message}`;
}

export function createDatabase(database: string): string {
  return `CREATE DATABASE IF NOT EXISTS ${quoted(database)} CHARACTER SET utf8mb4`;
}

function grantPrivileges({ user, database }: MysqlCatalogOptions): string {
  return `GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON ${quoted(database)}.* TO '${user}'@'%'`;
}

function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
