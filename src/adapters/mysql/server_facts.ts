/** What a MySQL or MariaDB server is and how it is set, as it says when it is asked first. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { Channel } from "./channel.ts";

export type Vendor = "mariadb" | "mysql";

/** Whose ways of doing more in one round trip are used. */
export type Dialect = Vendor;

export interface ServerFacts {
  readonly vendor: Vendor;
  readonly version: string;
  /** Session variables by name, as a new session has them. */
  readonly variables: ReadonlyMap<string, string>;
}

/** RETURNING of an INSERT, EXECUTE IMMEDIATE; window functions, CHECK constraints. */
const OLDEST = { mariadb: [10, 5], mysql: [8, 0] } as const;

/** What must be right before anything can be asked: all answers, and text as it is quoted here. */
export const PLAIN_SESSION = "SET SESSION sql_select_limit = 18446744073709551615, sql_mode = ''";

export async function askFacts(channel: Channel): Promise<ServerFacts> {
  await channel.command(PLAIN_SESSION);
  const [version = ""] = (await channel.command("SELECT VERSION()")).rows[0] as readonly string[];
  const { rows } = await channel.command("SHOW SESSION VARIABLES");
  const variables = new Map(rows.map(([name, value]) => [String(name), String(value)]));
  const vendor = /mariadb/i.test(version) ? "mariadb" : "mysql";
  requireVersion(vendor, version);
  return { vendor, version, variables };
}

function requireVersion(vendor: Vendor, version: string): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST[vendor];
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  const name = vendor === "mariadb" ? "MariaDB" : "MySQL";
  throw new MinisqlError(
    "UNSUPPORTED",
    `Cannot use ${name} ${version}: ${oldestMajor}.${oldestMinor} or newer is needed`,
  );
}

/** Settings that decide over content and must be alike where copies are; what is pinned is left out. */
const REPORTED = [
  ...["character_set_collations", "character_set_database", "character_set_server"],
  ...["collation_database", "collation_server", "event_scheduler", "ft_max_word_len"],
  ...["ft_min_word_len", "innodb_autoinc_lock_mode", "innodb_default_row_format"],
  ...["innodb_ft_max_token_size", "innodb_ft_min_token_size", "innodb_page_size"],
  ...["innodb_rollback_on_timeout", "innodb_strict_mode", "lower_case_table_names"],
  ...[
    "max_allowed_packet",
    "max_sort_length",
    "optimizer_switch",
    "sql_generate_invisible_primary_key",
  ],
  ...["sql_require_primary_key", "version_compile_machine"],
];

/** The settings as they are told to others, together with those every session pins. */
export async function settingsOf(
  channel: Channel,
  facts: ServerFacts,
  pinned: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const [answers] = (await channel.command(
    "SELECT SYSDATE(6) = NOW(6) AND SLEEP(0.001) = 0 AND SYSDATE(6) = NOW(6), " +
      "CONVERT_TZ('2024-07-01', 'UTC', 'Europe/Paris') IS NOT NULL",
  )).rows;
  const settings: Record<string, string> = {
    ...pinned,
    sysdate_is_now: answers?.[0] === 1 ? "ON" : "OFF",
    time_zone_tables: answers?.[1] === 1 ? "ON" : "OFF",
  };
  for (const name of REPORTED) {
    const value = facts.variables.get(name);
    if (value !== undefined) settings[name] = value;
  }
  return settings;
}
