/** UPDATE and DELETE run: the rows are found first, then changed one by one. */
import type { StatementResult } from "../../protocol/values.ts";
import { assign, changed, type ChangedRow } from "./dml_assignments.ts";
import type { ChangeTarget, DeletePlan, UpdatePlan } from "./dml_change_plan.ts";
import { deleteRow, updateRow } from "./dml_foreign_keys.ts";
import type { DmlRun } from "./dml_run.ts";
import type { RowTable, StoredRow } from "./dml_table.ts";
import type { SqlValue } from "./functions_spec.ts";
import { autoIncrementColumn } from "./schema_model.ts";

type FoundRows = readonly (readonly SqlValue[])[];

export async function runUpdate(run: DmlRun, plan: UpdatePlan): Promise<StatementResult> {
  const rows = run.connection.all(plan.sql, ...plan.values);
  const updater = new Updater(run, plan);
  for (const [target] of plan.targets.entries()) await updater.run(target, rows);
  const info =
    `Rows matched: ${updater.matched}  Changed: ${run.affected}  Warnings: ${run.warnings}`;
  return run.result({ info });
}

class Updater {
  readonly #run: DmlRun;
  readonly #plan: UpdatePlan;
  matched = 0;

  constructor(run: DmlRun, plan: UpdatePlan) {
    this.#run = run;
    this.#plan = plan;
  }

  /** Changes each row of a table once, however often a join has found it. */
  async run(at: number, rows: FoundRows): Promise<void> {
    const target = this.#plan.targets[at];
    if (target === undefined) return;
    const table = this.#run.table(target.model);
    const isJoined = this.#plan.targets.length > 1 || rows.length > 1;
    const seen = isJoined ? new Set<SqlValue>() : null;
    for (const row of rows) {
      const rowid = row[target.at];
      if (typeof rowid !== "bigint" || seen?.has(rowid)) continue;
      seen?.add(rowid);
      this.matched++;
      this.#run.attempt(() => this.#update(at, table, rowid, row));
      if (this.#run.isDue) await this.#run.pause();
    }
  }

  #update(at: number, table: RowTable, rowid: bigint, row: readonly SqlValue[]): void {
    const target = this.#plan.targets[at];
    if (target === undefined) return;
    const old = oldRow(target, row);
    const { next, places } = this.#change(at, table, old, row);
    if (places.length === 0) return;
    updateRow(this.#run, table, { rowid, old, next, places, depth: 0 });
    this.#noteNumber(table, next, places);
    this.#run.affected++;
  }

  #change(
    at: number,
    table: RowTable,
    old: StoredRow,
    row: readonly SqlValue[],
  ): ChangedRow {
    const { stepwise, computed } = this.#plan;
    if (stepwise !== null) {
      return assign(this.#run, stepwise, { table, old, inserted: [], number: this.matched });
    }
    const next = [...old];
    const own = computed.filter(({ target }) => target === at);
    for (const { column, at: from, source } of own) {
      const place = table.placeOf(column.name);
      if (place < 0) continue;
      next[place] = this.#run.store(column, row[from] ?? null, this.matched, source);
    }
    return changed(this.#run, { table, old }, own.map(({ column }) => column), next);
  }

  /** A number set by hand is not given out again. */
  #noteNumber(table: RowTable, next: StoredRow, places: readonly number[]): void {
    const column = autoIncrementColumn(table.model);
    if (column === null) return;
    const place = table.placeOf(column.name);
    const value = next[place];
    if (!places.includes(place) || typeof value !== "bigint") return;
    const { autoIncrement } = this.#run.settings;
    autoIncrement.note(this.#run.connection.runner, table.model, value);
  }
}

function oldRow(target: ChangeTarget, row: readonly SqlValue[]): StoredRow {
  return row.slice(target.at + 1, target.at + 1 + target.width);
}

export async function runDelete(run: DmlRun, plan: DeletePlan): Promise<StatementResult> {
  const rows = run.connection.all(plan.sql, ...plan.values);
  for (const target of plan.targets) {
    const table = run.table(target.model);
    const isReferredTo = run.connection.schemas.referencing(target.model.name).length > 0;
    const seen = new Set<SqlValue>();
    for (const row of rows) {
      const rowid = row[target.at];
      if (typeof rowid !== "bigint" || seen.has(rowid)) continue;
      seen.add(rowid);
      run.attempt(() => {
        // A row may be gone already, by a key of another one.
        if (isReferredTo && table.read(run.connection, rowid) === null) return;
        deleteRow(run, table, { rowid, row: oldRow(target, row), depth: 0 });
        run.affected++;
      });
      if (run.isDue) await run.pause();
    }
  }
  return run.result({});
}
