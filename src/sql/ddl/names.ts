/** Names, literals and expressions as they stand in statements on tables. */
import type { Cursor } from "../cursor.ts";
import { isReserved } from "../reserved_words.ts";
import type { DefaultClause, Literal, TableName } from "./model.ts";

/** The longest name MySQL takes, in characters. */
export const NAME_CHARACTERS_MAX = 64;

/** A name: a word that is not reserved, or anything in backticks. */
export function readName(cursor: Cursor): string {
  const token = cursor.peek();
  if (token.kind === "word" && isReserved(token.upper)) throw cursor.fault();
  if (token.kind === "quoted_name" && token.value === "") throw cursor.fault();
  return cursor.name();
}

/** A table's name, with or without its database. Behind a dot any word is a name. */
export function readTableName(cursor: Cursor): TableName {
  if (cursor.take(".")) return { database: null, name: cursor.name() };
  const first = readName(cursor);
  if (!cursor.take(".")) return { database: null, name: first };
  return { database: first, name: cursor.name() };
}

/** `(a, b, c)`: names in parentheses. */
export function readNameList(cursor: Cursor): readonly string[] {
  cursor.expect("(");
  const names: string[] = [];
  do names.push(readName(cursor)); while (cursor.take(","));
  cursor.expect(")");
  return names;
}

/** The text inside a pair of parentheses, which the cursor must be at. */
export function readParenthesized(cursor: Cursor): string {
  cursor.expect("(");
  const from = cursor.peek().start;
  if (cursor.looksAt(")")) throw cursor.fault();
  cursor.skipToClose();
  return cursor.sql.slice(from, cursor.previous.start).trim();
}

/** A number without sign, fraction or exponent. */
export function readCount(cursor: Cursor): number {
  const token = cursor.peek();
  if (token.kind !== "number" || !/^\d+$/.test(token.text)) throw cursor.fault();
  return Number(cursor.next().text);
}

/** One string, put together of all that stand beside each other. */
export function readString(cursor: Cursor): string {
  if (cursor.peek().kind !== "string") throw cursor.fault();
  let value = "";
  while (cursor.peek().kind === "string") value += cursor.next().value;
  return value;
}

/** A name or a string: how character sets and engines may be named. */
export function readNameOrString(cursor: Cursor): string {
  if (cursor.peek().kind === "string") return cursor.next().value;
  // BINARY is a character set and a reserved word.
  return cursor.peek().upper === "BINARY" ? cursor.next().value : readName(cursor);
}

/** A literal, or null (and nothing taken) where none begins here. NULL is not one. */
export function readLiteral(cursor: Cursor): Literal | null {
  const token = cursor.peek();
  switch (token.kind) {
    case "string":
      return { kind: "string", value: readString(cursor), introducer: null };
    case "number":
      return { kind: "number", text: cursor.next().text };
    case "hex":
      return { kind: "hex", digits: cursor.next().value, quoted: !token.text.startsWith("0") };
    case "bit":
      return { kind: "bit", digits: cursor.next().value };
    case "operator":
      return readSigned(cursor);
    case "word":
      return readWordLiteral(cursor);
    default:
      return null;
  }
}

function readSigned(cursor: Cursor): Literal | null {
  if (cursor.peek(1).kind !== "number") return null;
  const sign = cursor.takeOneOf("+", "-");
  if (sign === null) return null;
  return { kind: "number", text: (sign === "-" ? "-" : "") + cursor.next().text };
}

function readWordLiteral(cursor: Cursor): Literal | null {
  const word = cursor.takeOneOf("TRUE", "FALSE");
  if (word !== null) return { kind: "boolean", value: word === "TRUE" };
  if (cursor.peek(1).kind !== "string") return null;
  const temporal = cursor.takeOneOf("DATE", "TIME", "TIMESTAMP");
  if (temporal !== null) {
    const type = temporal === "DATE" ? "date" : temporal === "TIME" ? "time" : "timestamp";
    return { kind: "temporal", type, value: cursor.next().value };
  }
  if (!cursor.peek().text.startsWith("_")) return null;
  const introducer = cursor.next().value.slice(1).toLowerCase();
  return { kind: "string", value: readString(cursor), introducer };
}

const NOW_WORDS = ["CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"];

/** CURRENT_TIMESTAMP or a synonym, as the digits of its fraction; null where none is here. */
export function readNow(cursor: Cursor): number | null {
  if (cursor.looksAt("NOW") && cursor.peek(1).upper !== "(") return null;
  if (cursor.takeOneOf(...NOW_WORDS) === null) return null;
  if (!cursor.take("(")) return 0;
  if (cursor.take(")")) return 0;
  const fraction = readCount(cursor);
  cursor.expect(")");
  return fraction;
}

/** What stands behind the word DEFAULT. */
export function readDefault(cursor: Cursor): DefaultClause {
  if (cursor.take("NULL")) return { kind: "null" };
  const now = readNow(cursor);
  if (now !== null) return { kind: "now", fraction: now };
  const literal = readLiteral(cursor);
  if (literal !== null) return { kind: "literal", literal };
  if (cursor.looksAt("(")) return { kind: "expression", sql: readParenthesized(cursor) };
  return { kind: "expression", sql: readCall(cursor) };
}

/** MariaDB takes a function's call, and some words that are one, without parentheses around it. */
function readCall(cursor: Cursor): string {
  const from = cursor.at;
  const word = cursor.takeOneOf("CURRENT_DATE", "CURRENT_TIME", "CURRENT_USER", "UTC_TIMESTAMP");
  if (word === null) cursor.name();
  if (cursor.take("(")) cursor.skipToClose();
  else if (word === null) throw cursor.fault(cursor.previous);
  return cursor.textFrom(from);
}
