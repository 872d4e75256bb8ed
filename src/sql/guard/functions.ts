/** The functions that are more than their arguments say, and what is to be done about each. */
import { PURE_FUNCTIONS } from "./pure_functions.ts";

export type FunctionRule =
  /** Its arguments alone decide its value. */
  | { readonly kind: "pure" }
  /** Repeats with the statement's TIMESTAMP. */
  | { readonly kind: "clock" }
  /** Repeats with the statement's seeds, if it is called in the same order. */
  | { readonly kind: "random" }
  /** Repeats with the session's LAST_INSERT_ID. */
  | { readonly kind: "last_insert_id" }
  /** The same in all of a statement: the primary's value is written in. */
  | { readonly kind: "constant" }
  /** Another value at each call: the primary's are written in. */
  | { readonly kind: "fresh" }
  /** Differs from server to server; a query may use it, a write may not. */
  | { readonly kind: "local"; readonly why: string; readonly instead: string }
  /** Changes or needs what only one server or connection has: nothing may use it. */
  | { readonly kind: "forbidden"; readonly why: string; readonly instead: string }
  /** A stored or loadable function, or one of a server that is not known here. */
  | { readonly kind: "unknown" };

type Rules = Readonly<Record<string, FunctionRule>>;

function alike(names: string, rule: FunctionRule): Rules {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, rule]));
}

const LOCKS: FunctionRule = {
  kind: "forbidden",
  why: "the lock would belong to a connection that many clients share",
  instead: "keep a row for the lock in a table, and update it",
};
const NAMES_A_USER: FunctionRule = {
  kind: "local",
  why: "it names the user that the region server connects as",
  instead: "write the name that is meant as a literal",
};
const LAST_STATEMENT: FunctionRule = {
  kind: "local",
  why: "it tells of the statement before, which another connection may have run",
  instead: "take the number from the answer to that statement and write it as a literal",
};
const REPLICATION: FunctionRule = {
  kind: "local",
  why: "it waits for a replication that is not minisql's",
  instead: "leave it out",
};
const SEQUENCES: FunctionRule = {
  kind: "forbidden",
  why: "sequences are not replicated",
  instead: "use an AUTO_INCREMENT column",
};
const INSTRUMENTS: FunctionRule = {
  kind: "local",
  why: "it tells of the server that runs it",
  instead: "write its value as a literal",
};
const WAITS: FunctionRule = {
  kind: "local",
  why: "it would hold up every copy in turn",
  instead: "wait in the client",
};

const SPECIAL: Rules = {
  ...alike(
    "NOW CURRENT_TIMESTAMP CURRENT_DATE CURRENT_TIME LOCALTIME LOCALTIMESTAMP CURDATE CURTIME " +
      "UTC_DATE UTC_TIME UTC_TIMESTAMP UNIX_TIMESTAMP",
    { kind: "clock" },
  ),
  RAND: { kind: "random" },
  LAST_INSERT_ID: { kind: "last_insert_id" },
  ...alike("VERSION DATABASE SCHEMA", { kind: "constant" }),
  ...alike("UUID UUID_SHORT SYS_GUID RANDOM_BYTES UUID_V4 UUID_V7", { kind: "fresh" }),
  SYSDATE: {
    kind: "local",
    why: "it reads each server's own clock",
    instead: "write NOW(6)",
  },
  ...alike("SLEEP BENCHMARK", WAITS),
  ...alike("GET_LOCK RELEASE_LOCK RELEASE_ALL_LOCKS IS_FREE_LOCK IS_USED_LOCK", LOCKS),
  LOAD_FILE: {
    kind: "forbidden",
    why: "the file is on one server only",
    instead: "send its content as a literal or a parameter",
  },
  ...alike("FOUND_ROWS ROW_COUNT", LAST_STATEMENT),
  ...alike("USER CURRENT_USER SESSION_USER SYSTEM_USER CURRENT_ROLE ROLES_GRAPHML", NAMES_A_USER),
  CONNECTION_ID: {
    kind: "local",
    why: "it numbers a connection of the region server, not of the client",
    instead: "write a number of your own as a literal",
  },
  ...alike("NEXTVAL LASTVAL SETVAL", SEQUENCES),
  ...alike(
    "MASTER_POS_WAIT SOURCE_POS_WAIT MASTER_GTID_WAIT WAIT_FOR_EXECUTED_GTID_SET BINLOG_GTID_POS " +
      "WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS ASYNCHRONOUS_CONNECTION_FAILOVER_ADD_SOURCE " +
      "ASYNCHRONOUS_CONNECTION_FAILOVER_DELETE_SOURCE GROUP_REPLICATION_SET_AS_PRIMARY",
    REPLICATION,
  ),
  ...alike(
    "PS_THREAD_ID PS_CURRENT_THREAD_ID STATEMENT_DIGEST STATEMENT_DIGEST_TEXT ICU_VERSION " +
      "DECODE_HISTOGRAM",
    INSTRUMENTS,
  ),
  DEFAULT: {
    kind: "local",
    why: "a default may be worked out anew on each copy",
    instead: "write its value, or DEFAULT without a column",
  },
  ROWNUM: {
    kind: "local",
    why: "it counts rows as they happen to come",
    instead: "write ROW_NUMBER() OVER (ORDER BY the primary key)",
  },
  ENCRYPT: {
    kind: "local",
    why: "it draws a salt and depends on the system's library",
    instead: "hash in the client, or write SHA2(text, 256)",
  },
  ...alike("COMPRESS", {
    kind: "local",
    why: "its bytes depend on the compression library",
    instead: "compress in the client and send the bytes as a parameter",
  }),
  ...alike("DES_ENCRYPT DES_DECRYPT", {
    kind: "local",
    why: "it depends on a file of keys beside the server",
    instead: "write AES_ENCRYPT() with a key, or encrypt in the client",
  }),
  MATCH: {
    kind: "local",
    why: "a full-text search depends on what its index has already merged",
    instead: "search first and write by the primary keys that were found",
  },
  JSON_TABLE: {
    kind: "local",
    why: "in which order its rows come is not said",
    instead: "write INSERT … VALUES with the rows",
  },
};

const PURE: FunctionRule = { kind: "pure" };
const UNKNOWN: FunctionRule = { kind: "unknown" };

/** The rule of a function of MySQL 8 or MariaDB 10.5 and later, by its name in upper case. */
export function functionRule(upper: string): FunctionRule {
  if (Object.hasOwn(SPECIAL, upper)) return SPECIAL[upper] ?? UNKNOWN;
  return PURE_FUNCTIONS.has(upper) ? PURE : UNKNOWN;
}

/** Functions that may be called without parentheses. */
export const BARE_FUNCTIONS: ReadonlySet<string> = new Set([
  ...["CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "LOCALTIME", "LOCALTIMESTAMP"],
  ...["UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP", "CURRENT_USER", "CURRENT_ROLE"],
]);
