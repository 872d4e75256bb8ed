/** A query whose rows are read bit by bit. */
import type { SQLInputValue } from "node:sqlite";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Prepared, SqliteConnection } from "./connection.ts";
import type { StatementFacts } from "./functions_state.ts";
import type { SqlValue } from "./functions_spec.ts";

export interface CursorQuery {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
  /** How many columns it has. */
  readonly width: number;
  readonly exact: boolean;
}

/**
 * The driver takes an error in the middle of a query for its end, so that rows would be missing
 * unnoticed. Behind the query's own rows stands therefore one that says that they were all.
 */
function withEnd({ sql, width }: CursorQuery): string {
  const nulls = Array.from({ length: width }, () => "NULL").join(", ");
  return `SELECT *, 1 FROM (${sql}) UNION ALL SELECT ${nulls}, 0`;
}

export class RowCursor {
  readonly #connection: SqliteConnection;
  readonly #prepared: Prepared;
  readonly #iterator: Iterator<unknown>;
  #done = false;

  constructor(connection: SqliteConnection, query: CursorQuery) {
    this.#connection = connection;
    this.#prepared = connection.prepared(withEnd(query), query.exact);
    this.#prepared.busy = true;
    this.#iterator = this.#prepared.statement.iterate(...query.values) as Iterator<unknown>;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Up to so many rows; fewer only at the end. `facts` are those of the statement. */
  read(count: number, facts: StatementFacts): SqlValue[][] {
    const rows: SqlValue[][] = [];
    const { state } = this.#connection;
    state.begin(facts);
    // Only what is thrown reaches us out of the driver's iterator.
    state.throws = true;
    try {
      while (!this.#done && rows.length < count) {
        const { value, done } = this.#iterator.next();
        if (done) throw this.#broken();
        const row = value as SqlValue[];
        const mark = row.pop();
        if (mark === null || mark === undefined) throw this.#broken();
        if (Number(mark) === 0) this.close();
        else rows.push(row);
      }
      return rows;
    } catch (error) {
      this.close();
      throw this.#connection.converted(error);
    } finally {
      state.throws = false;
    }
  }

  #broken(): MinisqlError {
    return new MinisqlError(
      "UNAVAILABLE",
      "Cannot read on: SQLite ended the query before its last row",
    );
  }

  close(): void {
    if (this.#done) return;
    this.#done = true;
    try {
      this.#iterator.return?.();
    } finally {
      this.#prepared.busy = false;
    }
  }
}
