/** FROM: tables, queries as tables, and joins. */
import { sqlError } from "../../protocol/errors.ts";
import { sameName } from "./schema_model.ts";
import type { Expr, Query, TableSource } from "./translate_ast.ts";
import { asTruth } from "./translate_coerce.ts";
import { columnType } from "./translate_column_type.ts";
import { compare } from "./translate_compare.ts";
import type {
  ExpressionPlace,
  KnownTable,
  OutputColumn,
  TranslateContext,
} from "./translate_context.ts";
import type { ExpressionTranslator } from "./translate_expression.ts";
import { parseStatement } from "./translate_parse_statement.ts";
import { unsupported } from "./translate_parse_reader.ts";
import { tickSql } from "./functions_tick.ts";
import { Scope, type ScopeColumn, type ScopeTable } from "./translate_scope.ts";
import { detached } from "./translate_type.ts";
import { quotedName, type Value } from "./translate_value.ts";

/** A table reference in SQLite's SQL, and what can be named of it. */
export interface Source {
  readonly sql: string;
  readonly tables: readonly ScopeTable[];
  /** What `*` means. */
  readonly visible: readonly ScopeColumn[];
  /** Conditions that are always true, and count the rows each table gives. */
  readonly ticks: readonly string[];
}

export interface FromScope {
  readonly context: TranslateContext;
  readonly expressions: ExpressionTranslator;
  readonly outer: Scope | null;
  readonly known: readonly KnownTable[];
}

type Join = Extract<TableSource, { kind: "join" }>;

/** Views that show views, and so on. */
const VIEW_DEPTH_MAX = 20;

export class FromTranslator {
  readonly #scope: FromScope;
  readonly #depth: number;

  constructor(scope: FromScope, depth = 0) {
    this.#scope = scope;
    this.#depth = depth;
  }

  translate(source: TableSource): Source {
    const translated = this.#source(source);
    const names = new Set<string>();
    for (const { name } of translated.tables) {
      if (names.has(name)) throw sqlError(1066, "42000", `Not unique table/alias: '${name}'`);
      names.add(name);
    }
    return translated;
  }

