/**
 * The function that queries call for each row they take from a table: SQLite cannot be interrupted
 * from outside, so this is how a statement ends at its deadline.
 */
import type { DatabaseSync } from "node:sqlite";
import type { FunctionState } from "./functions_state.ts";

const TICK = "my_tick";

/**
 * A condition that is always true and is looked at once for each row. `about` must be a small value
 * that depends on the row, or SQLite would look only once.
 */
export function tickSql(about: string): string {
  return `${TICK}(${about})`;
}

/** Registers the function if it is the one asked for. It is called most of all, so it does little. */
export function registerTick(db: DatabaseSync, name: string, state: FunctionState): boolean {
  if (name !== TICK) return false;
  db.function(name, {}, (_about) => {
    try {
      state.tick();
      return 1;
    } catch (error) {
      return state.fail(error) as never;
    }
  });
  return true;
}
