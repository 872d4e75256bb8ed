/** Somebody who uses the cluster while something happens to it: reads and writes that change nothing. */
import { MinisqlError } from "../../../protocol/errors.ts";
import { quoteName } from "../../../sql/names.ts";
import type { Scene, Stage } from "./stage.ts";
import { duration } from "./words.ts";

const TIMEOUT_MS = 20_000;

/** Reads and writes each table once, and tells how long that took. */
export async function probe(
  stage: Stage,
  scene: Scene,
  tables: readonly string[],
): Promise<void> {
  const asked = tables.flatMap((table) => [
    attempt(stage, scene, `a read of ${table}`, `SELECT COUNT(*) FROM ${quoteName(table)}`),
    attempt(stage, scene, `a write to ${table}`, `DELETE FROM ${quoteName(table)} WHERE 1 = 0`),
  ]);
  await Promise.all(asked);
}

async function attempt(stage: Stage, scene: Scene, what: string, sql: string): Promise<void> {
  const begun = stage.clock.now();
  const took = () => duration(stage.clock.now() - begun);
  try {
    const { receipt } = await stage.client.query(sql, [], {
      timeoutMs: TIMEOUT_MS,
      signal: scene.signal,
    });
    const where = receipt === null ? "" : ` by ${stage.server(receipt.rid)}`;
    scene.tell(`${what} was answered${where} after ${took()}`);
  } catch (error) {
    scene.signal.throwIfAborted();
    if (!(error instanceof MinisqlError)) throw error;
    scene.tell(`${what} failed after ${took()}: ${error.message}`);
  }
}
