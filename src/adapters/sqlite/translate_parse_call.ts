/** Reads calls of functions, each in the syntax of its own that MySQL gives it. */
import type {
  CastType,
  Expr,
  FrameBound,
  IntervalUnit,
  WindowFrame,
  WindowSpec,
} from "./translate_ast.ts";
import { takeStrings } from "./translate_literal.ts";
import { parseCastType } from "./translate_parse_cast.ts";
import { atInterval, type ExpressionReader, unsupported } from "./translate_parse_reader.ts";
import {
  BARE_FUNCTIONS,
  isAggregate,
  isKeyword,
  isReservedFunction,
  isWindowOnly,
  mustCallClose,
} from "./translate_words.ts";

/** Other names of the same function. */
const SYNONYMS: Readonly<Record<string, string>> = {
  SUBSTR: "SUBSTRING",
  MID: "SUBSTRING",
  LCASE: "LOWER",
  UCASE: "UPPER",
  CHARACTER_LENGTH: "CHAR_LENGTH",
  OCTET_LENGTH: "LENGTH",
  CEILING: "CEIL",
  POWER: "POW",
  SHA: "SHA1",
  DAYOFMONTH: "DAY",
  SCHEMA: "DATABASE",
  CURRENT_TIMESTAMP: "NOW",
  LOCALTIME: "NOW",
  LOCALTIMESTAMP: "NOW",
  CURRENT_DATE: "CURDATE",
  CURRENT_TIME: "CURTIME",
  STD: "STDDEV_POP",
  STDDEV: "STDDEV_POP",
  VARIANCE: "VAR_POP",
  VALUE: "VALUES",
  SESSION_USER: "USER",
  SYSTEM_USER: "USER",
  POSITION: "LOCATE",
};

/** NOW without parentheses and its like; null where the next word is none of them. */
export function takeBareFunction(reader: ExpressionReader): Expr | null {
  const { cursor } = reader;
  const { upper } = cursor.peek();
  if (cursor.peek(1).upper === "(" || !Object.hasOwn(BARE_FUNCTIONS, upper)) return null;
  const from = cursor.at;
  cursor.next();
  return reader.node("call", from, { name: BARE_FUNCTIONS[upper] ?? upper, args: [], over: null });
}

type CallParser = (reader: ExpressionReader, from: number) => Expr;

/** Functions that do not simply take a list of expressions. The parenthesis has been taken. */
const SPECIAL: Readonly<Record<string, CallParser>> = {
  CAST: parseCast,
  CONVERT: parseConvert,
  EXTRACT: parseExtract,
  TRIM: parseTrim,
  SUBSTRING: parseSubstring,
  LOCATE: parseLocate,
  DATE_ADD: (reader, from) => parseDateShift(reader, from, 1),
  DATE_SUB: (reader, from) => parseDateShift(reader, from, -1),
  ADDDATE: (reader, from) => parseDateShift(reader, from, 1),
  SUBDATE: (reader, from) => parseDateShift(reader, from, -1),
  TIMESTAMPADD: parseTimestampAdd,
  TIMESTAMPDIFF: parseTimestampDiff,
  CHAR: parseChar,
  VALUES: parseInserted,
  DEFAULT: parseDefault,
};

/** The call that the cursor is at: a name and its parenthesis. */
export function parseCall(reader: ExpressionReader): Expr {
  const { cursor } = reader;
  const from = cursor.at;
  const token = cursor.next();
  const upper = token.value.toUpperCase();
  const isClause = token.kind === "word" && isKeyword(upper) && !isReservedFunction(upper);
  if (isClause) throw cursor.fault(token);
  if (mustCallClose(upper) && token.end !== cursor.peek().start) throw cursor.fault();
  cursor.expect("(");
  if (isAggregate(upper)) return parseAggregate(reader, SYNONYMS[upper] ?? upper, from);
  const name = Object.hasOwn(SYNONYMS, upper) ? SYNONYMS[upper] ?? upper : upper;
  const parser = Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined;
  if (parser !== undefined) return parser(reader, from);
  const args = cursor.looksAt(")") ? [] : reader.exprList();
  cursor.expect(")");
  const over = isWindowOnly(name) ? requiredWindow(reader) : null;
  return call(reader, name, args, from, over);
}

function call(
  reader: ExpressionReader,
  name: string,
  args: readonly Expr[],
  from: number,
  over: WindowSpec | null = null,
): Expr {
  return reader.node("call", from, { name, args, over });
}

