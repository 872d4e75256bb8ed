/** Which statements go to the server in one text. */
import type { Statement } from "../../ports/engine.ts";
import { isOneStatement } from "./one_statement.ts";
import { type StatementMode, statementMode } from "./statement_mode.ts";

const STATEMENTS_MAX = 500;
const UNITS_MAX = 256 * 1024;

/** It warns of what it ignores, and only right behind it does the server say of what. */
const MENTIONS_IGNORE = /\bignore\b/i;

/**
 * The modes of the statements from a place on that may go together: each is one for certain, and
 * undone as one when it fails. None where the first of them must go by itself.
 */
export function together(
  statements: readonly Statement[],
  from: number,
  bytesMax: number,
): readonly StatementMode[] {
  // No character takes more than three bytes for each of its units.
  const unitsMax = Math.min(UNITS_MAX, bytesMax / 3);
  const modes: StatementMode[] = [];
  let units = 0;
  for (let at = from; at < statements.length && modes.length < STATEMENTS_MAX; at++) {
    const { sql } = statements[at] as Statement;
    units += sql.length + SLACK_UNITS;
    if (units > unitsMax || MENTIONS_IGNORE.test(sql) || !isOneStatement(sql)) break;
    const mode = modeOf(sql);
    if (mode === null || mode === "direct") break;
    modes.push(mode);
  }
  return modes;
}

/** For what is put around a statement. */
const SLACK_UNITS = 512;

/** Null for one that is refused when it is run. */
function modeOf(sql: string): StatementMode | null {
  try {
    return statementMode(sql);
  } catch {
    return null;
  }
}
