/** SET, USE and transaction control: what a session may ask for, and what is alike for all. */
import { clausesOf } from "./clauses.ts";
import type { Scope } from "./scope.ts";
import { isGroup, listItems, looksAt, nameAt, type Node, upperAt } from "./tree.ts";
import { type SessionChange, unsupported } from "./verdict.ts";

const NOTHING: SessionChange = { kind: "nothing" };

/** The modes of every session, whatever a client sets. */
const SQL_MODES = new Set([
  ...["ONLY_FULL_GROUP_BY", "STRICT_TRANS_TABLES", "NO_ZERO_IN_DATE", "NO_ZERO_DATE"],
  ...["ERROR_FOR_DIVISION_BY_ZERO", "NO_ENGINE_SUBSTITUTION"],
]);

/** Variables that may be set to what they are anyhow, values in lower case. */
const PINNED: Readonly<Record<string, readonly string[]>> = {
  time_zone: ["+00:00", "utc"],
  character_set_client: ["utf8mb4"],
  character_set_connection: ["utf8mb4"],
  character_set_results: ["utf8mb4", "null"],
  collation_connection: ["utf8mb4_unicode_ci"],
  transaction_isolation: ["repeatable-read"],
  tx_isolation: ["repeatable-read"],
  unique_checks: ["1", "on", "true"],
  sql_auto_is_null: ["0", "off", "false"],
  sql_safe_updates: ["0", "off", "false"],
  sql_quote_show_create: ["1", "on", "true"],
};

/** Variables that say how long a connection waits; the program's own limits count instead. */
const IDLE = new Set([
  ...["wait_timeout", "interactive_timeout", "net_read_timeout", "net_write_timeout"],
]);

const ON = new Set(["1", "on", "true"]);
const OFF = new Set(["0", "off", "false"]);

export function sessionChanges(scope: Scope): readonly SessionChange[] {
  const { nodes, statement } = scope;
  switch (statement.kind) {
    case "set":
      return listItems(nodes.slice(1)).map(setChange);
    case "set_transaction":
      return [transactionSetting(nodes)];
    case "use":
      return [useChange(scope)];
    case "begin":
      return [beginChange(nodes)];
    case "commit":
    case "rollback":
      return [endChange(statement.kind, nodes)];
    case "savepoint":
      return [{ kind: "savepoint", name: savepointName(nodes) }];
    case "rollback_to":
      return [{ kind: "rollback_to", name: savepointName(nodes) }];
    case "release":
      return [{ kind: "release", name: savepointName(nodes) }];
    default:
      return [];
  }
}

function useChange({ nodes, facts }: Scope): SessionChange {
  const name = nameAt(nodes, 1) ?? "";
  if (name === facts.database) return NOTHING;
  throw unsupported(`USE ${name}`, "a cluster is one database", "open a connection to the other");
}

function beginChange(nodes: readonly Node[]): SessionChange {
  return { kind: "begin", isReadOnly: nodes.some((_, at) => looksAt(nodes, at, "READ", "ONLY")) };
}

/** AND CHAIN and RELEASE go on with another transaction, or end the connection. */
function endChange(kind: "commit" | "rollback", nodes: readonly Node[]): SessionChange {
  for (const word of ["CHAIN", "RELEASE"]) {
    const at = nodes.findIndex((_, index) => upperAt(nodes, index) === word);
    if (at < 0 || upperAt(nodes, at - 1) === "NO") continue;
    throw unsupported(
      `${kind.toUpperCase()} with ${word}`,
      "it is two statements in one",
      `write ${kind.toUpperCase()} by itself`,
    );
  }
  return { kind };
}

function savepointName(nodes: readonly Node[]): string {
  return nameAt(nodes, nodes.length - 1) ?? "";
}

