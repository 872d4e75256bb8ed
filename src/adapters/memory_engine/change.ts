/** INSERT, REPLACE, UPDATE and DELETE: a table in, another out. */
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import type { StatementResult } from "../../protocol/values.ts";
import type { ColumnModel, TableModel } from "../sqlite/schema_model.ts";
import { unknownColumn } from "../sqlite/schema_errors.ts";
import type {
  Assignment,
  DeleteStatement,
  Expr,
  InsertStatement,
  UpdateStatement,
} from "../sqlite/translate_ast.ts";
import { parseExpression } from "../sqlite/translate_parse_statement.ts";
import { defaultOf, fit } from "./columns.ts";
import { evaluate, type Facts, placeOf } from "./evaluate.ts";
import { rowsOf, type Source, sourceOf } from "./lookup.ts";
import { select } from "./query.ts";
import { type StoredRow, type Table, TableEdit } from "./table.ts";
import { truth, unsupported, type Value } from "./values.ts";

export interface ChangeOptions {
  readonly facts: Facts;
  /** The first number to draw, where it was said. */
  readonly insertId: number | null;
  /** The number after the largest ever drawn, also by what was rolled back. */
  readonly drawn: number;
  readonly copying: boolean;
  readonly database: string;
  tableOf(name: string): Table;
}

export interface Change {
  readonly table: Table;
  readonly result: StatementResult;
  /** The first number drawn for AUTO_INCREMENT. */
  readonly firstId: number | null;
}

/** Errors that IGNORE makes warnings of. */
const IGNORABLE: ReadonlySet<number> = new Set([1048, 1062, 4025]);

function attempt(ignore: boolean, action: () => void): boolean {
  if (!ignore) {
    action();
    return true;
  }
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof MinisqlError && IGNORABLE.has(error.errno ?? 0)) return false;
    throw error;
  }
}

export function insert(statement: InsertStatement, options: ChangeOptions): Change {
  if (statement.alias !== null) throw unsupported("an alias of inserted rows");
  const table = options.tableOf(statement.table.name);
  const inserter = new Inserter(statement, table, options);
  const { source } = statement;
  if (source.kind === "rows") { for (const row of source.rows) inserter.add(row); }
  else {
    const { rows } = select(source.query, options.tableOf, options.facts);
    for (const row of rows) inserter.addValues(row as readonly Value[]);
  }
  return inserter.finish();
}

class Inserter {
  readonly #statement: InsertStatement;
  readonly #options: ChangeOptions;
  readonly #edit: TableEdit;
  readonly #model: TableModel;
  readonly #targets: readonly number[];
  readonly #numbered: number;
  #records = 0;
  #affected = 0;
  #next: number;
  #first: number | null = null;
  #last: number | null = null;

  constructor(statement: InsertStatement, table: Table, options: ChangeOptions) {
    this.#statement = statement;
    this.#options = options;
    this.#model = table.model;
    this.#edit = new TableEdit(table);
    this.#numbered = table.model.columns.findIndex((column) => column.autoIncrement);
    this.#next = options.insertId ?? Math.max(table.nextId, options.drawn);
    this.#targets = targetsOf(statement, table.model);
  }

  add(exprs: readonly Expr[]): void {
    const { facts } = this.#options;
    this.addValues(
      exprs.map((expr) =>
        expr.kind === "default" ? undefined : evaluate(expr, { model: null, row: [] }, facts)
      ),
    );
  }

