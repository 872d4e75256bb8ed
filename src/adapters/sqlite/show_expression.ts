/**
 * Expressions of defaults, checks and generated columns as MariaDB shows them: names in backticks,
 * keywords and functions in lower case, one space around operators. Unlike MariaDB's, parentheses
 * stay as they were written.
 */
import { lex, significant, type Token } from "../../sql/lexer.ts";
import { quoteName, quoteString } from "../../sql/names.ts";

const KEYWORDS = new Set(
  `AND OR NOT XOR IS NULL TRUE FALSE LIKE ESCAPE IN BETWEEN CASE WHEN THEN ELSE END DIV MOD REGEXP
  RLIKE INTERVAL COLLATE BINARY AS FROM FOR USING UNKNOWN SOUNDS SIGNED UNSIGNED CHAR DATE DATETIME
  TIME DECIMAL DOUBLE FLOAT INTEGER YEAR MONTH DAY HOUR MINUTE SECOND MICROSECOND WEEK QUARTER CAST
  CONVERT CURRENT_TIMESTAMP CURRENT_DATE CURRENT_TIME LEADING TRAILING BOTH DISTINCT`.split(/\s+/),
);

/** Functions that MariaDB knows by another name than the one written. */
const FUNCTION_NAMES: Readonly<Record<string, string>> = {
  UPPER: "ucase",
  LOWER: "lcase",
  NOW: "current_timestamp",
  LOCALTIME: "current_timestamp",
  LOCALTIMESTAMP: "current_timestamp",
  CURRENT_DATE: "curdate",
  CURRENT_TIME: "curtime",
  SUBSTRING: "substr",
  MID: "substr",
  CEIL: "ceiling",
  POWER: "pow",
  CHARACTER_LENGTH: "char_length",
  DAY: "dayofmonth",
  LENGTH: "octet_length",
};

const OPERATOR_NAMES: Readonly<Record<string, string>> = { "!=": "<>", "&&": "and", "||": "or" };

/** `columns` are the names that stand for columns of the table. */
export function shownExpression(sql: string, columns: readonly string[]): string {
  const tokens = significant(lex(sql));
  const names = new Map(columns.map((name) => [name.toLowerCase(), name]));
  let shown = "";
  tokens.forEach((token, at) => {
    const text = shownToken(token, tokens, at, names);
    shown += spaced(tokens, at) ? ` ${text}` : text;
  });
  return withoutOuterParentheses(shown.trim());
}

function shownToken(
  token: Token,
  tokens: readonly Token[],
  at: number,
  names: ReadonlyMap<string, string>,
): string {
  switch (token.kind) {
    case "string":
      return quoteString(token.value);
    case "quoted_name":
      return quoteName(names.get(token.value.toLowerCase()) ?? token.value);
    case "operator":
      return OPERATOR_NAMES[token.text] ?? token.text;
    case "word":
      return shownWord(token, tokens[at + 1]?.upper === "(", names);
    default:
      return token.text;
  }
}

function shownWord(token: Token, called: boolean, names: ReadonlyMap<string, string>): string {
  if (called) return FUNCTION_NAMES[token.upper] ?? token.text.toLowerCase();
  const column = names.get(token.value.toLowerCase());
  if (column !== undefined) return quoteName(column);
  if (token.upper === "CURRENT_DATE") return "curdate()";
  if (token.upper === "CURRENT_TIMESTAMP") return "current_timestamp()";
  return KEYWORDS.has(token.upper) ? token.text.toLowerCase() : token.text;
}

/** Whether a space stands before the token at this place. */
function spaced(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  const before = tokens[at - 1];
  if (token === undefined || before === undefined) return false;
  if (token.upper === "," || token.upper === ")" || token.upper === ".") return false;
  if (before.upper === "," || before.upper === "(" || before.upper === ".") return false;
  if (isUnary(tokens, at - 1)) return false;
  if (token.upper !== "(") return true;
  return before.kind !== "word" || (KEYWORDS.has(before.upper) && !isCall(before));
}

/** Keywords that are functions too. */
function isCall(token: Token): boolean {
  return [
    "MOD",
    "CAST",
    "CONVERT",
    "YEAR",
    "MONTH",
    "DAY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "DATE",
    "TIME",
    "WEEK",
    "QUARTER",
    "MICROSECOND",
    "CHAR",
    "CURRENT_TIMESTAMP",
    "CURRENT_DATE",
  ]
    .includes(token.upper);
}

/** A sign with no operand in front of it. */
function isUnary(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token === undefined || !["-", "+", "~", "!"].includes(token.upper)) return false;
  const before = tokens[at - 1];
  return before === undefined || before.kind === "operator" || before.upper === "(" ||
    before.upper === "," || (before.kind === "word" && KEYWORDS.has(before.upper));
}

function withoutOuterParentheses(text: string): string {
  let inner = text;
  while (inner.startsWith("(") && closes(inner)) inner = inner.slice(1, -1).trim();
  return inner;
}

/** Whether the first parenthesis is closed by the last character. */
function closes(text: string): boolean {
  let depth = 0;
  const tokens = lex(text);
  for (const [at, token] of tokens.entries()) {
    if (token.upper === "(") depth++;
    else if (token.upper === ")" && --depth === 0) return at === tokens.length - 1;
  }
  return false;
}

/** Whether a shown expression is one call of a function, which DEFAULT takes without parentheses. */
export function isSingleCall(shown: string): boolean {
  const open = shown.indexOf("(");
  return /^\w+\(/.test(shown) && closes(shown.slice(open));
}