function parseAggregate(reader: ExpressionReader, name: string, from: number): Expr {
  const { cursor } = reader;
  const distinct = cursor.take("DISTINCT");
  if (!distinct) cursor.take("ALL");
  const isStar = name === "COUNT" && !distinct && cursor.take("*");
  const args = isStar ? [] : reader.exprList();
  if (!isStar && args.length > 1 && !takesMany(name, distinct)) throw cursor.fault();
  let orderBy: ReturnType<ExpressionReader["orderItems"]> = [];
  let separator: string | null = null;
  if (name === "GROUP_CONCAT") {
    if (cursor.take("ORDER", "BY")) orderBy = reader.orderItems();
    if (cursor.take("SEPARATOR")) {
      if (cursor.peek().kind !== "string") throw cursor.fault();
      separator = takeStrings(cursor);
    }
  }
  cursor.expect(")");
  const over = cursor.take("OVER") ? parseWindow(reader) : null;
  return reader.node("aggregate", from, { name, distinct, args, orderBy, separator, over });
}

function takesMany(name: string, distinct: boolean): boolean {
  return name === "GROUP_CONCAT" || name === "JSON_OBJECTAGG" || (name === "COUNT" && distinct);
}

function requiredWindow(reader: ExpressionReader): WindowSpec {
  reader.cursor.expect("OVER");
  return parseWindow(reader);
}

/** What stands behind OVER. */
function parseWindow(reader: ExpressionReader): WindowSpec {
  const { cursor } = reader;
  if (cursor.looksAt("(")) return parseWindowSpec(reader);
  return { name: cursor.name(), partitionBy: [], orderBy: [], frame: null };
}

/** A window in parentheses, also of the WINDOW clause. */
export function parseWindowSpec(reader: ExpressionReader): WindowSpec {
  const { cursor } = reader;
  cursor.expect("(");
  const startsClause = ["PARTITION", "ORDER", "ROWS", "RANGE", ")"].includes(cursor.peek().upper);
  const name = startsClause ? null : cursor.name();
  const partitionBy = cursor.take("PARTITION", "BY") ? reader.exprList() : [];
  const orderBy = cursor.take("ORDER", "BY") ? reader.orderItems() : [];
  const frame = parseFrame(reader);
  cursor.expect(")");
  return { name, partitionBy, orderBy, frame };
}

function parseFrame(reader: ExpressionReader): WindowFrame | null {
  const { cursor } = reader;
  const unit = cursor.takeOneOf("ROWS", "RANGE");
  if (unit === null) return null;
  if (!cursor.take("BETWEEN")) {
    return { unit: unit as WindowFrame["unit"], start: parseBound(reader), end: null };
  }
  const start = parseBound(reader);
  cursor.expect("AND");
  return { unit: unit as WindowFrame["unit"], start, end: parseBound(reader) };
}

function parseBound(reader: ExpressionReader): FrameBound {
  const { cursor } = reader;
  if (cursor.take("CURRENT", "ROW")) return { at: "current" };
  if (cursor.take("UNBOUNDED", "PRECEDING")) return { at: "unbounded_preceding" };
  if (cursor.take("UNBOUNDED", "FOLLOWING")) return { at: "unbounded_following" };
  const token = cursor.next();
  if (token.kind !== "number" || !/^\d+$/.test(token.text)) {
    throw unsupported(`Cannot use the frame bound ${token.text}: only whole numbers of rows`);
  }
  const word = cursor.takeOneOf("PRECEDING", "FOLLOWING");
  if (word === null) throw cursor.fault();
  return { at: word === "PRECEDING" ? "preceding" : "following", rows: BigInt(token.text) };
}

function parseCast(reader: ExpressionReader, from: number): Expr {
  const operand = reader.expr();
  reader.cursor.expect("AS");
  return finishCast(reader, operand, from);
}

function finishCast(reader: ExpressionReader, operand: Expr, from: number): Expr {
  const type: CastType = parseCastType(reader.cursor);
  reader.cursor.expect(")");
  return reader.node("cast", from, { operand, type });
}

/** CONVERT(x, type), or CONVERT(x USING charset). */
function parseConvert(reader: ExpressionReader, from: number): Expr {
  const { cursor } = reader;
  const operand = reader.expr();
  if (!cursor.take("USING")) {
    cursor.expect(",");
    return finishCast(reader, operand, from);
  }
  const type = charsetType(cursor.next().value);
  cursor.expect(")");
  return reader.node("cast", from, { operand, type });
}

function charsetType(charset: string): CastType {
  switch (charset.toLowerCase()) {
    case "utf8mb4":
    case "utf8mb3":
    case "utf8":
      return { to: "text", length: null, scale: null };
    case "binary":
      return { to: "bytes", length: null, scale: null };
    default:
      throw unsupported(`Cannot convert to the character set ${charset}: this engine has utf8mb4`);
  }
}

