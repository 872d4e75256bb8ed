/** Puts rows as they come into the tables that stand in for theirs, as many as may be. */
import type { EngineSession } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { decodeRows, type Row, type WireCell } from "../../protocol/values.ts";
import { quoteName } from "../../sql/names.ts";
import { bytesOf } from "../copy/remote_copy.ts";
import { insertSql } from "../copy/row_sql.ts";
import type { ReadLimits } from "../read/limits.ts";
import type { Asking } from "./from_any.ts";
import type { PlannedPiece, PlannedRegion } from "./gather_plan.ts";

/** What one statement has gathered so far, from all regions. */
export class Budget {
  rows = 0;
  bytes = 0;
  readonly #limits: ReadLimits;

  constructor(limits: ReadLimits) {
    this.#limits = limits;
  }

  /** Raises a refusal once there is more than may be. */
  take(row: Row, { standIn: { name }, where }: PlannedPiece): void {
    const { gatherRows, gatherBytes } = this.#limits;
    this.rows++;
    this.bytes += bytesOf(row);
    const limit = this.rows > gatherRows
      ? `${gatherRows} rows (--gather-rows)`
      : this.bytes > gatherBytes
      ? `${Math.round(gatherBytes / 1024 / 1024)} MiB (--gather-size)`
      : null;
    if (limit === null) return;
    const chosen = where === null ? "no condition of its own" : `only the condition ${where}`;
    throw new MinisqlError(
      "UNSUPPORTED",
      `Cannot gather the rows of ${name} for this statement: that takes more than ${limit}, and ` +
        `the statement has ${chosen} on that table; add one such as ${name}.column = value, ` +
        `raise the limit on the region servers, or make one of the tables with a foreign key to the ` +
        `other: then they are kept on the same servers`,
    );
  }
}

interface Pending {
  rows: Row[];
  bytes: number;
}

/** Of one region, from one server. Its rows are taken out again where that does not go well. */
export class Loader {
  readonly counts: number[];
  readonly #session: EngineSession;
  readonly #planned: PlannedRegion;
  readonly #limits: ReadLimits;
  readonly #budget: Budget;
  readonly #pending: Pending[];
  readonly #before: { readonly rows: number; readonly bytes: number };

  constructor(session: EngineSession, planned: PlannedRegion, limits: ReadLimits, budget: Budget) {
    this.#session = session;
    this.#planned = planned;
    this.#limits = limits;
    this.#budget = budget;
    this.#before = { rows: budget.rows, bytes: budget.bytes };
    this.counts = planned.pieces.map(() => 0);
    this.#pending = planned.pieces.map(() => ({ rows: [], bytes: 0 }));
  }

  /** Rows as they come over the wire, each with the number of its piece in front. */
  async take(rows: readonly Row[], options: Asking["options"]): Promise<void> {
    const { gatherPieceRows, gatherPieceBytes } = this.#limits;
    for (const [number, ...cells] of rows) {
      const at = Number(number);
      const [piece, pending] = [this.#planned.pieces[at], this.#pending[at]];
      if (piece === undefined || pending === undefined) throw unreadable("a piece unasked for");
      const { columns } = piece.standIn;
      if (cells.length !== columns.length) throw unreadable("rows of another width");
      const [row] = decodeRows(columns, [cells as readonly WireCell[]]);
      if (row === undefined) throw unreadable("no row");
      this.#budget.take(row, piece);
      this.counts[at] = (this.counts[at] ?? 0) + 1;
      pending.rows.push(row);
      pending.bytes += bytesOf(row);
      const isFull = pending.rows.length >= gatherPieceRows || pending.bytes >= gatherPieceBytes;
      if (isFull) await this.#write(at, options);
    }
  }

  async finish(options: Asking["options"]): Promise<void> {
    for (const at of this.#pending.keys()) await this.#write(at, options);
  }

  async undo(options: Asking["options"]): Promise<void> {
    this.#budget.rows = this.#before.rows;
    this.#budget.bytes = this.#before.bytes;
    for (const { standIn } of this.#planned.pieces) {
      await this.#session.run(`DELETE FROM ${quoteName(standIn.name)}`, options);
    }
  }

  async #write(at: number, options: Asking["options"]): Promise<void> {
    const [piece, pending] = [this.#planned.pieces[at], this.#pending[at]];
    if (piece === undefined || pending === undefined || pending.rows.length === 0) return;
    const { name, columns, indexes } = piece.standIn;
    const table = {
      name,
      columns: columns.map((column) => ({ ...column, generatedSql: null })),
      indexes,
    };
    const sql = insertSql(table, pending.rows);
    this.#pending[at] = { rows: [], bytes: 0 };
    await this.#session.run(sql, { ...options, copying: true });
  }
}

export function unreadable(what: string): MinisqlError {
  return new MinisqlError("UNAVAILABLE", `Cannot use what was gathered: there came ${what}`);
}
