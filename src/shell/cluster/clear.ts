/** `clear`: drops every table of the cluster, once somebody has typed the cluster's name. */
import { quoteName } from "../../client/sql_text.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { isMeant } from "../guard.ts";
import { Progress } from "../progress.ts";
import type { Shell } from "../shell.ts";
import { ShellError } from "../shell_error.ts";

/**
 * Answers how many tables were dropped. `named` is the cluster as the statement names it: that is
 * as good as typing it, and the only way where nobody can be asked.
 */
export async function clearCluster(
  shell: Shell,
  named: string | null,
  signal: AbortSignal,
): Promise<number> {
  const { cluster } = await shell.client.admin.master("status", {}, { signal });
  if (named !== null && named !== cluster) {
    throw new ShellError(`Cannot clear ${named}: this is the cluster ${cluster}`);
  }
  const { tables } = await shell.client.admin.master("meta", {}, { signal });
  const names = tables.map(({ name }) => name);
  if (named === null) {
    if (!shell.interactive) {
      throw new ShellError(`Cannot clear without a name: write clear ${cluster}`);
    }
    const what = `This drops all ${names.length} tables of the cluster: ${names.join(", ")}`;
    if (names.length > 0 && !await isMeant(shell, { what, name: cluster })) return 0;
  }
  return await dropAll(shell, names, signal);
}

/** A table that others refer to can be dropped only after them, so several rounds may be needed. */
async function dropAll(
  shell: Shell,
  names: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const progress = new Progress(shell.port, "clear", { total: names.length, unit: "tables" });
  let left = names;
  try {
    while (left.length > 0) {
      const refused: string[] = [];
      let refusal: unknown;
      for (const name of left) {
        try {
          await shell.session.query(`DROP TABLE IF EXISTS ${quoteName(name)}`, [], { signal });
          await progress.add(1);
        } catch (error) {
          if (!(error instanceof MinisqlError) || error.code !== "SQL") throw error;
          refused.push(name);
          refusal = error;
        }
      }
      if (refused.length === left.length) throw refusal;
      left = refused;
    }
  } finally {
    await progress.end();
  }
  return names.length;
}
