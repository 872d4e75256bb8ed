/** Reads what stands between operators: literals, columns, calls, parentheses, CASE. */
import type { Expr } from "./translate_ast.ts";
import { takeLiteral } from "./translate_literal.ts";
import { parseCall, takeBareFunction } from "./translate_parse_call.ts";
import {
  atInterval,
  atQuery,
  type ExpressionReader,
  parenthesised,
  unsupported,
} from "./translate_parse_reader.ts";
import { isKeyword } from "./translate_words.ts";

/** An operand with what follows it: COLLATE and JSON paths. */
export function parsePostfix(reader: ExpressionReader): Expr {
  const { cursor } = reader;
  const from = cursor.at;
  let operand = primary(reader);
  for (;;) {
    if (cursor.take("COLLATE")) {
      const collation = cursor.peek().kind === "string" ? cursor.next().value : cursor.name();
      operand = reader.node("collate", from, { operand, collation: collation.toLowerCase() });
      continue;
    }
    const arrow = operand.kind === "column" ? cursor.takeOneOf("->", "->>") : null;
    if (arrow === null) return operand;
    operand = jsonPath(reader, operand, arrow, from);
  }
}

function jsonPath(reader: ExpressionReader, operand: Expr, arrow: string, from: number): Expr {
  const { cursor } = reader;
  if (cursor.peek().kind !== "string") throw cursor.fault();
  const path = primary(reader);
  const extract = reader.node("call", from, {
    name: "JSON_EXTRACT",
    args: [operand, path],
    over: null,
  });
  return arrow === "->"
    ? extract
    : reader.node("call", from, { name: "JSON_UNQUOTE", args: [extract], over: null });
}

function primary(reader: ExpressionReader): Expr {
  const { cursor } = reader;
  const from = cursor.at;
  const literal = takeLiteral(cursor);
  if (literal !== null) return reader.node("literal", from, { value: literal });
  const token = cursor.peek();
  switch (token.kind) {
    case "punctuation":
      if (token.upper === "(") return grouped(reader);
      throw cursor.fault();
    case "system_variable":
      cursor.next();
      return reader.node("system_variable", from, { name: token.value.toLowerCase() });
    case "user_variable":
      throw unsupported(
        `Cannot use the user variable @${token.value}: this engine has none; write the value`,
      );
    case "parameter":
      throw unsupported("Cannot run a statement with `?`: write the values");
    case "word":
      return word(reader);
    case "quoted_name":
      return cursor.peek(1).upper === "(" ? parseCall(reader) : column(reader);
    default:
      throw cursor.fault();
  }
}

function word(reader: ExpressionReader): Expr {
  const { cursor } = reader;
  const from = cursor.at;
  const { upper } = cursor.peek();
  if (upper === "CASE") return caseExpression(reader);
  if (upper === "EXISTS" && cursor.peek(1).upper === "(") {
    cursor.next();
    const query = parenthesised(cursor, () => reader.query());
    return reader.node("exists", from, { query });
  }
  if (upper === "INTERVAL" && atInterval(cursor)) return leadingInterval(reader);
  if (upper === "MATCH") {
    throw unsupported("Cannot use MATCH: this engine has no full-text search");
  }
  if (upper === "ROW" && cursor.peek(1).upper === "(") {
    cursor.next();
    return grouped(reader);
  }
  if (upper === "DEFAULT" && cursor.peek(1).upper !== "(") {
    cursor.next();
    return reader.node("default", from, { column: null });
  }
  const bare = takeBareFunction(reader);
  if (bare !== null) return bare;
  if (cursor.peek(1).upper === "(") return parseCall(reader);
  if (isKeyword(upper)) throw cursor.fault();
  return column(reader);
}

/** `INTERVAL 1 DAY + date`. */
function leadingInterval(reader: ExpressionReader): Expr {
  const { cursor } = reader;
  const from = cursor.at;
  cursor.expect("INTERVAL");
  const amount = reader.expr();
  const unit = reader.intervalUnit();
  cursor.expect("+");
  const operand = reader.factor();
  return reader.node("shift", from, { operand, amount, unit, sign: 1 });
}

/** A parenthesis: an expression, a row or a query. */
function grouped(reader: ExpressionReader): Expr {
  const { cursor } = reader;
  const from = cursor.at;
  if (atQuery(cursor, 1)) {
    const query = parenthesised(cursor, () => reader.query());
    return reader.node("subquery", from, { query });
  }
  const items = parenthesised(cursor, () => reader.exprList());
  const only = items[0];
  if (items.length === 1 && only !== undefined) return only;
  return reader.node("row", from, { items });
}

function caseExpression(reader: ExpressionReader): Expr {
  const { cursor } = reader;
  const from = cursor.at;
  cursor.expect("CASE");
  const operand = cursor.looksAt("WHEN") ? null : reader.expr();
  const branches: { when: Expr; then: Expr }[] = [];
  while (cursor.take("WHEN")) {
    const when = reader.expr();
    cursor.expect("THEN");
    branches.push({ when, then: reader.expr() });
  }
  if (branches.length === 0) throw cursor.fault();
  const otherwise = cursor.take("ELSE") ? reader.expr() : null;
  cursor.expect("END");
  return reader.node("case", from, { operand, branches, otherwise });
}

/** `c`, `t.c`, `db.t.c`. Behind a dot even a reserved word is a name. */
function column(reader: ExpressionReader): Expr {
  const { cursor } = reader;
  const from = cursor.at;
  const names = [cursor.name()];
  while (names.length < 3 && cursor.take(".")) names.push(cursor.name());
  const [name = "", table = null, database = null] = names.toReversed();
  return reader.node("column", from, { database, table, name });
}
