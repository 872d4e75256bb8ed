/** A table's content counted from its rows, with turns for others in between. */
import type { Fingerprint, KeyRange } from "../../ports/engine.ts";
import type { SqliteConnection } from "./connection.ts";
import type { EngineCore } from "./engine_core.ts";
import { ContentCount } from "./fingerprint.ts";
import type { TableModel } from "./schema_model.ts";
import type { Facts } from "./session_facts.ts";

/** Others get their turn after this long. */
const TURN_MS = 10;

export interface CountView {
  readonly facts: Facts;
  readonly connection: () => SqliteConnection;
  readonly range: KeyRange | null;
}

export async function countContent(
  core: EngineCore,
  table: TableModel,
  { facts, connection, range }: CountView,
): Promise<Fingerprint> {
  const count = new ContentCount(connection, table, range);
  let turnSince = core.clock.now();
  for (;;) {
    connection().state.begin(facts);
    facts.checkDeadline();
    if (!count.step()) break;
    if (core.clock.now() - turnSince < TURN_MS) continue;
    await core.clock.sleep(0);
    turnSince = core.clock.now();
  }
  return { rows: count.rows, sum: count.sum, schema: core.hashOf(table) };
}
