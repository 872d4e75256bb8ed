/** Walks over the syntax tree of expressions, queries inside them left alone. */
import type { Expr, WindowSpec } from "./translate_ast.ts";

function windowParts(over: WindowSpec | null): readonly Expr[] {
  if (over === null) return [];
  return [...over.partitionBy, ...over.orderBy.map((item) => item.expr)];
}

/** The expressions directly inside one. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "literal":
    case "column":
    case "subquery":
    case "exists":
    case "default":
    case "inserted":
    case "system_variable":
      return [];
    case "call":
      return [...expr.args, ...windowParts(expr.over)];
    case "aggregate":
      return [
        ...expr.args,
        ...expr.orderBy.map((item) => item.expr),
        ...windowParts(expr.over),
      ];
    case "negate":
    case "bit_not":
    case "not":
    case "is":
    case "cast":
    case "extract":
    case "collate":
    case "binary":
      return [expr.operand];
    case "logical":
    case "arithmetic":
    case "bits":
    case "compare":
      return [expr.left, expr.right];
    case "quantified":
      return [expr.left];
    case "in_query":
      return [expr.operand];
    case "like":
      return [expr.operand, expr.pattern];
    case "regexp":
      return [expr.operand, expr.pattern];
    case "between":
      return [expr.operand, expr.low, expr.high];
    case "in_list":
      return [expr.operand, ...expr.items];
    case "case":
      return [
        ...(expr.operand === null ? [] : [expr.operand]),
        ...expr.branches.flatMap(({ when, then }) => [when, then]),
        ...(expr.otherwise === null ? [] : [expr.otherwise]),
      ];
    case "shift":
      return [expr.operand, expr.amount];
    case "row":
      return expr.items;
  }
}

/** Whether any expression in the tree, this one included, is what is looked for. */
export function contains(expr: Expr, wanted: (each: Expr) => boolean): boolean {
  return wanted(expr) || childrenOf(expr).some((child) => contains(child, wanted));
}

/** An aggregate over the group, not over a window. */
export function isAggregateCall(expr: Expr): boolean {
  return expr.kind === "aggregate" && expr.over === null;
}

/** A function over a window. */
export function isWindowCall(expr: Expr): boolean {
  return (expr.kind === "aggregate" || expr.kind === "call") && expr.over !== null;
}

export function hasAggregate(expr: Expr): boolean {
  return contains(expr, isAggregateCall);
}

export function hasWindow(expr: Expr): boolean {
  return contains(expr, isWindowCall);
}

/** The operands of a tree of ANDs. */
export function conjuncts(expr: Expr | null): readonly Expr[] {
  if (expr === null) return [];
  return expr.kind === "logical" && expr.operator === "AND"
    ? [...conjuncts(expr.left), ...conjuncts(expr.right)]
    : [expr];
}
