/** INSERT and REPLACE made ready: where each row's values come from. */
import { sqlError } from "../../protocol/errors.ts";
import type { ColumnKind } from "../../protocol/values.ts";
import type { Defaults } from "./dml_defaults.ts";
import { RowQuery } from "./dml_row_query.ts";
import { DuplicateUpdate } from "./dml_duplicate_update.ts";
import type { SqlValue } from "./functions_spec.ts";
import { type ColumnModel, sameName, type TableModel } from "./schema_model.ts";
import type { Expr, InsertStatement, LiteralValue } from "./translate_ast.ts";
import type { OutputColumn } from "./translate_context.ts";
import { unsupported } from "./translate_parse_reader.ts";
import { newContext, type SchemaLookup } from "./translate_query.ts";
import { unknownColumn } from "./translate_scope.ts";
import { familyOf } from "./types.ts";

/** Where one value of a row comes from. */
export type Cell =
  | { readonly from: "literal"; readonly value: SqlValue; readonly source: ColumnKind }
  | { readonly from: "default" }
  /** The expression at that place of the row's query. */
  | { readonly from: "query"; readonly at: number };

export interface RowPlan {
  readonly cells: readonly Cell[];
  /** Computes what is no literal; null where all are. */
  readonly query: RowQuery | null;
}

export interface SelectPlan {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  readonly columns: readonly OutputColumn[];
  /** It reads the table that is written to, so it must be read to its end first. */
  readonly readsTarget: boolean;
}

export interface InsertPlan {
  readonly kind: "insert";
  readonly model: TableModel;
  /** The columns that values are given for, in their order. */
  readonly targets: readonly ColumnModel[];
  readonly source:
    | { readonly kind: "rows"; readonly rows: readonly RowPlan[] }
    | { readonly kind: "select"; readonly select: SelectPlan };
  /** For every column of the table: its default. */
  readonly defaults: Defaults;
  readonly replace: boolean;
  readonly ignore: boolean;
  readonly onDuplicate: DuplicateUpdate | null;
}

export function planInsert(
  text: string,
  statement: InsertStatement,
  lookup: SchemaLookup,
  defaultsFor: (model: TableModel) => Defaults,
): InsertPlan {
  const model = targetModel(statement, lookup);
  const targets = targetColumns(statement, model);
  const defaults = defaultsFor(model);
  const planner = new RowPlanner(text, lookup, model, targets);
  const source: InsertPlan["source"] = statement.source.kind === "rows"
    ? { kind: "rows", rows: statement.source.rows.map((row, at) => planner.row(row, at + 1)) }
    : { kind: "select", select: planner.select(statement.source.query) };
  const onDuplicate = statement.onDuplicate.length === 0
    ? null
    : new DuplicateUpdate(text, statement, { lookup, model, targets });
  const { replace, ignore } = statement;
  return { kind: "insert", model, targets, source, defaults, replace, ignore, onDuplicate };
}

export function targetModel(
  { table }: { readonly table: { readonly database: string | null; readonly name: string } },
  lookup: SchemaLookup,
): TableModel {
  const { database, name } = table;
  if (database !== null && database !== lookup.database) {
    throw sqlError(1049, "42000", `Unknown database '${database}'`);
  }
  const model = lookup.table(name);
  if (model !== null) return model;
  if (lookup.view(name) !== null) {
    throw unsupported(`Cannot write to the view ${name}: write to its tables`);
  }
  throw sqlError(1146, "42S02", `Table '${lookup.database}.${name}' doesn't exist`);
}

function targetColumns(statement: InsertStatement, model: TableModel): readonly ColumnModel[] {
  if (statement.columns === null) return model.columns.filter((column) => !column.invisible);
  const targets: ColumnModel[] = [];
  for (const { name } of statement.columns) {
    const column = model.columns.find((each) => sameName(each.name, name));
    if (column === undefined) {
      throw unknownColumn({ database: null, table: null, name }, "INSERT INTO");
    }
    if (targets.includes(column)) {
      throw sqlError(1110, "42000", `Column '${column.name}' specified twice`);
    }
    targets.push(column);
  }
  return targets;
}

