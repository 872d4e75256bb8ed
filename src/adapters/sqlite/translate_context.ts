/** What all parts of the translation of one statement share. */
import type { TableModel } from "./schema_model.ts";
import type { Query, WindowSpec } from "./translate_ast.ts";
import type { Clause, Scope } from "./translate_scope.ts";
import type { ValueType } from "./translate_type.ts";
import type { Parameters, Value } from "./translate_value.ts";

export interface OutputColumn {
  readonly name: string;
  readonly type: ValueType;
}

/** A query in SQLite's SQL; its columns are called c1, c2, … there. */
export interface TranslatedQuery {
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
  /** It gives at most one row. */
  readonly single: boolean;
}

/** A common table that queries may name. */
export interface KnownTable {
  readonly name: string;
  /** What it is called in SQLite. */
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
}

/** A view: a query by name. */
export interface ViewModel {
  readonly columns: readonly string[] | null;
  readonly sql: string;
}

export interface TranslateContext {
  readonly text: string;
  readonly database: string;
  readonly parameters: Parameters;
  /** The table of this database, or null. */
  readonly table: (name: string) => TableModel | null;
  /** The view of that name, or null. */
  readonly view: (name: string) => ViewModel | null;
  /** A name for a table that no other has in this statement. */
  readonly alias: () => string;
  readonly query: (
    query: Query,
    outer: Scope | null,
    known: readonly KnownTable[],
  ) => TranslatedQuery;
  /** Dividing by zero must be told: the statement stores what it computes. */
  readonly strictDivision: boolean;
  /** Every table that was read. */
  readonly tablesRead: Set<string>;
}

/** What an expression may use besides columns. */
export interface ExpressionPlace {
  readonly scope: Scope;
  readonly clause: Clause;
  /** Aggregates may stand here. */
  readonly aggregates: boolean;
  readonly known: readonly KnownTable[];
  /** Names of select items, where they may be used. */
  readonly aliases: (name: string) => Value | null;
  /** The value a row brings along, for VALUES(c); null where there is no such row. */
  readonly inserted: ((column: string) => Value) | null;
  /** The default of a column, for DEFAULT(c). */
  readonly defaultOf: ((column: string) => Value) | null;
  /** Windows declared by the WINDOW clause. */
  readonly windows: ReadonlyMap<string, WindowSpec>;
}
