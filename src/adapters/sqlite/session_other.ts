/** Statements about the session itself: SET and its like. Most are accepted, since nothing changes. */
import type { Rows } from "../../ports/engine.ts";
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import { Cursor } from "../../sql/cursor.ts";
import type { Token } from "../../sql/lexer.ts";
import { kindAt, type StatementKind } from "../../sql/statement_kind.ts";
import { syntaxError } from "../../sql/syntax_error.ts";
import { systemVariableNames } from "./translate_system_variable.ts";

/** What SET may change of a session. */
export interface SessionSettings {
  foreignKeyChecks: boolean;
  readonly database: string;
}

const CONTROL =
  /^\s*(?:\/\*[\s\S]*?\*\/\s*)*(begin|start\s+transaction|commit|rollback|savepoint|release|xa)\b/i;

/** Raises `BAD_REQUEST` for statements that a session's own methods stand for. */
export function refuseControl(sql: string): void {
  const word = CONTROL.exec(sql)?.[1];
  if (word === undefined) return;
  throw new MinisqlError(
    "BAD_REQUEST",
    `Cannot run ${word.toUpperCase()} as a statement: use the session's own transactions`,
  );
}

const DONE: Rows = { columns: [], rows: [], result: { affected: 0, insertId: null } };

export function runOther(sql: string, settings: SessionSettings): Rows {
  const cursor = new Cursor(sql);
  while (cursor.take(";"));
  const kind = kindAt(cursor);
  switch (kind) {
    case "set":
      new Setter(cursor, settings).run();
      return DONE;
    case "set_transaction":
      setTransaction(cursor);
      return DONE;
    case "use":
      cursor.next();
      useDatabase(cursor, settings);
      return DONE;
    case "unlock_tables":
      return DONE;
    case "unknown":
      throw syntaxError(sql, cursor.peek().start);
    default:
      throw refused(kind, cursor.peek());
  }
}

const REASONS: Partial<Record<StatementKind, string>> = {
  explain: "this engine has plans of SQLite, which say nothing of MySQL's",
  load: "read the file in the client and insert its rows",
  call: "this engine has no procedures",
  do: "write SELECT",
  handler: "write SELECT",
  lock_tables: "begin a transaction; it has the whole database to itself",
  prepare: "write the statement with its values",
  execute: "write the statement with its values",
  deallocate: "write the statement with its values",
  maintain_table: "there is nothing to maintain",
  checksum_table: "the engine keeps fingerprints instead",
  administer: "the embedded engine has no users, plugins or replication of its own",
};

function refused(kind: StatementKind, token: Token): MinisqlError {
  const why = REASONS[kind] ?? "this engine does not have it";
  return new MinisqlError("UNSUPPORTED", `Cannot run ${token.upper}: ${why}`);
}

function useDatabase(cursor: Cursor, { database }: SessionSettings): void {
  const name = cursor.name();
  if (name !== database) throw sqlError(1049, "42000", `Unknown database '${name}'`);
}

function setTransaction(cursor: Cursor): void {
  const text = cursor.tokens.map((token) => token.upper).join(" ");
  if (/ISOLATION LEVEL (REPEATABLE READ|SERIALIZABLE)|READ (ONLY|WRITE)/.test(text)) return;
  throw new MinisqlError(
    "UNSUPPORTED",
    "Cannot set the isolation level: every session has REPEATABLE READ",
  );
}

/** Variables that may be set to anything, since they decide about nothing here. */
const HARMLESS = new Set([
  ...["wait_timeout", "interactive_timeout", "net_read_timeout", "net_write_timeout"],
  ...[
    "lock_wait_timeout",
    "innodb_lock_wait_timeout",
    "max_execution_time",
    "character_set_client",
  ],
  ...["max_statement_time", "sql_notes", "sql_quote_show_create", "sql_warnings", "unique_checks"],
  ...["character_set_results", "character_set_connection", "optimizer_switch", "sql_log_bin"],
  ...[
    "max_allowed_packet",
    "profiling",
    "tmp_table_size",
    "max_heap_table_size",
    "sql_safe_updates",
  ],
  ...["sort_buffer_size", "join_buffer_size", "bulk_insert_buffer_size", "session_track_schema"],
  ...["sql_auto_is_null", "innodb_strict_mode", "explicit_defaults_for_timestamp"],
]);

