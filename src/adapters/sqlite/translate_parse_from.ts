/** Reads what stands behind FROM: tables, derived tables and joins. */
import type { Expr, JoinKind, TableName, TableSource } from "./translate_ast.ts";
import type { QueryParser } from "./translate_parse_query.ts";
import { atQuery, parenthesised, unsupported } from "./translate_parse_reader.ts";
import { isKeyword } from "./translate_words.ts";

/** Table references, commas included; null for DUAL alone. */
export function parseFrom(parser: QueryParser): TableSource | null {
  const { cursor } = parser;
  if (cursor.looksAt("DUAL") && cursor.peek(1).upper !== ".") {
    cursor.next();
    return null;
  }
  return parseTables(parser);
}

export function parseTables(parser: QueryParser): TableSource {
  let left = parseJoins(parser);
  while (parser.cursor.take(",")) left = joined("inner", left, parseJoins(parser));
  return left;
}

function joined(join: JoinKind, left: TableSource, right: TableSource): TableSource {
  return { kind: "join", join, natural: false, left, right, on: null, using: null };
}

function parseJoins(parser: QueryParser): TableSource {
  let left = parseSource(parser);
  for (;;) {
    const next = takeJoin(parser);
    if (next === null) return left;
    const right = parseSource(parser);
    const isOuter = next.join !== "inner";
    if (next.natural) {
      left = { ...joinOf(next.join, left, right), natural: true };
      continue;
    }
    left = parseCondition(parser, joinOf(next.join, left, right), isOuter);
  }
}

type Join = Extract<TableSource, { kind: "join" }>;

function joinOf(join: JoinKind, left: TableSource, right: TableSource): Join {
  return { kind: "join", join, natural: false, left, right, on: null, using: null };
}

function parseCondition(parser: QueryParser, join: Join, required: boolean): Join {
  const { cursor } = parser;
  if (cursor.take("ON")) {
    const on: Expr = parser.expressions.expr();
    return { ...join, on };
  }
  if (cursor.take("USING")) return { ...join, using: parser.nameList() };
  if (!required) return join;
  // `a LEFT JOIN b JOIN c ON … ON …`: the inner join is read first, as a table in its own right.
  const next = takeJoin(parser);
  if (next === null) throw cursor.fault();
  const inner = parseCondition(parser, joinOf(next.join, join.right, parseSource(parser)), true);
  return parseCondition(parser, { ...join, right: inner }, true);
}

interface JoinWords {
  readonly join: JoinKind;
  readonly natural: boolean;
}

function takeJoin(parser: QueryParser): JoinWords | null {
  const { cursor } = parser;
  if (cursor.take("STRAIGHT_JOIN")) return { join: "inner", natural: false };
  if (cursor.take("CROSS", "JOIN") || cursor.take("INNER", "JOIN") || cursor.take("JOIN")) {
    return { join: "inner", natural: false };
  }
  const natural = cursor.take("NATURAL");
  const side = cursor.takeOneOf("LEFT", "RIGHT", "INNER");
  if (side === null && !natural) return null;
  if (side !== null && side !== "INNER") cursor.take("OUTER");
  cursor.expect("JOIN");
  const join = side === "LEFT" ? "left" : side === "RIGHT" ? "right" : "inner";
  return { join, natural };
}

function parseSource(parser: QueryParser): TableSource {
  const { cursor } = parser;
  if (cursor.take("LATERAL")) {
    throw unsupported("Cannot join LATERAL: this engine has no such join");
  }
  if (!cursor.looksAt("(")) return parseTable(parser);
  if (!atQuery(cursor, 1) || isJoinInside(parser)) {
    return parenthesised(cursor, () => parseTables(parser));
  }
  const query = parenthesised(cursor, () => parser.query());
  cursor.take("AS");
  if (!cursor.atName || isReservedHere(parser)) throw cursor.fault();
  const alias = cursor.name();
  const columns = cursor.looksAt("(") ? parser.nameList() : null;
  return { kind: "derived", query, alias, columns };
}

/** `((SELECT …) AS a JOIN b …)`: a query in parentheses that a name follows, inside others. */
function isJoinInside(parser: QueryParser): boolean {
  const { cursor } = parser;
  if (cursor.peek(1).upper !== "(") return false;
  let depth = 0;
  for (let ahead = 1;; ahead++) {
    const token = cursor.peek(ahead);
    if (token.text === "") return false;
    if (token.upper === "(") depth++;
    if (token.upper !== ")" || --depth > 0) continue;
    const after = cursor.peek(ahead + 1);
    return after.upper === "AS" || after.kind === "quoted_name" ||
      (after.kind === "word" && !isKeyword(after.upper));
  }
}

function parseTable(parser: QueryParser): TableSource {
  const { cursor } = parser;
  const table = parseTableName(parser);
  if (cursor.looksAt("PARTITION", "(")) {
    throw unsupported("Cannot read single partitions: this engine does not partition tables");
  }
  let alias: string | null = null;
  if (cursor.take("AS")) alias = cursor.name();
  else if (cursor.atName && !isReservedHere(parser)) alias = cursor.name();
  dropIndexHints(parser);
  return { kind: "table", table, alias };
}

function isReservedHere(parser: QueryParser): boolean {
  const token = parser.cursor.peek();
  return token.kind === "word" && isKeyword(token.upper);
}

export function parseTableName(parser: QueryParser): TableName {
  const { cursor } = parser;
  const from = cursor.at;
  if (isReservedHere(parser)) throw cursor.fault();
  const first = cursor.name();
  const isDotted = cursor.looksAt(".") && cursor.peek(1).upper !== "*";
  const second = isDotted && cursor.take(".") ? cursor.name() : null;
  const span = { start: cursor.tokens[from]?.start ?? 0, end: cursor.previous.end };
  return second === null
    ? { ...span, database: null, name: first }
    : { ...span, database: first, name: second };
}

/** USE, FORCE and IGNORE INDEX change plans, never results. */
function dropIndexHints(parser: QueryParser): void {
  const { cursor } = parser;
  while (cursor.takeOneOf("USE", "FORCE", "IGNORE") !== null) {
    if (cursor.takeOneOf("INDEX", "KEY") === null) throw cursor.fault();
    if (cursor.take("FOR")) {
      const known = cursor.take("JOIN") || cursor.take("ORDER", "BY") || cursor.take("GROUP", "BY");
      if (!known) throw cursor.fault();
    }
    parenthesised(cursor, () => {
      while (!cursor.looksAt(")")) {
        cursor.next();
        if (cursor.done) throw cursor.fault();
      }
    });
    cursor.take(",");
  }
}
