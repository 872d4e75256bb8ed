/** What the parts of the expression parser know of each other. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { Cursor } from "../../sql/cursor.ts";
import type { Expr, IntervalUnit, NodeKind, OrderItem, Query } from "./translate_ast.ts";

export type FieldsOf<K extends NodeKind> = Omit<
  Extract<Expr, { kind: K }>,
  "kind" | "start" | "end"
>;

export interface ExpressionReader {
  readonly cursor: Cursor;
  expr(): Expr;
  /** An operand of `*` and what binds tighter. */
  factor(): Expr;
  query(): Query;
  exprList(): readonly Expr[];
  orderItems(): readonly OrderItem[];
  intervalUnit(): IntervalUnit;
  /** A node that reaches from the token at index `from` to the last one taken. */
  node<K extends NodeKind>(kind: K, from: number, fields: FieldsOf<K>): Expr;
}

/** Takes what is in parentheses. */
export function parenthesised<T>(cursor: Cursor, read: () => T): T {
  cursor.expect("(");
  const value = read();
  cursor.expect(")");
  return value;
}

/** Whether a query begins `ahead` tokens from here, behind any parentheses. */
export function atQuery(cursor: Cursor, ahead: number): boolean {
  let at = ahead;
  while (cursor.peek(at).upper === "(") at++;
  const word = cursor.peek(at).upper;
  return word === "SELECT" || word === "WITH" ||
    (word === "VALUES" && cursor.peek(at + 1).upper !== "(");
}

/** INTERVAL with an amount and a unit, not the function of that name. */
export function atInterval(cursor: Cursor): boolean {
  if (!cursor.looksAt("INTERVAL")) return false;
  if (cursor.peek(1).upper !== "(") return true;
  let depth = 0;
  for (let ahead = 1;; ahead++) {
    const token = cursor.peek(ahead);
    if (token.text === "") return true;
    if (token.upper === "(") depth++;
    if (token.upper === ")" && --depth === 0) return true;
    if (token.upper === "," && depth === 1) return false;
  }
}

export function unsupported(message: string): MinisqlError {
  return new MinisqlError("UNSUPPORTED", message);
}
