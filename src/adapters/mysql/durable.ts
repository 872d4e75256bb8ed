/**
 * Has a server write out what it has committed. Where commits are relaxed it does so only about once
 * a second, and FLUSH ENGINE LOGS does not hurry MariaDB. A change of a table's files is written out
 * at once, with all that was committed before it.
 */
import type { Cell } from "../../protocol/values.ts";
import type { Channel } from "./channel.ts";

/** The setting that says whether a commit is on disk when it is answered. */
export const COMMITS = "innodb_flush_log_at_trx_commit";

export const CREATE_FLUSH_TABLE =
  "CREATE TABLE IF NOT EXISTS `_minisql_flush` (id INT NOT NULL PRIMARY KEY) ENGINE = InnoDB";

/** With 0 and 2 it is not; with 1, and with 3, which some servers know, it is. */
export function isRelaxed(value: Cell | undefined): boolean {
  return Number(value ?? 1) % 2 === 0;
}

export async function makeDurable(channel: Channel): Promise<void> {
  const [row] = (await channel.command(`SELECT @@GLOBAL.${COMMITS}`)).rows;
  if (!isRelaxed(row?.[0])) return;
  await channel.command(CREATE_FLUSH_TABLE);
  await channel.command("TRUNCATE TABLE `_minisql_flush`");
}
