/** INSERT and REPLACE run: row by row, as MySQL does it. */
import type { StatementResult } from "../../protocol/values.ts";
import { missingDefault, noDefault } from "./dml_defaults.ts";
import { checkParents, deleteRow } from "./dml_foreign_keys.ts";
import type { InsertPlan, RowPlan } from "./dml_insert_plan.ts";
import type { Computed } from "./dml_row_query.ts";
import { NumberDraw } from "./dml_insert_numbers.ts";
import type { DmlRun } from "./dml_run.ts";
import type { RowTable, StoredRow } from "./dml_table.ts";
import { readRows } from "./dml_source.ts";
import type { SqlValue } from "./functions_spec.ts";
import type { ColumnModel } from "./schema_model.ts";

/** A value given for a column; undefined where it is to have its default. */
type Given = Computed | undefined;

export async function runInsert(run: DmlRun, plan: InsertPlan): Promise<StatementResult> {
  return await new Inserter(run, plan).run();
}

class Inserter {
  readonly #run: DmlRun;
  readonly #plan: InsertPlan;
  readonly #table: RowTable;
  /** Where in a row the values of the statement go; -1 for a generated column. */
  readonly #places: readonly number[];
  readonly #numbers: NumberDraw | null;
  #records = 0;
  #duplicates = 0;

  constructor(run: DmlRun, plan: InsertPlan) {
    this.#run = run;
    this.#plan = plan;
    this.#table = run.table(plan.model);
    this.#places = plan.targets.map((column) => this.#table.placeOf(column.name));
    const numbered = this.#table.columns.findIndex((column) => column.autoIncrement);
    this.#numbers = numbered < 0 ? null : new NumberDraw(run, plan, numbered);
  }

  async run(): Promise<StatementResult> {
    const { source } = this.#plan;
    try {
      await this.#insertAll();
    } catch (error) {
      this.#numbers?.fail(error);
      throw error;
    }
    this.#numbers?.finish();
    return this.#result(source.kind === "rows" && source.rows.length === 1);
  }

  async #insertAll(): Promise<void> {
    const { source } = this.#plan;
    if (source.kind === "rows") {
      for (const row of source.rows) {
        this.#insert(this.#given(row));
        if (this.#run.isDue) await this.#run.pause();
      }
    } else {
      const kinds = source.select.columns.map(({ type }) => type.kind);
      for await (const rows of readRows(this.#run, source.select)) {
        for (const row of rows) {
          this.#insert(row.map((value, at) => ({ value, source: kinds[at] ?? "text" })));
          if (this.#run.isDue) await this.#run.pause();
        }
      }
    }
  }

  #result(isOne: boolean): StatementResult {
    const { warnings } = this.#run;
    const duplicates = this.#plan.ignore ? this.#records - this.#run.affected : this.#duplicates;
    const info = `Records: ${this.#records}  Duplicates: ${duplicates}  Warnings: ${warnings}`;
    return this.#run.result({
      insertId: this.#numbers?.told ?? null,
      ...(isOne ? {} : { info }),
    });
  }

  #given(row: RowPlan): readonly Given[] {
    const computed = row.query?.run(this.#run.connection, []) ?? [];
    return row.cells.map((cell): Given => {
      switch (cell.from) {
        case "literal":
          return cell;
        case "default":
          return undefined;
        case "query":
          return computed[cell.at];
      }
    });
  }

  #insert(given: readonly Given[]): void {
    this.#records++;
    const isTaken = this.#run.attempt(() => {
      const row = this.#stored(given);
      if (this.#plan.replace) this.#replace(row);
      else if (this.#plan.onDuplicate !== null) this.#insertOrUpdate(row);
      else this.#insertNew(row);
    });
    if (!isTaken) this.#numbers?.giveBack();
  }

  /** The row as it is stored, defaults and the drawn number included. */
  #stored(given: readonly Given[]): SqlValue[] {
    const row: (SqlValue | undefined)[] = this.#table.columns.map(() => undefined);
    given.forEach((each, at) => {
      const place = this.#places[at] ?? -1;
      const column = this.#plan.targets[at];
      if (place >= 0 && each !== undefined && column !== undefined) {
        row[place] = this.#storedValue(column, each);
      }
    });
    const stored = row.map((value, place) => value === undefined ? this.#default(place) : value);
    this.#numbers?.complete(stored);
    return stored;
  }

  #storedValue(column: ColumnModel, { value, source }: Computed): SqlValue {
    // NULL draws a number when the row is complete.
    if (column.autoIncrement && value === null) return null;
    return this.#run.store(column, value, this.#records, source);
  }

  #default(place: number): SqlValue {
    const column = this.#table.columns[place];
    if (column === undefined) return null;
    if (column.autoIncrement) return null;
    const source = this.#plan.defaults.get(column) ?? null;
    if (source !== null) {
      const { value, source: kind, stored } = source(this.#run.connection);
      return stored ? value : this.#run.store(column, value, this.#records, kind);
    }
    if (column.nullable) return null;
    const lenient = this.#run.ignore || this.#run.settings.copying;
    if (lenient) this.#run.warn(1364, noDefault(column));
    return missingDefault(column, lenient).value;
  }

  #insertNew(row: StoredRow): void {
    this.#add(row);
    this.#run.affected++;
  }

  /** Puts a row in; raises MySQL's errors. */
  #add(row: StoredRow): void {
    try {
      this.#table.insert(this.#run.connection, row);
    } catch (error) {
      throw this.#run.refusal(error, this.#table, row, null);
    }
    checkParents(this.#run, this.#table, row, null);
    this.#numbers?.used(row);
  }

  /** Deletes every row that shares a key with the new one, and puts that in. */
  #replace(row: StoredRow): void {
    for (;;) {
      const conflict = this.#table.conflict(this.#run.connection, row);
      if (conflict === null) break;
      const old = this.#table.read(this.#run.connection, conflict.rowid);
      if (old === null) break;
      deleteRow(this.#run, this.#table, { rowid: conflict.rowid, row: old, depth: 0 });
      this.#duplicates++;
      this.#run.affected++;
    }
    this.#add(row);
    this.#run.affected++;
  }

  #insertOrUpdate(row: StoredRow): void {
    const conflict = this.#table.conflict(this.#run.connection, row);
    if (conflict === null) {
      this.#add(row);
      this.#run.affected++;
      return;
    }
    const old = this.#table.read(this.#run.connection, conflict.rowid);
    if (old === null) return;
    const collision = { rowid: conflict.rowid, old, inserted: row, number: this.#records };
    const isChanged = this.#plan.onDuplicate?.apply(this.#run, this.#table, collision) ?? false;
    if (isChanged) {
      this.#run.affected += 2;
      this.#duplicates++;
    }
    this.#numbers?.updated(old, isChanged);
  }
}
