/** `@@name`: the few variables that clients ask for when they connect. */
import { sqlError } from "../../protocol/errors.ts";
import type { SqlValue } from "./functions_spec.ts";
import { VERSION } from "./translate_calls_value.ts";
import type { TranslateContext } from "./translate_context.ts";
import { BIGINT_TYPE, textType } from "./translate_type.ts";
import { NULL_VALUE, type Value } from "./translate_value.ts";

/** The mode every session of every engine is pinned to. */
export const SQL_MODE = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE," +
  "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

const VARIABLES: Readonly<Record<string, string | bigint>> = {
  version: VERSION,
  version_comment: "minisql on SQLite",
  sql_mode: SQL_MODE,
  autocommit: 1n,
  time_zone: "+00:00",
  system_time_zone: "UTC",
  tx_isolation: "REPEATABLE-READ",
  transaction_isolation: "REPEATABLE-READ",
  tx_read_only: 0n,
  transaction_read_only: 0n,
  character_set_client: "utf8mb4",
  character_set_connection: "utf8mb4",
  character_set_results: "utf8mb4",
  character_set_server: "utf8mb4",
  character_set_database: "utf8mb4",
  collation_connection: "utf8mb4_general_ci",
  collation_server: "utf8mb4_general_ci",
  collation_database: "utf8mb4_general_ci",
  lower_case_table_names: 0n,
  max_allowed_packet: 16_777_216n,
  wait_timeout: 28_800n,
  interactive_timeout: 28_800n,
  net_write_timeout: 60n,
  auto_increment_increment: 1n,
  auto_increment_offset: 1n,
  foreign_key_checks: 1n,
  unique_checks: 1n,
  group_concat_max_len: 1_048_576n,
  div_precision_increment: 4n,
  license: "",
  init_connect: "",
  performance_schema: 0n,
  query_cache_size: 0n,
  query_cache_type: "OFF",
  read_only: 0n,
  hostname: "localhost",
  port: 0n,
};

export function systemVariableNames(): readonly string[] {
  return Object.keys(VARIABLES);
}

/** The value of a system variable; the scope in front of its name does not matter. */
export function systemVariable(name: string, context: TranslateContext): Value {
  const bare = name.replace(/^(session|global|local)\./, "");
  const value: SqlValue | undefined = Object.hasOwn(VARIABLES, bare) ? VARIABLES[bare] : undefined;
  if (value === undefined) {
    throw sqlError(1193, "HY000", `Unknown system variable '${bare}'`);
  }
  const type = typeof value === "bigint" ? BIGINT_TYPE : textType();
  return { ...NULL_VALUE, sql: context.parameters.add(value), type, literal: null };
}
