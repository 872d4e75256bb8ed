/** ONLY_FULL_GROUP_BY: what a grouped query may show of a group. */
import { sqlError } from "../../protocol/errors.ts";
import { columnOf, sameName, type TableModel } from "./schema_model.ts";
import type { Expr, Node } from "./translate_ast.ts";
import type { TranslateContext } from "./translate_context.ts";
import type { Scope, ScopeColumn } from "./translate_scope.ts";
import { childrenOf, conjuncts, isAggregateCall } from "./translate_walk.ts";

export interface Grouping {
  readonly scope: Scope;
  readonly context: TranslateContext;
  /** The expressions grouped by; none where the whole result is one group. */
  readonly groupBy: readonly Expr[];
  readonly where: Expr | null;
  /** Whether a name means a column of the result here. */
  readonly isAlias: (name: string) => boolean;
}

/**
 * Raises MySQL's error where an expression shows something that can differ inside a group. Other
 * columns of a table are the same on all rows of a group as soon as a key of the table is.
 */
export function checkGrouped(exprs: readonly Expr[], grouping: Grouping): void {
  const checker = new Checker(grouping);
  for (const expr of exprs) checker.check(expr);
}

class Checker {
  readonly #grouping: Grouping;
  readonly #keys: ReadonlySet<string>;
  readonly #columns: ReadonlySet<ScopeColumn>;

  constructor(grouping: Grouping) {
    this.#grouping = grouping;
    this.#keys = new Set(grouping.groupBy.map((expr) => this.#key(expr)));
    this.#columns = this.#determined();
  }

  check(expr: Expr): void {
    if (isAggregateCall(expr) || this.#keys.has(this.#key(expr))) return;
    if (expr.kind === "call" && expr.name === "ANY_VALUE") return;
    if (expr.kind === "column") this.#checkColumn(expr);
    for (const child of childrenOf(expr)) this.check(child);
  }

  #checkColumn(expr: Node<"column">): void {
    if (expr.table === null && this.#grouping.isAlias(expr.name)) return;
    const column = this.#grouping.scope.own(expr, "SELECT");
    // A column of a query around this one is the same for all its rows.
    if (column === null || this.#columns.has(column)) return;
    if (this.#grouping.groupBy.length === 0) {
      throw sqlError(
        1140,
        "42000",
        "Mixing of GROUP columns (MIN(),MAX(),COUNT(),...) with no GROUP columns is illegal if " +
          "there is no GROUP BY clause",
      );
    }
    const { database } = this.#grouping.context;
    throw sqlError(1055, "42000", `'${database}.${column.table}.${column.name}' isn't in GROUP BY`);
  }

  /** The columns grouped by, fixed by WHERE, and all those that a key among them decides. */
  #determined(): ReadonlySet<ScopeColumn> {
    const fixed = new Set<ScopeColumn>();
    for (const expr of this.#grouping.groupBy) this.#add(expr, fixed);
    for (const condition of conjuncts(this.#grouping.where)) this.#addEqual(condition, fixed);
    for (const table of this.#grouping.scope.tables) {
      const model = table.base === null ? null : this.#grouping.context.table(table.base);
      if (model !== null && hasKey(model, table.columns, fixed)) {
        for (const column of table.columns) fixed.add(column);
      }
    }
    return fixed;
  }

  #add(expr: Expr, fixed: Set<ScopeColumn>): void {
    if (expr.kind !== "column") return;
    const column = this.#grouping.scope.own(expr, "GROUP BY");
    if (column !== null) fixed.add(column);
  }

  /** `c = constant` fixes c, and `a = b` one by the other. */
  #addEqual(condition: Expr, fixed: Set<ScopeColumn>): void {
    if (condition.kind !== "compare" || condition.operator !== "=") return;
    const sides = [condition.left, condition.right];
    for (const [at, side] of sides.entries()) {
      const other = sides[1 - at];
      if (other === undefined) continue;
      if (other.kind === "literal" || this.#isFixed(other, fixed)) this.#add(side, fixed);
    }
  }

  #isFixed(expr: Expr, fixed: ReadonlySet<ScopeColumn>): boolean {
    if (expr.kind !== "column") return false;
    const column = this.#grouping.scope.own(expr, "WHERE");
    return column !== null && fixed.has(column);
  }

  /** The same text for expressions that say the same: columns by what they are, not how written. */
  #key(expr: Expr): string {
    return JSON.stringify(expr, (name, value) => {
      if (name === "start" || name === "end") return undefined;
      if (typeof value === "bigint") return `${value}n`;
      if (value instanceof Uint8Array) return value.toHex();
      if (isColumn(value)) {
        const column = this.#grouping.scope.own(value, "SELECT");
        return column === null ? { ...value, kind: "outer" } : { column: column.sql };
      }
      return value;
    });
  }
}

function isColumn(value: unknown): value is Node<"column"> {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "column";
}

/** Whether the columns include a primary key, or a unique one without NULLs. */
function hasKey(
  model: TableModel,
  columns: readonly ScopeColumn[],
  fixed: ReadonlySet<ScopeColumn>,
): boolean {
  return model.indexes.some((index) =>
    index.unique && index.parts.every((part) => {
      const column = columns.find((each) => sameName(each.name, part.column));
      const isWhole = part.length === null && columnOf(model, part.column)?.nullable === false;
      return column !== undefined && isWhole && fixed.has(column);
    })
  );
}
