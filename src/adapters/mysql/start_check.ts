/** Whether a server lets us do what a region server must, tried out before anything depends on it. */
import { MinisqlError } from "../../protocol/errors.ts";
import { quoteName } from "../../sql/names.ts";
import type { Channel } from "./channel.ts";
import { COMMITS, isRelaxed } from "./durable.ts";
import { ERRNO, reasonOf } from "./faults.ts";
import { type MysqlEngineOptions, placeOf } from "./options.ts";
import type { ServerFacts } from "./server_facts.ts";

const PROBE = "`_minisql_probe`";
/** A row's bytes, a line of the protocol and a flush must fit. */
const PACKET_MIN = 1_048_576;
/** In seconds: entries of the log that were applied a few seconds ago may be let go. */
const WRITTEN_WITHIN_MAX = 2;

interface Trial {
  /** What is tried, in words. */
  readonly what: string;
  readonly sql: string;
}

const TRIALS: readonly Trial[] = [
  {
    what: "set TIMESTAMP, INSERT_ID, LAST_INSERT_ID and RAND_SEED1 in a session",
    sql: "SET TIMESTAMP = 1, INSERT_ID = 1, LAST_INSERT_ID = 1, RAND_SEED1 = 1, RAND_SEED2 = 1",
  },
  { what: "drop tables", sql: `DROP TABLE IF EXISTS ${PROBE}` },
  {
    what: "create InnoDB tables",
    sql: `CREATE TABLE ${PROBE} (id INT PRIMARY KEY, v INT) ENGINE = InnoDB`,
  },
  { what: "alter tables", sql: `ALTER TABLE ${PROBE} ADD INDEX v (v)` },
  {
    what: "create triggers",
    sql:
      `CREATE TRIGGER \`_minisql_probe\` AFTER INSERT ON ${PROBE} FOR EACH ROW SET @_minisql_v = 1`,
  },
  { what: "insert rows", sql: `INSERT INTO ${PROBE} VALUES (1, 1)` },
  { what: "update rows", sql: `UPDATE ${PROBE} SET v = 2` },
  { what: "read rows", sql: `SELECT v FROM ${PROBE} FOR UPDATE` },
  { what: "delete rows", sql: `DELETE FROM ${PROBE}` },
  { what: "drop tables", sql: `DROP TABLE ${PROBE}` },
];

/** Raises `UNSUPPORTED` with what is missing and what to do about it. */
export async function checkServer(
  channel: Channel,
  facts: ServerFacts,
  options: MysqlEngineOptions,
): Promise<void> {
  const packet = Number(facts.variables.get("max_allowed_packet"));
  if (packet < PACKET_MIN) {
    throw refusal(options, `max_allowed_packet is ${packet}; raise it to ${PACKET_MIN} or more`);
  }
  const writtenWithin = Number(facts.variables.get("innodb_flush_log_at_timeout") ?? 1);
  if (isRelaxed(facts.variables.get(COMMITS)) && writtenWithin > WRITTEN_WITHIN_MAX) {
    const why = `innodb_flush_log_at_timeout is ${writtenWithin}; set it to 1`;
    throw refusal(options, `${why}, or ${COMMITS} to 1`);
  }
  for (const { what, sql } of TRIALS) await attempt(channel, what, sql, options);
}

async function attempt(
  channel: Channel,
  what: string,
  sql: string,
  options: MysqlEngineOptions,
): Promise<void> {
  try {
    await channel.command(sql);
  } catch (error) {
    if (!(error instanceof MinisqlError) || error.code !== "SQL") throw error;
    const todo = adviceOn(error.errno, options);
    throw refusal(options, `it must be allowed to ${what} (${reasonOf(error)}); ${todo}`, error);
  }
}

function adviceOn(errno: number | undefined, { user, database }: MysqlEngineOptions): string {
  if (errno === ERRNO.binlogCreateRoutineNeedSuper) {
    return "run: SET GLOBAL log_bin_trust_function_creators = 1, or switch the binary log off";
  }
  if (errno === ERRNO.specificAccessDenied) {
    return `grant user ${user} the privilege that is named there`;
  }
  return `run: GRANT ALL ON ${quoteName(database)}.* TO '${user}'@'…', and see that the server ` +
    "is neither read only nor runs with secure_timestamp";
}

function refusal(options: MysqlEngineOptions, why: string, cause?: unknown): MinisqlError {
  return new MinisqlError("UNSUPPORTED", `Cannot use MySQL at ${placeOf(options)}: ${why}`, {
    cause,
  });
}
