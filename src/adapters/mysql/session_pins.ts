/** The session variables that are alike in every session on every server. */
import { quoteString } from "../../sql/names.ts";
import type { ServerFacts } from "./server_facts.ts";

interface Pin {
  readonly value: string | number;
  /** MySQL lets only administrators set it: it is set where it is not so already. */
  readonly isRestricted?: true;
}

/** MySQL's own default. Dates like 0000-00-00 are let in only where rows are copied. */
const SQL_MODE = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE," +
  "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/** For rows that are copied as they stand. */
export const COPYING_SQL_MODE = "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION";

/** Those a server does not know are left out. */
const PINS: Readonly<Record<string, Pin>> = {
  autocommit: { value: 1 },
  auto_increment_increment: { value: 1 },
  auto_increment_offset: { value: 1 },
  block_encryption_mode: { value: "aes-128-ecb" },
  completion_type: { value: "NO_CHAIN" },
  default_storage_engine: { value: "InnoDB" },
  default_week_format: { value: 0 },
  div_precision_increment: { value: 4 },
  explicit_defaults_for_timestamp: { value: 1, isRestricted: true },
  foreign_key_checks: { value: 1 },
  group_concat_max_len: { value: 1_048_576 },
  // With it on, a flush would fail whenever another transaction has committed since the snapshot.
  innodb_snapshot_isolation: { value: 0 },
  lc_time_names: { value: "en_US" },
  // Deadlines come with each statement.
  max_execution_time: { value: 0 },
  max_statement_time: { value: 0 },
  // A reader slower than the server makes the server wait, for as long as the deadline lets it.
  net_write_timeout: { value: 86_400 },
  old_mode: { value: "UTF8_IS_UTF8MB3" },
  sql_auto_is_null: { value: 0 },
  sql_big_selects: { value: 1 },
  sql_mode: { value: SQL_MODE },
  sql_quote_show_create: { value: 1 },
  sql_safe_updates: { value: 0 },
  sql_select_limit: { value: "18446744073709551615" },
  time_zone: { value: "+00:00" },
  unique_checks: { value: 1 },
};

/** Servers of one vendor and version have the same pins, so only what is decided by is told. */
const TOLD = [
  "div_precision_increment",
  "explicit_defaults_for_timestamp",
  "sql_mode",
  "time_zone",
];

/** What a new connection runs before anything else. */
export function setupStatements(facts: ServerFacts): readonly string[] {
  const settings = Object.entries(PINS)
    .filter(([name, pin]) => isToBeSet(facts, name, pin))
    .map(([name, { value }]) => `SESSION ${name} = ${literal(value)}`);
  return [
    `SET ${settings.join(", ")}`,
    "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
  ];
}

function isToBeSet({ vendor, variables }: ServerFacts, name: string, pin: Pin): boolean {
  const value = variables.get(name);
  if (value === undefined) return false;
  if (vendor === "mariadb" || pin.isRestricted !== true) return true;
  return value !== "ON" && value !== String(pin.value);
}

function literal(value: string | number): string {
  if (typeof value === "number" || /^\d+$/.test(value)) return String(value);
  return quoteString(value);
}

export function toldPins(): Readonly<Record<string, string>> {
  const told = TOLD.map((name) => [name, String(PINS[name]?.value ?? "")]);
  return { ...Object.fromEntries(told), tx_isolation: "REPEATABLE-READ" };
}
