/** The kinds of statements there are in MySQL's SQL, told apart by their first words. */
import type { Cursor } from "./cursor.ts";

export type StatementCategory = "read" | "write" | "ddl" | "transaction" | "other";

const KINDS = {
  select: "read",
  values: "read",
  table: "read",
  show: "read",
  describe: "read",
  explain: "read",
  checksum_table: "read",
  help: "read",
  insert: "write",
  replace: "write",
  update: "write",
  delete: "write",
  load: "write",
  create_table: "ddl",
  alter_table: "ddl",
  drop_table: "ddl",
  rename_table: "ddl",
  truncate: "ddl",
  create_index: "ddl",
  drop_index: "ddl",
  create_view: "ddl",
  alter_view: "ddl",
  drop_view: "ddl",
  create_database: "ddl",
  alter_database: "ddl",
  drop_database: "ddl",
  create_sequence: "ddl",
  alter_sequence: "ddl",
  drop_sequence: "ddl",
  /** Triggers, procedures, functions, events. */
  create_routine: "ddl",
  alter_routine: "ddl",
  drop_routine: "ddl",
  begin: "transaction",
  commit: "transaction",
  rollback: "transaction",
  savepoint: "transaction",
  rollback_to: "transaction",
  release: "transaction",
  xa: "transaction",
  set: "other",
  /** SET TRANSACTION: what the next transaction is like. */
  set_transaction: "other",
  use: "other",
  call: "other",
  do: "other",
  handler: "other",
  lock_tables: "other",
  unlock_tables: "other",
  prepare: "other",
  execute: "other",
  deallocate: "other",
  /** ANALYZE, CHECK, OPTIMIZE and REPAIR TABLE. */
  maintain_table: "other",
  /** Users, grants, plugins, replication, shutdown. */
  administer: "other",
  /** Anything whose first word is none of the above. */
  unknown: "other",
} as const satisfies Readonly<Record<string, StatementCategory>>;

export type StatementKind = keyof typeof KINDS;

export function categoryOf(kind: StatementKind): StatementCategory {
  return KINDS[kind];
}

/** First words that leave nothing open. */
const BY_FIRST_WORD: Readonly<Record<string, StatementKind>> = {
  SELECT: "select",
  VALUES: "values",
  TABLE: "table",
  SHOW: "show",
  DESCRIBE: "describe",
  DESC: "describe",
  EXPLAIN: "explain",
  CHECKSUM: "checksum_table",
  HELP: "help",
  INSERT: "insert",
  REPLACE: "replace",
  UPDATE: "update",
  DELETE: "delete",
  LOAD: "load",
  RENAME: "rename_table",
  TRUNCATE: "truncate",
  BEGIN: "begin",
  COMMIT: "commit",
  SAVEPOINT: "savepoint",
  RELEASE: "release",
  XA: "xa",
  USE: "use",
  CALL: "call",
  DO: "do",
  HANDLER: "handler",
  LOCK: "lock_tables",
  UNLOCK: "unlock_tables",
  PREPARE: "prepare",
  EXECUTE: "execute",
  DEALLOCATE: "deallocate",
  CHECK: "maintain_table",
  OPTIMIZE: "maintain_table",
  REPAIR: "maintain_table",
  FLUSH: "administer",
  KILL: "administer",
  GRANT: "administer",
  REVOKE: "administer",
  INSTALL: "administer",
  UNINSTALL: "administer",
  RESET: "administer",
  PURGE: "administer",
  CHANGE: "administer",
  STOP: "administer",
  SHUTDOWN: "administer",
  BINLOG: "administer",
  IMPORT: "administer",
  CLONE: "administer",
  RESTART: "administer",
  CACHE: "administer",
  BACKUP: "administer",
};

