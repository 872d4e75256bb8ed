/**
 * The row triggers that keep a table's fingerprint. What they work with, for the table numbered
 * 7 (user variables are the session's own, and no rollback touches them):
 *
 * | variable        | holds                                                                |
 * | --------------- | -------------------------------------------------------------------- |
 * | @_minisql_7r, s | rows and sum of checksums added in this part of the transaction      |
 * | @_minisql_7p, q | the same before the running statement: what a failure goes back to   |
 * | @_minisql_7n    | the number of the last statement that touched the table              |
 * | @_minisql_7f    | the number of the first one in this part                             |
 * | @_minisql_touched, @_minisql_part | the tables touched in a part, ready to be written, and which part |
 * | @_minisql_direct | null, or the tables written directly since it was emptied           |
 *
 * Statements that carry no counter write the table's row in `_minisql_fingerprint` at once: those
 * of connections that know nothing of minisql, and those whose failure has more than one meaning.
 */
import { checksumSql } from "../../sql/fingerprint.ts";
import type { ContentColumn } from "../../sql/canonical.ts";
import { quoteName } from "../../sql/names.ts";
import { COUNTER_MIN, counterSql, STATEMENTS_PER_PART } from "./counter.ts";
import { addToRow, touchedEntry } from "./fingerprint_rows.ts";
import type { Dialect } from "./server_facts.ts";

export const TRIGGER_PREFIX = "_minisql_";
const EVENTS = ["INSERT", "UPDATE", "DELETE"] as const;
type Event = typeof EVENTS[number];

export interface Trigger {
  readonly name: string;
  readonly event: Event;
  /** The statement behind FOR EACH ROW, as information_schema gives it back. */
  readonly body: string;
}

/** The variables of a table, by what the table above says of them. */
export function variables(id: number) {
  const name = (letter: string) => `@_minisql_${id}${letter}`;
  return {
    rows: name("r"),
    sum: name("s"),
    rowsBefore: name("p"),
    sumBefore: name("q"),
    last: name("n"),
    first: name("f"),
  };
}

/** The triggers of a table whose columns these are. */
export function triggersOf(
  id: number,
  columns: readonly (ContentColumn & { readonly nullable: boolean })[],
  dialect: Dialect,
): readonly Trigger[] {
  const added = checksumSql(columns, "NEW");
  const taken = checksumSql(columns, "OLD");
  return EVENTS.map((event) => ({
    name: `${TRIGGER_PREFIX}${id}_${event.toLowerCase()}`,
    event,
    body: triggerBody(id, changeBy(event, added, taken), dialect),
  }));
}

/** Rows and checksums by which an event changes a table. */
interface Change {
  readonly rows: string;
  readonly signedSum: string;
  readonly sum: string;
}

function changeBy(event: Event, added: string, taken: string): Change {
  switch (event) {
    case "INSERT":
      return { rows: "+1", signedSum: `+CAST(${added} AS SIGNED)`, sum: `+${added}` };
    case "DELETE":
      return { rows: "-1", signedSum: `-CAST(${taken} AS SIGNED)`, sum: `-${taken}` };
    case "UPDATE":
      return {
        rows: "",
        signedSum: `+CAST(${added} AS SIGNED)-CAST(${taken} AS SIGNED)`,
        sum: `+${added}-${taken}`,
      };
  }
}

/**
 * The commonest case comes first: a further row of the same statement. A statement may be ended
 * between any two SETs. So a table is on the list of the touched only once it is known which
 * statement put it there, and counts as touched only once it is on the list.
 */
function triggerBody(id: number, change: Change, dialect: Dialect): string {
  const { rows, sum, rowsBefore, sumBefore, last, first } = variables(id);
  const counter = counterSql(dialect);
  const part = `${counter} DIV ${STATEMENTS_PER_PART}`;
  const entry = `'${touchedEntry(id, { rows, sum })}'`;
  const countRows = change.rows === "" ? "" : `${rows}=${rows}${change.rows},`;
  return `BEGIN
IF ${last}=${counter} THEN
SET ${countRows}${sum}=${sum}${change.signedSum};
ELSEIF ${counter}>=${COUNTER_MIN} THEN
IF ${last} DIV ${STATEMENTS_PER_PART}=${part} THEN
SET ${rowsBefore}=${rows},${sumBefore}=${sum};
ELSE
SET ${first}=${counter},${rowsBefore}=0,${sumBefore}=0;
SET @_minisql_touched=CONCAT(IF(@_minisql_part=${part},CONCAT(@_minisql_touched,','),''),${entry}),@_minisql_part=${part};
END IF;
SET ${last}=${counter},${rows}=${rowsBefore}${change.rows},${sum}=${sumBefore}${change.signedSum};
ELSE
${addToRow(id, change)};
IF NOT FIND_IN_SET('${id}',@_minisql_direct) THEN
SET @_minisql_direct=CONCAT(@_minisql_direct,',${id}');
END IF;
END IF;
END`;
}

/**
 * The statement that makes a trigger. Ours come first: a row that another trigger then refuses
 * within a stored function, which may carry on, is there and must have been counted.
 */
export function createTriggerSql(
  trigger: Trigger,
  table: string,
  before: string | undefined,
): string {
  const order = before === undefined ? "" : ` PRECEDES ${quoteName(before)}`;
  return `CREATE TRIGGER ${quoteName(trigger.name)} AFTER ${trigger.event} ON ` +
    `${quoteName(table)} FOR EACH ROW${order} ${trigger.body}`;
}
