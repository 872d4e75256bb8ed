/** The error MySQL gives for a statement it cannot read, with the place where reading stopped. */
import { type MinisqlError, sqlError } from "../protocol/errors.ts";

/** MySQL quotes this many characters of what follows the fault. */
const NEAR_CHARACTERS_MAX = 80;

/** Errno 1064 as MySQL words it: what follows position `at` of `sql`, and the line it is on. */
export function syntaxError(sql: string, at: number): MinisqlError {
  const near = sql.slice(at, at + NEAR_CHARACTERS_MAX);
  return sqlError(
    1064,
    "42000",
    "You have an error in your SQL syntax; check the manual that corresponds to your MySQL " +
      `server version for the right syntax to use near '${near}' at line ${lineAt(sql, at)}`,
  );
}

/** The line, counted from 1, that position `at` of `text` is on. */
export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let from = text.indexOf("\n"); from >= 0 && from < at; from = text.indexOf("\n", from + 1)) {
    line++;
  }
  return line;
}
