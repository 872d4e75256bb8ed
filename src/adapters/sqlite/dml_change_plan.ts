/** UPDATE and DELETE made ready: a query for the rows they are about, and what to do with them. */
import { sqlError } from "../../protocol/errors.ts";
import {
  assignable,
  type AssignmentPlan,
  isBareDefault,
  planAssignments,
  uses,
} from "./dml_assignments.ts";
import { writtenColumns } from "./dml_table.ts";
import type { SqlValue } from "./functions_spec.ts";
import type { ColumnModel, TableModel } from "./schema_model.ts";
import type {
  Assignment,
  DeleteStatement,
  Expr,
  TableName,
  UpdateStatement,
} from "./translate_ast.ts";
import { asTruth } from "./translate_coerce.ts";
import { sortKey } from "./translate_compare.ts";
import type { ExpressionPlace, TranslateContext } from "./translate_context.ts";
import { ExpressionTranslator } from "./translate_expression.ts";
import { FromTranslator, plainPlace, type Source } from "./translate_from.ts";
import { unsupported } from "./translate_parse_reader.ts";
import { newContext, QueryTranslator, type SchemaLookup } from "./translate_query.ts";
import { Scope, type ScopeTable } from "./translate_scope.ts";
import { limitSql } from "./translate_select.ts";
import type { ColumnKind } from "../../protocol/values.ts";
import { quotedName } from "./translate_value.ts";

/** A table whose rows are changed: where its part of the query's rows is. */
export interface ChangeTarget {
  readonly model: TableModel;
  /** The place of the row's number in the query; its values follow. */
  readonly at: number;
  readonly width: number;
}

/** An assignment whose value the query computes. */
export interface ComputedAssignment {
  readonly target: number;
  readonly column: ColumnModel;
  readonly at: number;
  readonly source: ColumnKind;
}

interface Changes {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  readonly targets: readonly ChangeTarget[];
  readonly ignore: boolean;
}

export interface UpdatePlan extends Changes {
  readonly kind: "update";
  readonly computed: readonly ComputedAssignment[];
  /** Assignments that depend on each other, to be done row by row; null where none do. */
  readonly stepwise: AssignmentPlan | null;
}

export interface DeletePlan extends Changes {
  readonly kind: "delete";
}

export function planUpdate(
  text: string,
  statement: UpdateStatement,
  lookup: SchemaLookup,
): UpdatePlan {
  const query = new ChangeQuery(text, statement, lookup);
  const columns = statement.set.map((assignment) => query.target(assignment));
  const { ignore, set } = statement;
  const [first] = columns;
  const isStepwise = query.isSingle &&
    (set.some(({ value }) => isBareDefault(value)) || dependsOnEarlier(columns, set));
  if (isStepwise && first !== undefined) {
    const { sql, values } = query.finish([]);
    const table = query.nameOf(first.target);
    const target = { lookup, model: first.model, table, inserted: null };
    const stepwise = planAssignments(text, set, target);
    return { kind: "update", sql, values, targets: query.targets, ignore, computed: [], stepwise };
  }
  const { sql, values, at, kinds } = query.finish(set.map(({ value }) => value), columns);
  const computed = columns.map(({ target, column }, place) => ({
    target,
    column,
    at: at + place,
    source: kinds[place] ?? "text",
  }));
  return { kind: "update", sql, values, targets: query.targets, ignore, computed, stepwise: null };
}

interface AssignedColumn {
  readonly target: number;
  readonly column: ColumnModel;
  readonly model: TableModel;
}

function dependsOnEarlier(
  columns: readonly AssignedColumn[],
  set: readonly Assignment[],
): boolean {
  return set.some(({ value }, at) =>
    columns.slice(0, at).some(({ column }) => uses(value, column))
  );
}

export function planDelete(
  text: string,
  statement: DeleteStatement,
  lookup: SchemaLookup,
): DeletePlan {
  const query = new ChangeQuery(text, statement, lookup);
  if (statement.targets === null) query.addOnly();
  else for (const target of statement.targets) query.addNamed(target);
  const { sql, values } = query.finish([]);
  return { kind: "delete", sql, values, targets: query.targets, ignore: statement.ignore };
}

class ChangeQuery {
  readonly #statement: UpdateStatement | DeleteStatement;
  readonly #context: TranslateContext;
  readonly #expressions: ExpressionTranslator;
  readonly #source: Source;
  readonly #place: ExpressionPlace;
  readonly #with: string;
  readonly #lookup: SchemaLookup;
  readonly #chosen: ScopeTable[] = [];
  readonly targets: ChangeTarget[] = [];
  #width = 0;

