/** SELECT: one block of a query. */
import { sqlError } from "../../protocol/errors.ts";
import { sameName } from "./schema_model.ts";
import type { Expr, Limit, OrderItem, SelectBody } from "./translate_ast.ts";
import { asTruth } from "./translate_coerce.ts";
import { groupKey, sortKey } from "./translate_compare.ts";
import type {
  ExpressionPlace,
  KnownTable,
  TranslateContext,
  TranslatedQuery,
} from "./translate_context.ts";
import { ExpressionTranslator } from "./translate_expression.ts";
import { FromTranslator, plainPlace, type Source } from "./translate_from.ts";
import { checkGrouped, type Grouping } from "./translate_group.ts";
import { isPointLookup } from "./translate_lookup.ts";
import { convertTo } from "./translate_merge.ts";
import { unsupported } from "./translate_parse_reader.ts";
import { Scope, unknownColumn } from "./translate_scope.ts";
import type { ValueType } from "./translate_type.ts";
import type { Value } from "./translate_value.ts";
import { hasAggregate, hasWindow } from "./translate_walk.ts";

/** Where a block stands, and what orders and cuts its rows. */
export interface SelectPlace {
  readonly outer: Scope | null;
  readonly known: readonly KnownTable[];
  readonly orderBy: readonly OrderItem[];
  readonly limit: Limit | null;
  /** The types its columns must have; null for their own. */
  readonly types: readonly ValueType[] | null;
}

/** A column of the result: the expression behind it, and its value. */
interface Item {
  readonly name: string;
  readonly expr: Expr | null;
  readonly value: Value;
}

const NO_SOURCE: Source = { sql: "", tables: [], visible: [], ticks: [] };

export class SelectTranslator {
  readonly #body: SelectBody;
  readonly #place: SelectPlace;
  readonly #context: TranslateContext;
  readonly #expressions: ExpressionTranslator;
  readonly #scope: Scope;
  readonly #source: Source;
  readonly #windows: ExpressionPlace["windows"];
  readonly #items: readonly Item[];
  readonly #isGrouped: boolean;

  constructor(body: SelectBody, place: SelectPlace, context: TranslateContext) {
    this.#body = body;
    this.#place = place;
    this.#context = context;
    this.#expressions = new ExpressionTranslator(context);
    this.#source = this.#from();
    this.#scope = new Scope(place.outer, this.#source.tables, this.#source.visible);
    this.#windows = new Map(body.windows.map(({ name, spec }) => [name.toLowerCase(), spec]));
    this.#isGrouped = body.groupBy.length > 0 || this.#usesAggregates();
    this.#items = this.#typed(this.#selectItems());
  }

