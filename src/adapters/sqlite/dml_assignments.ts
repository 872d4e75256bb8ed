/** Assignments to the columns of a row, one after the other: later ones see what earlier ones set. */
import { sqlError } from "../../protocol/errors.ts";
import { defaultOf, type DefaultSource, missingDefault, nowText } from "./dml_defaults.ts";
import { type Computed, RowQuery } from "./dml_row_query.ts";
import type { DmlRun } from "./dml_run.ts";
import type { RowTable, StoredRow } from "./dml_table.ts";
import type { SqlValue } from "./functions_spec.ts";
import { type ColumnModel, sameName, type TableModel } from "./schema_model.ts";
import type { Assignment, Expr } from "./translate_ast.ts";
import { contains } from "./translate_walk.ts";
import { newContext, type SchemaLookup } from "./translate_query.ts";
import { unknownColumn } from "./translate_scope.ts";
import { columnKind } from "./types.ts";

export interface AssignmentTarget {
  readonly lookup: SchemaLookup;
  readonly model: TableModel;
  /** What the table is called in the statement. */
  readonly table: string;
  readonly inserted: { readonly alias: string | null; readonly names: readonly string[] } | null;
}

/** Assignments whose values can be computed together, none of them using what another sets. */
interface Step {
  readonly columns: readonly ColumnModel[];
  readonly query: RowQuery | null;
  readonly defaults: readonly (DefaultSource | null)[];
}

export interface AssignmentPlan {
  readonly steps: readonly Step[];
  /** Columns that are set by hand, and so not by ON UPDATE. */
  readonly assigned: readonly ColumnModel[];
}

export function planAssignments(
  text: string,
  assignments: readonly Assignment[],
  target: AssignmentTarget,
): AssignmentPlan {
  const resolved = assignments.map(({ column, value }) => ({
    column: assignable(column.name, target, value),
    value,
  }));
  const steps = stepsOf(resolved).map((group) => planStep(text, group, target));
  return { steps, assigned: resolved.map(({ column }) => column) };
}

interface Resolved {
  readonly column: ColumnModel;
  readonly value: Expr;
}

/** The column of that name, which must be one that can be set. */
export function assignable(
  name: string,
  { model }: { readonly model: TableModel },
  value: Expr,
): ColumnModel {
  const column = model.columns.find((each) => sameName(each.name, name));
  if (column === undefined) throw unknownColumn({ database: null, table: null, name }, "SET");
  const isDefault = value.kind === "default" && value.column === null;
  if (column.generated !== null && !isDefault) {
    throw sqlError(
      1906,
      "HY000",
      `The value specified for generated column '${column.name}' in table '${model.name}' ` +
        "has been ignored",
    );
  }
  return column;
}

/** Splits the assignments where one uses a column that an earlier one of its step sets. */
function stepsOf(assignments: readonly Resolved[]): readonly (readonly Resolved[])[] {
  const steps: Resolved[][] = [];
  let step: Resolved[] = [];
  for (const assignment of assignments) {
    if (step.some(({ column }) => uses(assignment.value, column))) {
      steps.push(step);
      step = [];
    }
    step.push(assignment);
  }
  if (step.length > 0) steps.push(step);
  return steps;
}

/** Whether an expression may use a column; queries inside it may use any. */
export function uses(expr: Expr, column: ColumnModel): boolean {
  return contains(
    expr,
    (each) =>
      ["subquery", "exists", "in_query", "quantified"].includes(each.kind) ||
      (each.kind === "column" && sameName(each.name, column.name)) ||
      (each.kind === "default" && each.column !== null),
  );
}

function planStep(text: string, group: readonly Resolved[], target: AssignmentTarget): Step {
  const columns = target.model.columns.filter((column) => column.generated === null);
  const computed = group.filter(({ value }) => !isBareDefault(value));
  const query = computed.length === 0
    ? null
    : new RowQuery(newContext(text, target.lookup, true), computed.map(({ value }) => value), {
      columns,
      table: target.table,
      database: target.lookup.database,
      inserted: target.inserted,
    });
  return {
    columns: [...computed, ...group.filter(({ value }) => isBareDefault(value))]
      .map(({ column }) => column),
    query,
    defaults: group.filter(({ value }) => isBareDefault(value))
      .map(({ column }) => defaultOf(column, target.lookup)),
  };
}

/** DEFAULT alone, without the name of a column. */
export function isBareDefault(expr: Expr): boolean {
  return expr.kind === "default" && expr.column === null;
}

export interface AssignedRow {
  readonly table: RowTable;
  readonly old: StoredRow;
  readonly inserted: StoredRow;
  /** Of the row in the statement, for messages. */
  readonly number: number;
}

export interface ChangedRow {
  readonly next: StoredRow;
  /** Where it differs from the old one. */
  readonly places: readonly number[];
}

/** The row after the assignments, ON UPDATE CURRENT_TIMESTAMP included. */
export function assign(run: DmlRun, plan: AssignmentPlan, row: AssignedRow): ChangedRow {
  const next = [...row.old];
  for (const step of plan.steps) {
    const computed = step.query?.run(run.connection, next, row.inserted) ?? [];
    const defaults = step.defaults.map((source, at) =>
      defaultValue(run, source, step.columns[computed.length + at])
    );
    storeAll(run, row, step.columns, [...computed, ...defaults], next);
  }
  return changed(run, row, plan.assigned, next);
}

function defaultValue(
  run: DmlRun,
  source: DefaultSource | null,
  column: ColumnModel | undefined,
): Computed {
  if (source !== null) return source(run.connection);
  if (column === undefined || column.nullable || column.generated !== null) {
    return { value: null, source: "null" };
  }
  return missingDefault(column, run.ignore);
}

/** Converts values to their columns' types and puts them into a row. */
function storeAll(
  run: DmlRun,
  { table, number }: AssignedRow,
  columns: readonly ColumnModel[],
  values: readonly Computed[],
  next: SqlValue[],
): void {
  columns.forEach((column, at) => {
    const place = table.placeOf(column.name);
    if (place < 0) return;
    const { value, source } = values[at] ?? { value: null, source: "null" };
    next[place] = run.store(column, value, number, source);
  });
}

/** What differs; a row that does has its ON UPDATE columns set to the time. */
export function changed(
  run: DmlRun,
  { table, old }: Pick<AssignedRow, "table" | "old">,
  assigned: readonly ColumnModel[],
  next: SqlValue[],
): ChangedRow {
  const places = next.flatMap((value, at) => same(value, old[at] ?? null) ? [] : [at]);
  if (places.length === 0) return { next, places };
  table.columns.forEach((column, at) => {
    if (column.onUpdate === null || assigned.includes(column)) return;
    const now = nowText(run.connection, column.onUpdate);
    next[at] = run.store(column, now, 1, columnKind(column.type));
    if (!same(next[at] ?? null, old[at] ?? null) && !places.includes(at)) places.push(at);
  });
  return { next, places };
}

function same(a: SqlValue, b: SqlValue): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return a.length === b.length && a.every((byte, at) => byte === b[at]);
  }
  return a === b || Object.is(a, b);
}