  constructor(text: string, statement: UpdateStatement | DeleteStatement, lookup: SchemaLookup) {
    this.#statement = statement;
    this.#lookup = lookup;
    this.#context = newContext(text, lookup, true);
    this.#expressions = new ExpressionTranslator(this.#context);
    const common = new QueryTranslator(this.#context).with(statement.with, statement.recursive);
    this.#with = common.sql;
    const from = {
      context: this.#context,
      expressions: this.#expressions,
      outer: null,
      known: common.known,
    };
    this.#source = new FromTranslator(from).translate(statement.from);
    const scope = new Scope(null, this.#source.tables, this.#source.visible);
    this.#place = { ...plainPlace(scope), known: common.known };
  }

  get isSingle(): boolean {
    return this.#source.tables.length === 1;
  }

  nameOf(target: number): string {
    return this.#chosen[target]?.name ?? "";
  }

  /** The column an assignment sets; its table becomes a target. */
  target({ column, value }: Assignment): AssignedColumn {
    const found = this.#place.scope.resolve(column, "SET");
    const table = this.#source.tables.find((each) => each.columns.includes(found));
    const target = this.#add(table, found.table, "UPDATE");
    const { model } = this.targets[target] ?? {};
    if (model === undefined) throw notUpdatable(found.table, "UPDATE");
    return { target, column: assignable(column.name, { model }, value), model };
  }

  addOnly(): void {
    this.#add(this.#source.tables[0], "", "DELETE");
  }

  addNamed({ name, database }: TableName): void {
    const table = this.#place.scope.table(name, database) ??
      this.#source.tables.find((each) => each.base === name);
    if (table === undefined || table === null) {
      throw sqlError(1109, "42S02", `Unknown table '${name}' in MULTI DELETE`);
    }
    this.#add(table, name, "DELETE");
  }

  #add(table: ScopeTable | undefined, name: string, verb: "UPDATE" | "DELETE"): number {
    if (table?.base === null || table === undefined) throw notUpdatable(name, verb);
    const known = this.#chosen.indexOf(table);
    if (known >= 0) return known;
    const model = this.#lookup.table(table.base);
    if (model === null) throw notUpdatable(name, verb);
    const width = writtenColumns(model).length;
    this.#chosen.push(table);
    this.targets.push({ model, at: this.#width, width });
    this.#width += width + 1;
    return this.targets.length - 1;
  }

  /** The query: rows of each target, then the values of the expressions. */
  finish(exprs: readonly Expr[], columns: readonly AssignedColumn[] = []): {
    readonly sql: string;
    readonly values: readonly SqlValue[];
    readonly at: number;
    readonly kinds: readonly ColumnKind[];
  } {
    const list = this.#chosen.flatMap((table, at) => this.#row(table, this.targets[at]));
    const place: ExpressionPlace = { ...this.#place, clause: "SET" };
    const computed = exprs.map((expr, at) => {
      if (isBareDefault(expr)) throw this.#defaultRefused(columns[at]);
      return this.#expressions.value(expr, place);
    });
    const select = [...list, ...computed.map(({ sql }) => sql)].join(", ");
    const sql = `${this.#with}SELECT ${select} FROM ${this.#source.sql}${this.#rest()}`;
    return {
      sql,
      values: this.#context.parameters.usedBy(sql),
      at: list.length,
      kinds: computed.map(({ type }) => type.kind),
    };
  }

  #defaultRefused(column: AssignedColumn | undefined): Error {
    return unsupported(
      `Cannot set ${column?.column.name ?? "a column"} to DEFAULT here: write the value`,
    );
  }

  #row(table: ScopeTable, target: ChangeTarget | undefined): readonly string[] {
    const alias = (table.rowid ?? "").replace(/\._rowid_$/, "");
    const columns = target === undefined ? [] : writtenColumns(target.model);
    return [
      table.rowid ?? "NULL",
      ...columns.map((column) => `${alias}.${quotedName(column.name)}`),
    ];
  }

  #rest(): string {
    const { where, orderBy, limit } = this.#statement;
    const conditions = [...this.#source.ticks];
    if (where !== null) {
      conditions.push(asTruth(this.#expressions.value(where, this.#place)));
    }
    const order = orderBy.map(({ expr, descending }) => {
      const value = this.#expressions.value(expr, { ...this.#place, clause: "ORDER BY" });
      return `${sortKey(value)}${descending ? " DESC" : ""}`;
    });
    const sorted = order.length === 0 ? "" : ` ORDER BY ${order.join(", ")}`;
    return ` WHERE ${conditions.join(" AND ")}${sorted}${limitSql(limit)}`;
  }
}

function notUpdatable(name: string, verb: "UPDATE" | "DELETE"): Error {
  return sqlError(1288, "HY000", `The target table ${name} of the ${verb} is not updatable`);
}