  translate(): TranslatedQuery {
    if (this.#body.rollup) throw unsupported("Cannot run WITH ROLLUP: run a second query");
    const groupBy = this.#groupBy();
    this.#checkGrouping(groupBy);
    const block = this.#block(groupBy);
    const columns = this.#items.map(({ name, value }) => ({ name, type: value.type }));
    const single = this.#isSingle();
    const sql = this.#body.distinct ? this.#distinct(block) : block + this.#orderAndLimit();
    return { sql, columns, single };
  }

  #from(): Source {
    const { from } = this.#body;
    if (from === null) return NO_SOURCE;
    const { outer, known } = this.#place;
    const scope = { context: this.#context, expressions: this.#expressions, outer, known };
    return new FromTranslator(scope).translate(from);
  }

  #usesAggregates(): boolean {
    const { items, having } = this.#body;
    const exprs = items.flatMap((item) => item.star ? [] : [item.expr]);
    if (having !== null) exprs.push(having);
    exprs.push(...this.#place.orderBy.map((item) => item.expr));
    return exprs.some(hasAggregate);
  }

  #at(clause: ExpressionPlace["clause"], aggregates: boolean): ExpressionPlace {
    return {
      ...plainPlace(this.#scope),
      clause,
      aggregates,
      known: this.#place.known,
      windows: this.#windows,
    };
  }

  #selectItems(): readonly Item[] {
    const place = this.#at("SELECT", true);
    return this.#body.items.flatMap((item): readonly Item[] => {
      if (!item.star) {
        const value = this.#expressions.value(item.expr, place);
        return [{ name: item.name, expr: item.expr, value }];
      }
      return this.#scope.star(item).map((column) => ({
        name: column.name,
        expr: {
          kind: "column",
          start: 0,
          end: 0,
          database: null,
          table: column.table,
          name: column.name,
        },
        value: {
          sql: column.sql,
          type: column.type,
          constant: false,
          literal: null,
          volatile: false,
        },
      }));
    });
  }

  #typed(items: readonly Item[]): readonly Item[] {
    const { types } = this.#place;
    if (types === null) return items;
    return items.map((item, at) => {
      const type = types[at];
      return type === undefined ? item : { ...item, value: convertTo(item.value, type) };
    });
  }

  /** SELECT to HAVING. */
  #block(groupBy: readonly Value[]): string {
    const list = this.#items.map(({ value }, at) => `${value.sql} AS c${at + 1}`).join(", ");
    const from = this.#source.sql === "" ? "" : ` FROM ${this.#source.sql}`;
    const conditions = this.#conditions();
    const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
    const group = groupBy.length === 0 ? "" : ` GROUP BY ${groupBy.map(groupKey).join(", ")}`;
    return `SELECT ${list}${from}${where}${group}${this.#having()}`;
  }

  #conditions(): readonly string[] {
    const { where, having } = this.#body;
    const isPoint = isPointLookup(this.#body, this.#scope, this.#context);
    const conditions = isPoint ? [] : [...this.#source.ticks];
    if (where !== null) {
      conditions.push(asTruth(this.#expressions.value(where, this.#at("WHERE", false))));
    }
    // Without groups, HAVING is a condition on rows that may name columns of the result.
    if (having !== null && !this.#isGrouped) {
      if (hasWindow(having)) throw unsupported("Cannot use a window function in HAVING");
      conditions.push(asTruth(this.#expressions.value(having, this.#aliased("HAVING"))));
    }
    return conditions;
  }

  #having(): string {
    const { having } = this.#body;
    if (having === null || !this.#isGrouped) return "";
    return ` HAVING ${asTruth(this.#expressions.value(having, this.#aliased("HAVING")))}`;
  }

  /** A place where columns of the result may be named, before those of the tables. */
  #aliased(clause: ExpressionPlace["clause"]): ExpressionPlace {
    return { ...this.#at(clause, true), aliases: (name) => this.#itemNamed(name)?.value ?? null };
  }

  #itemNamed(name: string): Item | undefined {
    const given = this.#body.items.flatMap((item) => !item.star && item.aliased ? [item.expr] : []);
    return this.#items.find((item) =>
      item.expr !== null && given.includes(item.expr) && sameName(item.name, name)
    );
  }

  /** A number in GROUP BY and ORDER BY is a column of the result. */
  #itemAt(expr: Expr, clause: "GROUP BY" | "ORDER BY"): Item | null {
    if (expr.kind !== "literal" || expr.value.type !== "integer") return null;
    const { value } = expr.value;
    const item = this.#items[Number(value) - 1];
    if (item !== undefined) return item;
    throw unknownColumn({ database: null, table: null, name: value.toString() }, clause);
  }

  #groupBy(): readonly Value[] {
    return this.#groupExprs().map((expr) =>
      this.#expressions.value(expr, this.#at("GROUP BY", false))
    );
  }

  /** What is grouped by, names and numbers of result columns replaced by what they stand for. */
  #groupExprs(): readonly Expr[] {
    return this.#body.groupBy.map((expr) => {
      const item = this.#itemAt(expr, "GROUP BY") ?? this.#groupAlias(expr);
      if (item?.expr === null || item === null) return expr;
      if (hasAggregate(item.expr)) {
        throw sqlError(1056, "42000", `Can't group on '${item.name}'`);
      }
      return item.expr;
    });
  }

  /** In GROUP BY a column of the tables is meant before one of the result. */
  #groupAlias(expr: Expr): Item | null {
    if (expr.kind !== "column" || expr.table !== null) return null;
    if (this.#scope.own(expr, "GROUP BY") !== null) return null;
    return this.#itemNamed(expr.name) ?? null;
  }

  #checkGrouping(groupBy: readonly Value[]): void {
    if (!this.#isGrouped) return;
    const grouping: Grouping = {
      scope: this.#scope,
      context: this.#context,
      groupBy: groupBy.length === 0 ? [] : this.#groupExprs(),
      where: this.#body.where,
      isAlias: () => false,
    };
    const exprs = this.#items.flatMap((item) => item.expr === null ? [] : [item.expr]);
    checkGrouped(exprs, grouping);
    const named = [...this.#place.orderBy.map((item) => item.expr)];
    if (this.#body.having !== null) named.push(this.#body.having);
    const isAlias = (name: string): boolean => this.#itemNamed(name) !== undefined;
    checkGrouped(named, { ...grouping, isAlias });
  }

  /** At most one row comes out. */
  #isSingle(): boolean {
    const { limit } = this.#place;
    if (limit !== null && limit.count <= 1n) return true;
    if (this.#isGrouped && this.#body.groupBy.length === 0) return true;
    return this.#body.from === null;
  }

  /**
   * Rows told apart as MySQL does, by the keys of their values: SQLite's DISTINCT would take 'a'
   * and 'A' for two. Sorting happens outside then, and can only be by what is selected.
   */
  #distinct(block: string): string {
    const keys = this.#items.map(({ value }) => groupKey(value));
    const isPlain = keys.every((key, at) => key === this.#items[at]?.value.sql);
    if (isPlain) return block.replace(/^SELECT /, "SELECT DISTINCT ") + this.#orderAndLimit();
    const outer = this.#items.map(({ value }, at) => ({
      ...value,
      sql: `c${at + 1}`,
      literal: null,
    }));
    const list = outer.map((_, at) => `c${at + 1}`).join(", ");
    const groups = outer.map(groupKey).join(", ");
    const order = this.#place.orderBy.map((item) => this.#outerOrder(item, outer));
    const sorted = order.length === 0 ? "" : ` ORDER BY ${order.join(", ")}`;
    return `SELECT ${list} FROM (${block}) GROUP BY ${groups}${sorted}${
      limitSql(this.#place.limit)
    }`;
  }

  #outerOrder({ expr, descending }: OrderItem, outer: readonly Value[]): string {
    const item = this.#itemAt(expr, "ORDER BY") ?? this.#orderAlias(expr) ?? this.#itemAlike(expr);
    const value = item === null ? undefined : outer[this.#items.indexOf(item)];
    if (value === undefined) {
      throw unsupported("Cannot sort SELECT DISTINCT by what it does not select: select it too");
    }
    return `${sortKey(value)}${descending ? " DESC" : ""}`;
  }

  /** The item whose expression is the same. */
  #itemAlike(expr: Expr): Item | null {
    const { sql } = this.#expressions.value(expr, this.#at("ORDER BY", true));
    return this.#items.find((item) => item.value.sql === sql) ?? null;
  }

  #orderAlias(expr: Expr): Item | null {
    if (expr.kind !== "column" || expr.table !== null) return null;
    return this.#itemNamed(expr.name) ?? null;
  }

  #orderAndLimit(): string {
    const items = this.#place.orderBy.map((item) => this.#order(item));
    const order = items.length === 0 ? "" : ` ORDER BY ${items.join(", ")}`;
    return order + limitSql(this.#place.limit);
  }

  #order({ expr, descending }: OrderItem): string {
    const item = this.#itemAt(expr, "ORDER BY") ?? this.#orderAlias(expr);
    const value = item?.value ?? this.#expressions.value(expr, this.#aliased("ORDER BY"));
    const key = sortKey(value);
    // What stands in the result already need not be computed again, and random values must not be.
    const at = item === null ? -1 : this.#items.indexOf(item);
    if (at >= 0 && key !== value.sql && value.volatile) {
      throw unsupported("Cannot sort by a random value: put the query into a derived table");
    }
    const column = at >= 0 && key === value.sql ? `c${at + 1}` : key;
    return `${isConstantKey(column) ? "NULL" : column}${descending ? " DESC" : ""}`;
  }
}

/** SQLite would take a bare number for a column of the result. */
function isConstantKey(key: string): boolean {
  return /^\d+$/.test(key);
}

export function limitSql(limit: Limit | null): string {
  if (limit === null) return "";
  const most = 2n ** 63n - 1n;
  const [count, offset] = [limit.count, limit.offset].map((each) => each > most ? most : each);
  return offset === 0n ? ` LIMIT ${count}` : ` LIMIT ${count} OFFSET ${offset}`;
}