function parseExtract(reader: ExpressionReader, from: number): Expr {
  const unit = reader.intervalUnit();
  reader.cursor.expect("FROM");
  const operand = reader.expr();
  reader.cursor.expect(")");
  return reader.node("extract", from, { unit, operand });
}

/** TRIM(s), TRIM(LEADING 'x' FROM s), TRIM('x' FROM s). */
function parseTrim(reader: ExpressionReader, from: number): Expr {
  const { cursor } = reader;
  const side = cursor.takeOneOf("LEADING", "TRAILING", "BOTH");
  let operand: Expr | null = null;
  let removed: Expr | null = null;
  if (side !== null && cursor.take("FROM")) operand = reader.expr();
  else {
    operand = reader.expr();
    if (cursor.take("FROM")) {
      removed = operand;
      operand = reader.expr();
    } else if (side !== null) throw cursor.fault();
  }
  cursor.expect(")");
  const name = side === "LEADING" ? "trim_leading" : side === "TRAILING" ? "trim_trailing" : "TRIM";
  return call(reader, name, removed === null ? [operand] : [operand, removed], from);
}

/** SUBSTRING(s, n, m), SUBSTRING(s FROM n FOR m). */
function parseSubstring(reader: ExpressionReader, from: number): Expr {
  const { cursor } = reader;
  const args = [reader.expr()];
  const first = cursor.takeOneOf(",", "FROM");
  if (first === null) throw cursor.fault();
  args.push(reader.expr());
  if (cursor.take(first === "," ? "," : "FOR")) args.push(reader.expr());
  cursor.expect(")");
  return call(reader, "SUBSTRING", args, from);
}

/** LOCATE(x, s, n), and POSITION(x IN s), which reads its first operand without IN. */
function parseLocate(reader: ExpressionReader, from: number): Expr {
  const { cursor } = reader;
  if (cursor.tokens[from]?.upper !== "POSITION") {
    const args = reader.exprList();
    cursor.expect(")");
    return call(reader, "LOCATE", args, from);
  }
  const part = reader.factor();
  cursor.expect("IN");
  const whole = reader.expr();
  cursor.expect(")");
  return call(reader, "LOCATE", [part, whole], from);
}

function parseDateShift(reader: ExpressionReader, from: number, sign: 1 | -1): Expr {
  const { cursor } = reader;
  const isDays = (cursor.tokens[from]?.upper ?? "").endsWith("DDATE") ||
    cursor.tokens[from]?.upper === "SUBDATE";
  const operand = reader.expr();
  cursor.expect(",");
  let amount: Expr;
  let unit: IntervalUnit = "DAY";
  if (atInterval(cursor)) {
    cursor.expect("INTERVAL");
    amount = reader.expr();
    unit = reader.intervalUnit();
  } else {
    if (!isDays) throw cursor.fault();
    amount = reader.expr();
  }
  cursor.expect(")");
  return reader.node("shift", from, { operand, amount, unit, sign });
}

function parseTimestampAdd(reader: ExpressionReader, from: number): Expr {
  const unit = reader.intervalUnit();
  reader.cursor.expect(",");
  const amount = reader.expr();
  reader.cursor.expect(",");
  const operand = reader.expr();
  reader.cursor.expect(")");
  return reader.node("shift", from, { operand, amount, unit, sign: 1 });
}

/** The unit becomes a text in front of the two moments. */
function parseTimestampDiff(reader: ExpressionReader, from: number): Expr {
  const at = reader.cursor.at;
  const unit = reader.intervalUnit();
  const word = reader.node("literal", at, { value: { type: "text", text: unit } });
  reader.cursor.expect(",");
  const args = [word, ...reader.exprList()];
  reader.cursor.expect(")");
  return call(reader, "TIMESTAMPDIFF", args, from);
}

/** CHAR(n, …) makes bytes, CHAR(n, … USING utf8mb4) makes text. */
function parseChar(reader: ExpressionReader, from: number): Expr {
  const { cursor } = reader;
  const args = reader.exprList();
  const bytes = (): Expr => call(reader, "CHAR", args, from);
  if (!cursor.take("USING")) {
    cursor.expect(")");
    return bytes();
  }
  const type = charsetType(cursor.next().value);
  cursor.expect(")");
  return reader.node("cast", from, { operand: bytes(), type });
}

function parseInserted(reader: ExpressionReader, from: number): Expr {
  const column = lastName(reader);
  return reader.node("inserted", from, { column });
}

function parseDefault(reader: ExpressionReader, from: number): Expr {
  const column = lastName(reader);
  return reader.node("default", from, { column });
}

/** The last part of a name with dots, and the parenthesis behind it. */
function lastName(reader: ExpressionReader): string {
  const { cursor } = reader;
  let column = cursor.name();
  while (cursor.take(".")) column = cursor.name();
  cursor.expect(")");
  return column;
}
