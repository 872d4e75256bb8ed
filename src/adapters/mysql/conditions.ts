/** What a statement warns of, asked for behind it. */
import type { Rows } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { type Condition, CONDITIONS_MAX, conditionShape, type Row } from "../../protocol/values.ts";
import type { Channel } from "./channel.ts";
import type { Answer } from "./results.ts";

export const CONDITIONS_SQL = `SHOW WARNINGS LIMIT ${CONDITIONS_MAX}`;

/**
 * The server forgets it with the next statement. Where it cannot be found out the statement has
 * gone well all the same.
 */
export async function withConditions(done: Rows, channel: Channel): Promise<Rows> {
  try {
    return telling(done, await channel.command(CONDITIONS_SQL));
  } catch (error) {
    if (error instanceof MinisqlError) return done;
    throw error;
  }
}

/** With what was answered behind it, if anything. */
export function telling(done: Rows, told: Answer | null): Rows {
  if (told === null || told.rows.length === 0) return done;
  return { ...done, result: { ...done.result, conditions: told.rows.flatMap(conditionOf) } };
}

function conditionOf([level, code, message]: Row): readonly Condition[] {
  const condition = { level, code, message };
  return conditionShape.fits(condition) ? [condition] : [];
}
