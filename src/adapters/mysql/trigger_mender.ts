/**
 * Makes MariaDB read triggers again that it has read in part. A statement that is ended while its
 * table is being opened may leave the table in the server's cache with triggers that do not parse;
 * every later write to it then fails with 1064, until the table leaves the cache.
 */
import { MinisqlError } from "../../protocol/errors.ts";
import { quoteName } from "../../sql/names.ts";
import type { Channel } from "./channel.ts";
import type { ChannelPool } from "./channel_pool.ts";
import { TRIGGER_PREFIX } from "./triggers.ts";

const BROKEN = /^(?:Unknown trigger|Trigger '([^']*)') has an error in its body/;
const PARSE_ERROR = 1064;

/** Whether an error is this one: the trigger's name, or "" where that could not be read either. */
export function brokenTrigger(errno: number | undefined, message: string): string | null {
  if (errno !== PARSE_ERROR) return null;
  const found = BROKEN.exec(message);
  return found === null ? null : found[1] ?? "";
}

/** Statements meet it before they do anything, so they may be run again. */
export function brokenTriggerFault(cause: MinisqlError): MinisqlError {
  return new MinisqlError(
    "UNAVAILABLE",
    "Cannot run the statement: MariaDB has read the triggers of a table in part only, and is " +
      `being made to read them again (${cause.message})`,
    { errno: PARSE_ERROR, cause },
  );
}

export class TriggerMender {
  #pool: ChannelPool | null = null;
  #mending: Promise<void> | null = null;

  /** From now on what is reported is mended. */
  start(pool: ChannelPool): void {
    this.#pool = pool;
  }

  /** Mends in the background. What is met meanwhile is mended by then or reported again. */
  report(trigger: string): void {
    const pool = this.#pool;
    if (pool === null || this.#mending !== null) return;
    this.#mending = pool.use((channel) => mend(channel, trigger))
      .catch(() => {})
      .finally(() => this.#mending = null);
  }

  async stop(): Promise<void> {
    this.#pool = null;
    await this.#mending;
  }
}

const KEPT = "SELECT id,table_name FROM `_minisql_fingerprint` WHERE id>0";

/** Others who write to the table have to wait while this waits for a transaction to let it go. */
const BRIEFLY = "SET STATEMENT lock_wait_timeout=1 FOR";

/** To make a trigger that is there already, the server closes the table everywhere first. */
async function mend(channel: Channel, broken: string): Promise<void> {
  for (const [id, table] of (await channel.command(KEPT)).rows) {
    const name = `${TRIGGER_PREFIX}${id}_insert`;
    if (broken.startsWith(TRIGGER_PREFIX) && !broken.startsWith(`${TRIGGER_PREFIX}${id}_`)) {
      continue;
    }
    const sql = `${BRIEFLY} CREATE TRIGGER IF NOT EXISTS ${quoteName(name)} AFTER INSERT ON ` +
      `${quoteName(String(table))} FOR EACH ROW SET @_minisql_absent=1`;
    // It says once more what is wrong, and then nobody has to hear it again.
    await channel.command(sql).catch(() => {});
  }
}