class RowPlanner {
  readonly #text: string;
  readonly #lookup: SchemaLookup;
  readonly #model: TableModel;
  readonly #targets: readonly ColumnModel[];

  constructor(
    text: string,
    lookup: SchemaLookup,
    model: TableModel,
    targets: readonly ColumnModel[],
  ) {
    this.#text = text;
    this.#lookup = lookup;
    this.#model = model;
    this.#targets = targets;
  }

  row(exprs: readonly Expr[], number: number): RowPlan {
    // No values at all stand for the defaults of all columns.
    if (exprs.length === 0) {
      return { cells: this.#targets.map((): Cell => ({ from: "default" })), query: null };
    }
    this.#checkCount(exprs.length, number);
    const computed: Expr[] = [];
    const cells = exprs.map((expr, at): Cell => {
      const column = this.#targets[at];
      if (column?.generated !== null) this.#checkGenerated(column, expr);
      if (expr.kind === "default" && expr.column === null) return { from: "default" };
      if (expr.kind === "literal") return literalCell(expr.value, column);
      computed.push(expr);
      return { from: "query", at: computed.length - 1 };
    });
    return { cells, query: computed.length === 0 ? null : this.#query(computed) };
  }

  #checkCount(count: number, row: number): void {
    if (count === this.#targets.length) return;
    throw sqlError(1136, "21S01", `Column count doesn't match value count at row ${row}`);
  }

  #checkGenerated(column: ColumnModel | undefined, expr: Expr): void {
    const isDefault = expr.kind === "default" && expr.column === null;
    if (column === undefined || isDefault) return;
    throw sqlError(
      1906,
      "HY000",
      `The value specified for generated column '${column.name}' in table ` +
        `'${this.#model.name}' has been ignored`,
    );
  }

  /** Values of other columns of the row cannot be used: a statement says what it stores. */
  #query(exprs: readonly Expr[]): RowQuery {
    const names = {
      columns: [],
      table: this.#model.name,
      database: this.#lookup.database,
      inserted: null,
    };
    const context = newContext(this.#text, this.#lookup, true);
    return new RowQuery(context, exprs, names, { clause: "VALUES" });
  }

  select(query: Extract<InsertStatement["source"], { kind: "query" }>["query"]): SelectPlan {
    const context = newContext(this.#text, this.#lookup, true);
    const translated = context.query(query, null, []);
    this.#checkCount(translated.columns.length, 1);
    return {
      sql: translated.sql,
      values: context.parameters.usedBy(translated.sql),
      columns: translated.columns,
      readsTarget: context.tablesRead.has(this.#model.name),
    };
  }
}

const NUMERIC = ["integer", "decimal", "float", "year", "bit"];

/** A literal as the value it stores; `0x41` is a number to a column of numbers. */
function literalCell(literal: LiteralValue, column: ColumnModel | undefined): Cell {
  switch (literal.type) {
    case "null":
      return { from: "literal", value: null, source: "null" };
    case "integer":
      return { from: "literal", value: literal.value, source: "integer" };
    case "boolean":
      return { from: "literal", value: literal.value ? 1n : 0n, source: "integer" };
    case "decimal":
      return { from: "literal", value: literal.text, source: "decimal" };
    case "double":
      return { from: "literal", value: literal.value, source: "float" };
    case "text":
      return { from: "literal", value: literal.text, source: "text" };
    case "bytes": {
      const isNumber = column !== undefined && NUMERIC.includes(familyOf(column.type.name));
      if (!literal.numeric || !isNumber) {
        return { from: "literal", value: literal.bytes, source: "bytes" };
      }
      const value = BigInt(`0x0${literal.bytes.toHex()}`);
      return { from: "literal", value, source: "integer" };
    }
    default:
      return { from: "literal", value: literal.text, source: literal.type };
  }
}