  #source(source: TableSource): Source {
    switch (source.kind) {
      case "table":
        return this.#table(source);
      case "derived":
        return this.#derived(source.query, source.alias, source.columns);
      case "join":
        return this.#join(source);
    }
  }

  #table({ table, alias }: TableSource & { readonly kind: "table" }): Source {
    const { context, known } = this.#scope;
    const name = alias ?? table.name;
    if (table.database === null) {
      const common = known.findLast((each) => each.name === table.name);
      if (common !== undefined) return this.#common(common, name);
    }
    this.#checkDatabase(table.database);
    const model = context.table(table.name);
    if (model === null) return this.#view(table.name, name);
    context.tablesRead.add(model.name);
    const sqlAlias = context.alias();
    const columns = model.columns.map((column): ScopeColumn => ({
      name: column.name,
      sql: `${sqlAlias}.${quotedName(column.name)}`,
      type: columnType(column),
      table: name,
      invisible: column.invisible,
    }));
    const rowid = `${sqlAlias}._rowid_`;
    return {
      sql: `${quotedName(model.name)} AS ${sqlAlias}`,
      tables: [{ name, database: context.database, base: model.name, columns, rowid }],
      visible: columns.filter((column) => !column.invisible),
      ticks: [tickSql(`${rowid} > 0`)],
    };
  }

  #checkDatabase(database: string | null): void {
    const { context } = this.#scope;
    if (database === null || database === context.database) return;
    if (/^(information_schema|mysql|performance_schema|sys)$/i.test(database)) {
      throw unsupported(`Cannot read ${database}: this engine has SHOW and DESCRIBE instead`);
    }
    throw sqlError(1049, "42000", `Unknown database '${database}'`);
  }

  /** A view is its query, read where it is named. */
  #view(viewName: string, alias: string): Source {
    const { context } = this.#scope;
    const view = context.view(viewName);
    if (view === null) {
      throw sqlError(1146, "42S02", `Table '${context.database}.${viewName}' doesn't exist`);
    }
    const statement = parseStatement(view.sql);
    if (statement?.kind !== "query" || this.#depth >= VIEW_DEPTH_MAX) {
      throw unsupported(`Cannot read the view ${viewName}: its query cannot be read`);
    }
    const inside = new FromTranslator({ ...this.#scope, outer: null, known: [] }, this.#depth + 1);
    return inside.#derived(statement.query, alias, view.columns);
  }

  #common(table: KnownTable, name: string): Source {
    const alias = this.#scope.context.alias();
    return this.#columns(`${table.sql} AS ${alias}`, alias, name, table.columns);
  }

  #derived(query: Query, name: string, names: readonly string[] | null): Source {
    const { context, outer, known } = this.#scope;
    const translated = context.query(query, outer, known);
    const columns = renamed(translated.columns, names);
    const alias = context.alias();
    return this.#columns(`(${translated.sql}) AS ${alias}`, alias, name, columns);
  }

  #columns(
    sql: string,
    alias: string,
    name: string,
    output: readonly OutputColumn[],
  ): Source {
    checkNames(output);
    const columns = output.map((column, at): ScopeColumn => ({
      name: column.name,
      sql: `${alias}.c${at + 1}`,
      type: detached(column.type),
      table: name,
      invisible: false,
    }));
    return {
      sql,
      tables: [{ name, database: null, base: null, columns, rowid: null }],
      visible: columns,
      ticks: [tickSql(`${alias}.c1 IS NULL`)],
    };
  }

  #join(join: Join): Source {
    const left = this.#source(join.left);
    const right = this.#source(join.right);
    const tables = [...left.tables, ...right.tables];
    const common = commonColumns(join, left, right);
    const visible = common === null
      ? [...left.visible, ...right.visible]
      : joinedColumns(join, common, left, right);
    const conditions = (common ?? []).map(([a, b]) => compare("=", valueOf(a), valueOf(b)).sql);
    const scope = new Scope(this.#scope.outer, tables, [...left.visible, ...right.visible]);
    if (join.on !== null) conditions.push(this.#condition(join.on, scope));
    // SQLite's own RIGHT JOIN repeats rows where queries with one are put together in order.
    const [first, second] = join.join === "right"
      ? [right, grouped(left, join.left)]
      : [left, grouped(right, join.right)];
    const isOuter = join.join === "left" || join.join === "right";
    const inner = isOuter ? [...second.ticks, ...conditions] : conditions;
    const on = inner.length === 0 ? "" : ` ON ${inner.join(" AND ")}`;
    return {
      sql: `${first.sql} ${wordOf(join)} ${second.sql}${on}`,
      tables,
      visible,
      ticks: isOuter ? first.ticks : [...first.ticks, ...second.ticks],
    };
  }

  #condition(on: Expr, scope: Scope): string {
    const place: ExpressionPlace = { ...plainPlace(scope), clause: "ON", known: this.#scope.known };
    return asTruth(this.#scope.expressions.value(on, place));
  }
}

/** Where nothing but columns can be named. */
export function plainPlace(scope: Scope): ExpressionPlace {
  return {
    scope,
    clause: "WHERE",
    aggregates: false,
    known: [],
    aliases: () => null,
    inserted: null,
    defaultOf: null,
    windows: new Map(),
  };
}

function valueOf(column: ScopeColumn): Value {
  return { sql: column.sql, type: column.type, constant: false, literal: null, volatile: false };
}

function grouped(translated: Source, { kind }: TableSource): Source {
  return kind === "join" ? { ...translated, sql: `(${translated.sql})` } : translated;
}

function wordOf({ join }: Join): string {
  if (join === "inner") return "JOIN";
  return join === "right" ? "LEFT JOIN" : `${join.toUpperCase()} JOIN`;
}

/** The pairs that NATURAL and USING join by; null for other joins. */
function commonColumns(
  join: Join,
  left: Source,
  right: Source,
): readonly (readonly [ScopeColumn, ScopeColumn])[] | null {
  if (join.using === null && !join.natural) return null;
  const names = join.using ?? left.visible
    .map((column) => column.name)
    .filter((name) => right.visible.some((column) => sameName(column.name, name)));
  return names.map((name) => [findColumn(left, name), findColumn(right, name)] as const);
}

function findColumn(source: Source, name: string): ScopeColumn {
  const found = source.visible.filter((column) => sameName(column.name, name));
  const [only] = found;
  if (only === undefined) throw sqlError(1054, "42S22", `Unknown column '${name}' in 'FROM'`);
  if (found.length > 1) {
    throw sqlError(1052, "23000", `Column '${name}' in FROM is ambiguous`);
  }
  return only;
}

/** Columns joined by come first and once; in a RIGHT JOIN they are the right table's. */
function joinedColumns(
  join: Join,
  common: readonly (readonly [ScopeColumn, ScopeColumn])[],
  left: Source,
  right: Source,
): readonly ScopeColumn[] {
  const isRight = join.join === "right";
  const merged = common.map(([a, b]) => isRight ? b : a);
  const used = new Set(common.flat());
  const rest = (source: Source) => source.visible.filter((column) => !used.has(column));
  return isRight
    ? [...merged, ...rest(right), ...rest(left)]
    : [...merged, ...rest(left), ...rest(right)];
}

/** Columns under the names given behind an alias. */
export function renamed(
  columns: readonly OutputColumn[],
  names: readonly string[] | null,
): readonly OutputColumn[] {
  if (names === null) return columns;
  if (names.length !== columns.length) {
    throw sqlError(1353, "HY000", "Column list and SELECT list have different column counts");
  }
  return columns.map((column, at) => ({ ...column, name: names[at] ?? column.name }));
}

function checkNames(columns: readonly OutputColumn[]): void {
  const seen = new Set<string>();
  for (const { name } of columns) {
    const key = name.toLowerCase();
    if (seen.has(key)) throw sqlError(1060, "42S21", `Duplicate column name '${name}'`);
    seen.add(key);
  }
}
