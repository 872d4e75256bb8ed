/** INSERT and REPLACE run: row by row, as MySQL does it. */
import { sqlError } from "../../protocol/errors.ts";
import type { StatementResult } from "../../protocol/values.ts";
import { missingDefault } from "./dml_defaults.ts";
import { checkParents, deleteRow } from "./dml_foreign_keys.ts";
import type { InsertPlan, RowPlan } from "./dml_insert_plan.ts";
import type { Computed } from "./dml_row_query.ts";
import type { DmlRun } from "./dml_run.ts";
import type { RowTable, StoredRow } from "./dml_table.ts";
import { readRows } from "./dml_source.ts";
import type { SqlValue } from "./functions_spec.ts";
import { AutoIncrement } from "./schema_auto_increment.ts";
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
    this.#numbers?.finish();
    return this.#result(source.kind === "rows" && source.rows.length === 1);
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
    this.#run.attempt(() => {
      const row = this.#stored(given);
      if (this.#plan.replace) this.#replace(row);
      else if (this.#plan.onDuplicate !== null) this.#insertOrUpdate(row);
      else this.#insertNew(row);
    });
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
    return row.map((value, place) => value === undefined ? this.#default(place) : value);
  }

  #storedValue(column: ColumnModel, { value, source }: Computed): SqlValue {
    // Whether NULL and 0 draw a number is decided when the row is complete.
    if (column.autoIncrement && this.#numbers !== null) {
      return this.#numbers.value(
        value,
        (each) => this.#run.store(column, each, this.#records, source),
      );
    }
    return this.#run.store(column, value, this.#records, source);
  }

  #default(place: number): SqlValue {
    const column = this.#table.columns[place];
    if (column === undefined) return null;
    if (column.autoIncrement && this.#numbers !== null) {
      return this.#numbers.value(null, (each) => each);
    }
    const source = this.#plan.defaults.get(column) ?? null;
    if (source !== null) {
      const { value, source: kind, stored } = source(this.#run.connection);
      return stored ? value : this.#run.store(column, value, this.#records, kind);
    }
    if (column.nullable) return null;
    const lenient = this.#run.ignore || this.#run.settings.copying;
    if (lenient) this.#run.warnings++;
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
    this.#numbers?.updated(old);
  }
}

/** The numbers a statement draws for an AUTO_INCREMENT column. */
class NumberDraw {
  readonly #run: DmlRun;
  readonly #plan: InsertPlan;
  readonly #place: number;
  readonly #max: bigint;
  #next: bigint | null = null;
  /** What the counter said when the statement began to draw. */
  #known: bigint | null = null;
  #first: bigint | null = null;
  /** The number of the last row, drawn or given. */
  #last: bigint | null = null;
  #highest: bigint | null = null;
  #drew = false;
  #updated: bigint | null = null;

  constructor(run: DmlRun, plan: InsertPlan, place: number) {
    this.#run = run;
    this.#plan = plan;
    this.#place = place;
    this.#max = AutoIncrement.largest(plan.model);
  }

  /** The value for the column: what is given, or the next number for NULL and 0. */
  value(given: SqlValue, store: (value: SqlValue) => SqlValue): SqlValue {
    this.#drew = false;
    if (given !== null) {
      const stored = store(given);
      if (stored !== 0n || this.#run.settings.copying) return stored;
    }
    this.#drew = true;
    return this.#draw();
  }

  #draw(): bigint {
    const { connection, settings } = this.#run;
    if (this.#next === null) {
      this.#known = settings.autoIncrement.next(connection.runner, this.#plan.model);
      this.#next = settings.insertId ?? this.#known;
    }
    const drawn = this.#next;
    if (drawn > this.#max) throw this.#exhausted();
    this.#next = drawn + 1n;
    return drawn;
  }

  #exhausted(): Error {
    const column = this.#run.table(this.#plan.model).columns[this.#place];
    return sqlError(
      167,
      "22003",
      `Out of range value for column '${column?.name}' at row 1`,
    );
  }

  /** A row with its number is in the table. */
  used(row: StoredRow): void {
    const value = row[this.#place];
    if (typeof value !== "bigint") return;
    this.#last = value;
    if (this.#drew) this.#first ??= value;
    if (this.#highest === null || value > this.#highest) this.#highest = value;
    if (this.#next !== null && value >= this.#next) this.#next = value + 1n;
  }

  /** A row was changed in place of being inserted. */
  updated(old: StoredRow): void {
    const value = old[this.#place];
    if (typeof value === "bigint") this.#updated = value;
  }

  /** What the client is told: the first number drawn, else the last one given. */
  get told(): string | null {
    const { insertIdSet } = this.#run.connection.state;
    const value = this.#first ?? insertIdSet ?? this.#last ?? this.#updated;
    return value?.toString() ?? null;
  }

  /** Numbers given out are never given again. */
  finish(): void {
    const { connection, settings } = this.#run;
    const drawnTo = this.#next === null ? null : this.#next - 1n;
    const highest = drawnTo !== null && (this.#highest === null || drawnTo > this.#highest)
      ? drawnTo
      : this.#highest;
    if (highest !== null) {
      const { model } = this.#plan;
      settings.autoIncrement.note(connection.runner, model, highest, this.#known);
    }
    if (this.#first !== null) this.#run.lastInsertId = this.#first;
  }
}
