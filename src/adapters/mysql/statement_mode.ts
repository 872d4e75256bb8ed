/** How a statement is run, told from its first words alone: texts of megabytes are not read. */
import { MinisqlError } from "../../protocol/errors.ts";

/**
 * `own`: on minisql's own tables, which no trigger watches. `counted`: one statement to the server, undone as one when it fails; in a transaction its
 * changes to fingerprints are counted in session variables. `direct`: anything else, or what is
 * not known; triggers write fingerprints at once, which is right whatever it does.
 */
export type StatementMode = "own" | "counted" | "direct";

const COUNTED: ReadonlySet<string> = new Set([
  ...["INSERT", "REPLACE", "UPDATE", "DELETE", "LOAD", "SELECT", "WITH", "VALUES", "TABLE", "DO"],
  ...["SHOW", "DESCRIBE", "DESC", "EXPLAIN"],
]);

/** Statements that a session's own methods stand for, by their first word and those behind it. */
const TRANSACTION_CONTROL: Readonly<Record<string, RegExp>> = {
  BEGIN: /^(WORK)?$/,
  COMMIT: /^/,
  RELEASE: /^SAVEPOINT/,
  ROLLBACK: /^/,
  SAVEPOINT: /^/,
  START: /^TRANSACTION/,
  XA: /^/,
};

/** Written so by minisql itself; said otherwise, such a statement is counted and nothing is lost. */
const OWN = /^(INSERT INTO|REPLACE INTO|UPDATE|DELETE FROM) `?_minisql_/;

/** Space, comments and brackets before the first word. Comments that servers run are not such. */
const BEFORE = /(?:\s+|\(|--(?:[^\S\n][^\n]*)?(?:\n|$)|#[^\n]*(?:\n|$)|\/\*(?!!|M!)[\s\S]*?\*\/)*/y;
const WORD = /[A-Za-z_]\w*/y;

/** Raises `BAD_REQUEST` for statements that begin or end transactions. */
export function statementMode(sql: string): StatementMode {
  const [first, at] = wordAt(sql, 0);
  const control = TRANSACTION_CONTROL[first];
  if (control?.test(wordAt(sql, at)[0]) === true) throw transactionControl(first);
  if (OWN.test(sql)) return "own";
  return COUNTED.has(first) ? "counted" : "direct";
}

function wordAt(sql: string, from: number): readonly [word: string, behind: number] {
  BEFORE.lastIndex = from;
  const at = from + (BEFORE.exec(sql)?.[0].length ?? 0);
  WORD.lastIndex = at;
  const word = WORD.exec(sql)?.[0] ?? "";
  return [word.toUpperCase(), at + word.length];
}

function transactionControl(word: string): MinisqlError {
  return new MinisqlError(
    "BAD_REQUEST",
    `Cannot run ${word} as a statement: transactions are begun and ended by the session's calls`,
  );
}
