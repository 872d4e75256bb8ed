/** A query whose rows are handed out in batches, in bounded memory. */
import type { SQLInputValue } from "node:sqlite";
import type { Clock } from "../../ports/clock.ts";
import type { RowStream } from "../../ports/engine.ts";
import type { Column, Row } from "../../protocol/values.ts";
import type { SqliteConnection } from "./connection.ts";
import type { SqlValue } from "./functions_spec.ts";
import { RowCursor } from "./row_cursor.ts";
import type { Facts } from "./session_facts.ts";
import type { QueryPlan } from "./session_plan.ts";
import type { Snapshot } from "./store.ts";
import { timeout } from "./write_lock.ts";

export const BATCH_ROWS = 1000;
/** Others get their turn after this long. */
const TURN_MS = 10;

/** Where a query is read: inside a transaction, or in a snapshot of its own. */
export interface ReadView {
  readonly connection: SqliteConnection;
  /** The snapshot behind the connection; null in a transaction that writes. */
  readonly snapshot: Snapshot | null;
  /** The snapshot was made for this query, and goes with it. */
  readonly owned: boolean;
}

/** Reads a query to its end, letting others run in between. */
export class BatchReader {
  readonly #clock: Clock;
  readonly #facts: Facts;
  readonly #plan: QueryPlan;
  readonly #view: ReadView;
  readonly #cursor: RowCursor;
  /** Rows taken out when the snapshot had to move. */
  #rest: SqlValue[][] | null = null;
  #turnSince: number;
  #closed = false;
  /** Called once, when the reader closes. */
  onClose: (() => void) | null = null;

  constructor(clock: Clock, facts: Facts, plan: QueryPlan, view: ReadView) {
    this.#clock = clock;
    this.#facts = facts;
    this.#plan = plan;
    this.#view = view;
    this.#turnSince = clock.now();
    this.#cursor = new RowCursor(view.connection, {
      sql: plan.sql,
      values: plan.values as readonly SQLInputValue[],
      width: plan.width,
      exact: plan.presenter.exact,
    });
    if (view.snapshot !== null) view.snapshot.onMove = () => this.#takeRest();
  }

  /** The next rows; none at the end. */
  async next(count: number): Promise<readonly Row[]> {
    if (this.#clock.now() - this.#turnSince >= TURN_MS) {
      await this.#clock.sleep(0);
      this.#turnSince = this.#clock.now();
    }
    this.#facts.resume();
    this.#facts.checkDeadline();
    if (this.#closed) throw timeout();
    return this.#plan.presenter.present(this.#read(count));
  }

  #read(count: number): readonly (readonly SqlValue[])[] {
    if (this.#rest !== null) return this.#rest.splice(0, count);
    return this.#cursor.done ? [] : this.#cursor.read(count, this.#facts);
  }

  #takeRest(): void {
    const rest: SqlValue[][] = [];
    while (!this.#cursor.done) rest.push(...this.#cursor.read(BATCH_ROWS, this.#facts));
    this.#rest = rest;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onClose?.();
    this.#cursor.close();
    const { snapshot, owned } = this.#view;
    if (snapshot !== null) snapshot.onMove = null;
    if (owned) snapshot?.release();
  }
}

/** Begins a query when it is made; `open` gives the reader and says what the columns are. */
export class SqliteRowStream implements RowStream {
  readonly columns: Promise<readonly Column[]>;
  readonly #opened: Promise<BatchReader>;
  readonly #batchRows: number;
  readonly kept: RowStream["kept"];

  constructor(
    open: Promise<{ readonly reader: BatchReader; readonly columns: readonly Column[] }>,
    batchRows: number,
    kept: RowStream["kept"],
  ) {
    this.#batchRows = batchRows;
    this.kept = kept;
    this.columns = open.then(({ columns }) => columns);
    this.#opened = open.then(({ reader }) => reader);
    // Whoever asks for neither is not to be ended by an error that nobody waits for.
    this.columns.catch(() => {});
    this.#opened.catch(() => {});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Row[], void, void> {
    const reader = await this.#opened;
    try {
      for (;;) {
        const rows = await reader.next(this.#batchRows);
        if (rows.length === 0) return;
        yield rows;
      }
    } finally {
      reader.close();
    }
  }
}
