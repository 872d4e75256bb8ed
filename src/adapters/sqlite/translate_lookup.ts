/** Whether a query plainly finds its rows by a key, so that nobody need watch how long it takes. */
import { sameName } from "./schema_model.ts";
import type { Expr, SelectBody } from "./translate_ast.ts";
import type { TranslateContext } from "./translate_context.ts";
import type { Scope } from "./translate_scope.ts";
import { conjuncts } from "./translate_walk.ts";

/** One table, and a unique key of it compared with literals. */
export function isPointLookup(
  body: SelectBody,
  scope: Scope,
  context: TranslateContext,
): boolean {
  const [table] = scope.tables;
  if (scope.tables.length !== 1 || table?.base === null || table === undefined) return false;
  const equal = conjuncts(body.where).flatMap(equalColumn);
  const model = context.table(table.base);
  return model?.indexes.some((index) =>
    index.unique &&
    index.parts.every((part) =>
      part.length === null && equal.some((name) => sameName(name, part.column))
    )
  ) ?? false;
}

/** The column that `c = literal` is about. */
function equalColumn(expr: Expr): readonly string[] {
  if (expr.kind !== "compare" || expr.operator !== "=") return [];
  const { left, right } = expr;
  if (left.kind === "column" && right.kind === "literal") return [left.name];
  return right.kind === "column" && left.kind === "literal" ? [right.name] : [];
}