/** What CREATE, ALTER and DROP may be about. */
const OBJECTS: Readonly<Record<string, readonly [StatementKind, StatementKind, StatementKind]>> = {
  TABLE: ["create_table", "alter_table", "drop_table"],
  TABLES: ["unknown", "unknown", "drop_table"],
  INDEX: ["create_index", "unknown", "drop_index"],
  VIEW: ["create_view", "alter_view", "drop_view"],
  DATABASE: ["create_database", "alter_database", "drop_database"],
  SCHEMA: ["create_database", "alter_database", "drop_database"],
  SEQUENCE: ["create_sequence", "alter_sequence", "drop_sequence"],
  TRIGGER: ["create_routine", "alter_routine", "drop_routine"],
  PROCEDURE: ["create_routine", "alter_routine", "drop_routine"],
  FUNCTION: ["create_routine", "alter_routine", "drop_routine"],
  EVENT: ["create_routine", "alter_routine", "drop_routine"],
  PACKAGE: ["create_routine", "alter_routine", "drop_routine"],
  USER: ["administer", "administer", "administer"],
  ROLE: ["administer", "administer", "administer"],
  SERVER: ["administer", "administer", "administer"],
  TABLESPACE: ["administer", "administer", "administer"],
  LOGFILE: ["administer", "administer", "administer"],
  UNDO: ["administer", "administer", "administer"],
  INSTANCE: ["unknown", "administer", "unknown"],
  RESOURCE: ["administer", "administer", "administer"],
};

/** How many words (`OR REPLACE`, `ALGORITHM = MERGE`, `DEFINER = a@b`) may stand before the object. */
const WORDS_BEFORE_OBJECT_MAX = 24;

/** The kind of the statement the cursor is at, which must stand before its first word, behind WITH. */
export function kindAt(cursor: Cursor): StatementKind {
  const first = cursor.peek();
  if (first.kind !== "word") return "unknown";
  const second = cursor.peek(1).upper;
  switch (first.upper) {
    case "CREATE":
      return objectKind(cursor, 0);
    case "ALTER":
      return objectKind(cursor, 1);
    case "DROP":
      return second === "PREPARE" ? "deallocate" : objectKind(cursor, 2);
    case "START":
      return second === "TRANSACTION" ? "begin" : "administer";
    case "ROLLBACK":
      return rollbackKind(cursor);
    case "SET":
      return setKind(cursor);
    case "RENAME":
      return second === "TABLE" || second === "TABLES" ? "rename_table" : "administer";
    case "ANALYZE":
      return ["TABLE", "LOCAL", "NO_WRITE_TO_BINLOG"].includes(second)
        ? "maintain_table"
        : "explain";
    default:
      return Object.hasOwn(BY_FIRST_WORD, first.upper)
        ? BY_FIRST_WORD[first.upper] ?? "unknown"
        : "unknown";
  }
}

function objectKind(cursor: Cursor, verb: 0 | 1 | 2): StatementKind {
  for (let ahead = 1; ahead <= WORDS_BEFORE_OBJECT_MAX; ahead++) {
    const token = cursor.peek(ahead);
    if (token.kind !== "word" || !Object.hasOwn(OBJECTS, token.upper)) continue;
    // CREATE ROLE and friends name things; `DEFINER = user` names one before the object.
    if (cursor.peek(ahead - 1).upper === "=") continue;
    return OBJECTS[token.upper]?.[verb] ?? "unknown";
  }
  return "unknown";
}

function rollbackKind(cursor: Cursor): StatementKind {
  const at = cursor.peek(1).upper === "WORK" ? 2 : 1;
  return cursor.peek(at).upper === "TO" ? "rollback_to" : "rollback";
}

function setKind(cursor: Cursor): StatementKind {
  const scope = ["SESSION", "GLOBAL", "LOCAL"].includes(cursor.peek(1).upper) ? 2 : 1;
  if (cursor.peek(scope).upper === "TRANSACTION") return "set_transaction";
  const roles = ["PASSWORD", "ROLE", "DEFAULT"];
  return roles.includes(cursor.peek(1).upper) && cursor.peek(2).upper !== "="
    ? "administer"
    : "set";
}