function transactionSetting(nodes: readonly Node[]): SessionChange {
  const isGlobal = nodes.some((_, at) => upperAt(nodes, at) === "GLOBAL");
  const isRepeatable = nodes.some((_, at) => looksAt(nodes, at, "REPEATABLE", "READ"));
  const isIsolation = nodes.some((_, at) => upperAt(nodes, at) === "ISOLATION");
  if (!isGlobal && isIsolation && isRepeatable) return NOTHING;
  if (!isGlobal && !isIsolation && nodes.some((_, at) => looksAt(nodes, at, "READ", "WRITE"))) {
    return NOTHING;
  }
  throw unsupported(
    "SET TRANSACTION",
    "every transaction is REPEATABLE READ, as statements repeat under no less",
    "leave it out, or write START TRANSACTION READ ONLY where that is meant",
  );
}

/** One assignment of a SET. */
function setChange(item: readonly Node[]): SessionChange {
  const first = upperAt(item, 0);
  if (first === "NAMES" || first === "CHARACTER" || first === "CHARSET") return names(item);
  if (first === "STATEMENT") throw settingFor();
  const { name, value, isGlobal } = readAssignment(item);
  if (isGlobal) {
    throw unsupported(
      `SET GLOBAL ${name}`,
      "it would change one server",
      "change it on each MySQL server",
    );
  }
  return variableChange(name, value);
}

function settingFor() {
  return unsupported("SET STATEMENT", "settings are alike for all statements", "leave it out");
}

function names(item: readonly Node[]): SessionChange {
  const words = item.flatMap((node) => isGroup(node) ? [] : [node.value.toLowerCase()]);
  const value = words.slice(words[0] === "character" ? 2 : 1).join(" ");
  const fits = /^(utf8mb4|default)( collate (utf8mb4_unicode_ci|default))?$/.test(value);
  if (fits) return NOTHING;
  throw unsupported(
    `SET ${words.join(" ").toUpperCase()}`,
    "text is always utf8mb4",
    "write SET NAMES utf8mb4, or leave it out",
  );
}

interface SetItem {
  readonly name: string;
  /** In lower case, without quotes; null for an expression. */
  readonly value: string | null;
  readonly isGlobal: boolean;
}

const SCOPES = new Set(["session", "local", "global", "persist", "persist_only"]);

function readAssignment(item: readonly Node[]): SetItem {
  const parts = clausesOf(item, [["value", "="], ["value", ":="]]);
  const [head, value] = [parts.get("") ?? [], parts.get("value") ?? []];
  const target = head.flatMap((node) => isGroup(node) ? [] : [node]);
  const variable = target.find(({ kind }) => kind === "user_variable");
  if (variable !== undefined) {
    throw unsupported(
      `SET ${variable.text}`,
      "a connection's variables are shared by many clients",
      "keep the value in the client, and send it as a parameter",
    );
  }
  const words = target.map((token) => token.value.toLowerCase()).join(" ").split(/[ .]+/);
  const name = words.filter((word) => word !== "" && !SCOPES.has(word)).join(".");
  const [only] = value;
  const isPlain = value.length === 1 && only !== undefined && !isGroup(only);
  return {
    name,
    value: isPlain && only.kind !== "user_variable" ? only.value.toLowerCase() : null,
    isGlobal: words.some((word) => ["global", "persist", "persist_only"].includes(word)),
  };
}

function variableChange(name: string, value: string | null): SessionChange {
  if (value === "default" || IDLE.has(name)) return NOTHING;
  if (name === "autocommit" || name === "foreign_key_checks") {
    const isOn = value !== null && ON.has(value);
    if (isOn || (value !== null && OFF.has(value))) return { kind: name, isOn };
  }
  if (name === "sql_mode" && value !== null && isPinnedMode(value)) return NOTHING;
  const pinned = Object.hasOwn(PINNED, name) ? PINNED[name] : undefined;
  if (pinned !== undefined && value !== null && pinned.includes(value)) return NOTHING;
  throw unsupported(
    `SET ${name}`,
    pinned !== undefined
      ? `it is ${pinned[0]} in every session`
      : name === "sql_mode"
      ? `it is ${[...SQL_MODES].join()} in every session`
      : "sessions are alike on all servers, so that statements repeat",
    "leave it out",
  );
}

function isPinnedMode(value: string): boolean {
  const modes = value.toUpperCase().split(",").map((mode) => mode.trim());
  return modes.length === SQL_MODES.size && modes.every((mode) => SQL_MODES.has(mode));
}