  addValues(given: readonly (Value | undefined)[]): void {
    this.#records++;
    if (given.length > 0 && given.length !== this.#targets.length) {
      throw sqlError(
        1136,
        "21S01",
        `Column count doesn't match value count at row ${this.#records}`,
      );
    }
    attempt(this.#statement.ignore, () => this.#put(this.#complete(given)));
  }

  #complete(given: readonly (Value | undefined)[]): Value[] {
    const cells: (Value | undefined)[] = this.#model.columns.map(() => undefined);
    const fitting = { row: this.#records, copying: this.#options.copying };
    given.forEach((value, at) => {
      const place = this.#targets[at] ?? 0;
      const column = this.#model.columns[place] as ColumnModel;
      const draws = column.autoIncrement && (value === null || value === 0 && !fitting.copying);
      if (value !== undefined && !draws) cells[place] = fit(column, value, fitting);
    });
    return cells.map((value, place) => {
      if (value !== undefined || place === this.#numbered) return value ?? null;
      const column = this.#model.columns[place] as ColumnModel;
      return defaultOf(column, this.#options.facts, fitting);
    });
  }

  #put(cells: Value[]): void {
    const drew = this.#numbered >= 0 && cells[this.#numbered] === null;
    if (drew) cells[this.#numbered] = this.#next;
    this.#look(cells);
    checkRules(this.#model, cells, this.#options);
    const { replace, onDuplicate } = this.#statement;
    if (replace) this.#makeWay(cells);
    const found = onDuplicate.length > 0 ? this.#edit.conflict(cells, null) : null;
    if (found !== null) return this.#update(found.row, cells);
    this.#edit.insert(cells);
    this.#affected++;
    this.#note(cells, drew);
  }

  /** The number of the last row looked at is told where none was drawn. */
  #look(cells: readonly Value[]): void {
    const id = this.#numbered < 0 ? null : cells[this.#numbered];
    if (typeof id === "number") this.#last = id;
  }

  #note(cells: readonly Value[], drew: boolean): void {
    const id = this.#numbered < 0 ? null : cells[this.#numbered];
    if (typeof id !== "number") return;
    if (drew) this.#first ??= id;
    this.#next = Math.max(this.#next, id + 1);
    this.#edit.nextId = Math.max(this.#edit.nextId, id + 1);
  }

  #makeWay(cells: readonly Value[]): void {
    for (;;) {
      const found = this.#edit.conflict(cells, null);
      if (found === null) return;
      this.#edit.remove(found.row);
      this.#affected++;
    }
  }

  #update(row: StoredRow, inserted: readonly Value[]): void {
    const { onDuplicate } = this.#statement;
    const place = { model: this.#model, inserted, number: this.#records };
    const cells = assigned(row.cells, onDuplicate, place, this.#options);
    this.#look(row.cells);
    if (cells === null) return;
    this.#edit.update(row, cells);
    this.#affected += 2;
  }

  finish(): Change {
    const told = this.#first ?? (this.#affected > 0 ? this.#last : null);
    const result = { affected: this.#affected, insertId: told === null ? null : String(told) };
    return { table: this.#edit.finish(), result, firstId: this.#first };
  }
}

function targetsOf(statement: InsertStatement, model: TableModel): readonly number[] {
  if (statement.columns === null) {
    return model.columns.flatMap(({ invisible }, at) => invisible ? [] : [at]);
  }
  return statement.columns.map(({ name }) => {
    const place = placeOf(model, name);
    if (place < 0) throw unknownColumn(name, "field list");
    return place;
  });
}

interface AssignPlace {
  readonly model: TableModel;
  readonly inserted?: readonly Value[];
  readonly alias?: string | null;
  /** The row's number in the statement. */
  readonly number: number;
}

/** The row with its assignments made one after the other; null where none changes anything. */
function assigned(
  row: readonly Value[],
  set: readonly Assignment[],
  { model, inserted = [], alias = null, number }: AssignPlace,
  options: ChangeOptions,
): readonly Value[] | null {
  const cells = [...row];
  for (const { column, value } of set) {
    const place = placeOf(model, column.name);
    const target = model.columns[place];
    if (target === undefined) throw unknownColumn(column.name, "field list");
    const made = evaluate(value, { model, row: cells, inserted, alias }, options.facts);
    cells[place] = fit(target, made, { row: number, copying: options.copying });
  }
  if (cells.every((value, at) => value === row[at])) return null;
  checkRules(model, cells, options);
  return cells;
}

export function update(statement: UpdateStatement, options: ChangeOptions): Change {
  const { table, source } = changed(statement, options);
  const edit = new TableEdit(table);
  const { model } = table;
  const numbered = model.columns.findIndex((column) => column.autoIncrement);
  let affected = 0;
  let number = 0;
  for (const row of rowsOf(table, source.alias, statement, options.facts)) {
    const place = { model, alias: source.alias, number: ++number };
    attempt(statement.ignore, () => {
      const cells = assigned(row.cells, statement.set, place, options);
      if (cells === null) return;
      edit.update(row, cells);
      affected++;
      const id = cells[numbered];
      if (typeof id === "number") edit.nextId = Math.max(edit.nextId, id + 1);
    });
  }
  return { table: edit.finish(), result: { affected, insertId: null }, firstId: null };
}

export function remove(statement: DeleteStatement, options: ChangeOptions): Change {
  if (statement.targets !== null) throw unsupported("DELETE from several tables");
  const { table, source } = changed(statement, options);
  const edit = new TableEdit(table);
  const rows = rowsOf(table, source.alias, statement, options.facts);
  for (const row of rows) edit.remove(row);
  const result = { affected: rows.length, insertId: null };
  return { table: edit.finish(), result, firstId: null };
}

function changed(
  statement: UpdateStatement | DeleteStatement,
  options: ChangeOptions,
): { readonly table: Table; readonly source: Source } {
  if (statement.with.length > 0) throw unsupported("WITH");
  const source = sourceOf(statement.from);
  if (source === null) throw unsupported("a change of no table");
  return { source, table: options.tableOf(source.table) };
}

const rules = new WeakMap<TableModel, readonly { readonly name: string; readonly expr: Expr }[]>();

/** Raises MySQL's error where the row breaks a CHECK. */
function checkRules(model: TableModel, row: readonly Value[], options: ChangeOptions): void {
  let known = rules.get(model);
  if (known === undefined) {
    const own = model.columns.flatMap(({ name, check }) =>
      check === null ? [] : [{ name, sql: check }]
    );
    known = [...own, ...model.checks].map(({ name, sql }) => ({
      name,
      expr: parseExpression(sql),
    }));
    rules.set(model, known);
  }
  for (const { name, expr } of known) {
    if (truth(evaluate(expr, { model, row }, options.facts)) !== false) continue;
    throw sqlError(
      4025,
      "23000",
      `CONSTRAINT \`${name}\` failed for \`${options.database}\`.\`${model.name}\``,
    );
  }
}
