/** The numbers an INSERT draws for an AUTO_INCREMENT column, and which of them it tells. */
import { sqlError } from "../../protocol/errors.ts";
import type { InsertPlan } from "./dml_insert_plan.ts";
import type { DmlRun } from "./dml_run.ts";
import type { StoredRow } from "./dml_table.ts";
import type { SqlValue } from "./functions_spec.ts";
import { AutoIncrement } from "./schema_auto_increment.ts";
import { INT64_MAX } from "./translate_type.ts";

/** Each reservation takes twice as many as the one before, so many times. */
const RESERVATIONS_MAX = 15;

/** Errors of a row that has its number already. */
const DRAWN_ERRORS: ReadonlySet<number> = new Set([1062, 1452]);

export class NumberDraw {
  readonly #run: DmlRun;
  readonly #plan: InsertPlan;
  readonly #place: number;
  readonly #max: bigint;
  #next: bigint | null = null;
  /** What the counter said when the statement began to draw. */
  #known: bigint | null = null;
  /** As InnoDB does, more is taken than one number at a time; what is left over is lost. */
  #reservedTo = 0n;
  #reservations = 0;
  /** Rows of the last reservation that have not come yet. */
  #rowsLeft = 0n;
  /** The first number drawn for a row that was stored. */
  #first: bigint | null = null;
  /** The number of the last row that was looked at, drawn or given. */
  #last: bigint | null = null;
  #highest: bigint | null = null;
  #drew = false;
  /** A row was stored or changed. */
  #isDone = false;

  /** `place` is where the column is in a row. */
  constructor(run: DmlRun, plan: InsertPlan, place: number) {
    this.#run = run;
    this.#plan = plan;
    this.#place = place;
    this.#max = AutoIncrement.largest(plan.model);
  }

  /** Puts a number into a row that has none: NULL, or 0 unless values are copied. */
  complete(row: SqlValue[]): void {
    const given = row[this.#place] ?? null;
    this.#drew = given === null || (given === 0n && !this.#run.settings.copying);
    if (this.#drew) row[this.#place] = this.#stored(this.#draw());
    this.#last = numberOf(row, this.#place);
    if (this.#rowsLeft > 0n) this.#rowsLeft--;
  }

  #draw(): bigint {
    const { connection, settings } = this.#run;
    if (this.#next === null) {
      this.#known = settings.autoIncrement.next(connection.runner, this.#plan.model);
      const next = settings.insertId ?? this.#known;
      this.#next = largest([next, this.#highest === null ? null : this.#highest + 1n]) ?? next;
    }
    const drawn = this.#next;
    if (drawn > this.#max) throw this.#exhausted();
    this.#next = drawn + 1n;
    if (settings.insertId === null && drawn > this.#reservedTo) this.#reserve(drawn);
    return drawn;
  }

  #reserve(from: bigint): void {
    if (this.#rowsLeft === 0n) {
      const { source } = this.#plan;
      const isFirst = this.#reservations === 0;
      this.#rowsLeft = isFirst && source.kind === "rows"
        ? BigInt(source.rows.length)
        : 2n ** BigInt(Math.min(this.#reservations, RESERVATIONS_MAX));
    }
    this.#reservations++;
    this.#reservedTo = from + this.#rowsLeft - 1n;
  }

  /** Numbers that SQLite's integers cannot hold are stored otherwise, or refused. */
  #stored(drawn: bigint): SqlValue {
    const column = this.#run.table(this.#plan.model).columns[this.#place];
    if (drawn <= INT64_MAX || column === undefined) return drawn;
    return this.#run.store(column, drawn.toString(), 1, "decimal");
  }

  #exhausted(): Error {
    const column = this.#run.table(this.#plan.model).columns[this.#place];
    return sqlError(167, "22003", `Out of range value for column '${column?.name}' at row 1`);
  }

  /** A row with its number is in the table. */
  used(row: StoredRow): void {
    this.#isDone = true;
    const value = numberOf(row, this.#place);
    if (value === null) return;
    if (this.#drew) this.#first ??= value;
    this.#drew = false;
    if (this.#highest === null || value > this.#highest) this.#highest = value;
    if (this.#next !== null && value >= this.#next) this.#next = value + 1n;
  }

  /** A row was found in place of being inserted, and maybe changed. */
  updated(old: StoredRow, isChanged: boolean): void {
    this.giveBack();
    this.#last = numberOf(old, this.#place);
    if (isChanged) this.#isDone = true;
  }

  /** The row was not inserted: the next one gets its number. */
  giveBack(): void {
    if (this.#drew && this.#last !== null) this.#next = this.#last;
    this.#drew = false;
  }

  /** What the client is told: the first number drawn, else that of the last row. */
  get told(): string | null {
    const { insertIdSet } = this.#run.connection.state;
    const value = this.#first ?? insertIdSet ?? (this.#isDone ? this.#last : null);
    return value === null ? null : BigInt.asUintN(64, value).toString();
  }

  /** Numbers given out are never given again. */
  finish(): void {
    const { connection, settings } = this.#run;
    const used = largest([this.#drawnTo, this.#highest]);
    if (used !== null) {
      settings.autoIncrement.note(connection.runner, this.#plan.model, used, this.#known);
    }
    if (this.#first !== null) this.#run.lastInsertId = this.#first;
  }

  /** The statement ends with an error, and nothing of it is kept but that numbers are gone. */
  fail(error: unknown): void {
    const { autoIncrement, insertId } = this.#run.settings;
    const { errno } = error as { readonly errno?: number };
    const isDrawn = this.#first !== null || DRAWN_ERRORS.has(errno ?? 0);
    // A number that the statement was told to use was not taken from the counter.
    const drawn = isDrawn && insertId === null ? this.#drawnTo : null;
    const gone = largest([drawn, this.#highest]);
    if (gone !== null) autoIncrement.lose(this.#plan.model, gone);
  }

  get #drawnTo(): bigint | null {
    return this.#next === null ? null : largest([this.#next - 1n, this.#reservedTo]);
  }
}

function numberOf(row: StoredRow, place: number): bigint | null {
  const value = row[place];
  if (typeof value === "bigint") return value;
  return typeof value === "string" ? BigInt(value) : null;
}

function largest(values: readonly (bigint | null)[]): bigint | null {
  return values.reduce((a, b) => a === null || (b !== null && b > a) ? b : a, null);
}