/** Variables that are pinned, with the values that are what they are pinned to. */
const PINNED: Readonly<Record<string, RegExp>> = {
  autocommit: /^(1|on|true|default)$/i,
  time_zone: /^(\+00:00|utc|system|default)$/i,
  tx_isolation: /^(repeatable-read|serializable|default)$/i,
  transaction_isolation: /^(repeatable-read|serializable|default)$/i,
  collation_connection: /^(utf8mb4_\w+|default)$/i,
  div_precision_increment: /^(4|default)$/i,
  auto_increment_increment: /^(1|default)$/i,
  auto_increment_offset: /^(1|default)$/i,
  group_concat_max_len: /^(1048576|default)$/i,
  sql_mode: /^(?!.*(ansi|pipes_as_concat|no_backslash|traditional|zero_on))/i,
};

class Setter {
  readonly #cursor: Cursor;
  readonly #settings: SessionSettings;

  constructor(cursor: Cursor, settings: SessionSettings) {
    this.#cursor = cursor;
    this.#settings = settings;
  }

  run(): void {
    const cursor = this.#cursor;
    cursor.expect("SET");
    do this.#assignment(); while (cursor.take(","));
    while (cursor.take(";"));
    if (!cursor.done) throw cursor.fault();
  }

  #assignment(): void {
    const cursor = this.#cursor;
    if (cursor.take("NAMES")) return this.#names();
    if (cursor.take("CHARACTER", "SET") || cursor.take("CHARSET")) return this.#names();
    if (cursor.takeOneOf("GLOBAL", "PERSIST") !== null) {
      throw new MinisqlError("UNSUPPORTED", "Cannot set a global variable: the engine has none");
    }
    cursor.takeOneOf("SESSION", "LOCAL");
    const name = this.#name();
    if (!cursor.take("=")) cursor.expect(":=");
    this.#set(name, this.#value());
  }

  #name(): string {
    const token = this.#cursor.next();
    if (token.kind === "user_variable") {
      throw new MinisqlError(
        "UNSUPPORTED",
        `Cannot set @${token.value}: write the value where it is used`,
      );
    }
    if (!["word", "quoted_name", "system_variable"].includes(token.kind)) {
      throw this.#cursor.fault(token);
    }
    return token.value.toLowerCase().replace(/^(session|local)\./, "");
  }

  /** What is assigned, as text: a literal, a word, or signed number. */
  #value(): string {
    const cursor = this.#cursor;
    const sign = cursor.takeOneOf("-", "+") ?? "";
    const token = cursor.next();
    if (!["string", "word", "number", "system_variable", "quoted_name"].includes(token.kind)) {
      throw cursor.fault(token);
    }
    return sign + token.value;
  }

  #names(): void {
    const charset = this.#cursor.next().value.toLowerCase();
    if (!["utf8mb4", "utf8mb3", "utf8", "default", "binary"].includes(charset)) {
      throw new MinisqlError(
        "UNSUPPORTED",
        `Cannot use the character set ${charset}: text is UTF-8`,
      );
    }
    if (this.#cursor.take("COLLATE")) this.#cursor.next();
  }

  #set(name: string, value: string): void {
    if (name === "foreign_key_checks") {
      this.#settings.foreignKeyChecks = /^(1|on|true|default)$/i.test(value);
      return;
    }
    if (HARMLESS.has(name)) return;
    const pinned = Object.hasOwn(PINNED, name) ? PINNED[name] : undefined;
    if (pinned?.test(value)) return;
    if (pinned === undefined && !systemVariableNames().includes(name)) {
      throw sqlError(1193, "HY000", `Unknown system variable '${name}'`);
    }
    throw new MinisqlError(
      "UNSUPPORTED",
      `Cannot set ${name} to ${value}: it is the same in all sessions of this engine`,
    );
  }
}
