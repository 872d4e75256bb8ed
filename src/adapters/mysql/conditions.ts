/** What a statement warns of, asked for behind it. */
import type { Rows } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { type Condition, CONDITIONS_MAX, conditionShape, type Row } from "../../protocol/values.ts";
import type { Channel } from "./channel.ts";

/**
 * The server forgets it with the next statement. Where it cannot be found out the statement has
 * gone well all the same.
 */
export async function withConditions(done: Rows, channel: Channel): Promise<Rows> {
  try {
    const told = await channel.command(`SHOW WARNINGS LIMIT ${CONDITIONS_MAX}`);
    return { ...done, result: { ...done.result, conditions: told.rows.flatMap(conditionOf) } };
  } catch (error) {
    if (error instanceof MinisqlError) return done;
    throw error;
  }
}

function conditionOf([level, code, message]: Row): readonly Condition[] {
  const condition = { level, code, message };
  return conditionShape.fits(condition) ? [condition] : [];
}
