/** Reads literals: numbers, strings with introducers, bytes, bits, dates. */
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import type { Cursor } from "../../sql/cursor.ts";
import type { Token } from "../../sql/lexer.ts";
import { hideZero, holdsStandIn, utf8 } from "./functions_characters.ts";
import type { LiteralValue } from "./translate_ast.ts";

/** A double is printed with at most this many digits, so longer integers are decimals. */
const UNSIGNED_MAX = 18_446_744_073_709_551_615n;

/** Character sets whose strings are the same text to us, as long as they are UTF-8 or ASCII. */
const TEXT_INTRODUCERS = new Set(["_utf8mb4", "_utf8mb3", "_utf8"]);
const ASCII_INTRODUCERS = new Set(["_ascii", "_latin1"]);

/** Takes the literal the cursor is at; null where there is none. */
export function takeLiteral(cursor: Cursor): LiteralValue | null {
  const token = cursor.peek();
  switch (token.kind) {
    case "number":
      cursor.next();
      return numberLiteral(token.text);
    case "string":
      return { type: "text", text: takeStrings(cursor) };
    case "hex":
      cursor.next();
      return { type: "bytes", bytes: hexBytes(token.value), numeric: token.text.startsWith("0") };
    case "bit":
      cursor.next();
      return { type: "bytes", bytes: bitBytes(token.value), numeric: true };
    case "word":
      return takeWordLiteral(cursor, token);
    default:
      return null;
  }
}

/** Strings that stand beside each other are one. */
export function takeStrings(cursor: Cursor): string {
  let text = cursor.next().value;
  while (cursor.peek().kind === "string") text += cursor.next().value;
  if (holdsStandIn(text)) {
    throw new MinisqlError("UNSUPPORTED", "Cannot use U+FFFE: this engine keeps it for itself");
  }
  return hideZero(text);
}

function numberLiteral(text: string): LiteralValue {
  if (/[eE]/.test(text)) {
    const value = Number(text);
    if (!Number.isFinite(value)) {
      throw sqlError(1367, "22007", `Illegal double '${text}' value found during parsing`);
    }
    return { type: "double", value };
  }
  if (text.includes(".")) return { type: "decimal", text: tidyDecimal(text) };
  const value = BigInt(text);
  return value <= UNSIGNED_MAX
    ? { type: "integer", value }
    : { type: "decimal", text: value.toString() };
}

/** `.5` and `1.` with a digit on either side of the point; no zeros in front. */
function tidyDecimal(text: string): string {
  const [whole = "", fraction = ""] = text.split(".");
  const head = whole.replace(/^0+(?=\d)/, "") || "0";
  return fraction === "" ? head : `${head}.${fraction}`;
}

function hexBytes(digits: string): Uint8Array {
  return Uint8Array.fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}

function bitBytes(digits: string): Uint8Array {
  if (digits === "") return new Uint8Array();
  const padded = digits.padStart(Math.ceil(digits.length / 8) * 8, "0");
  const bytes = new Uint8Array(padded.length / 8);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = Number.parseInt(padded.slice(at * 8, at * 8 + 8), 2);
  }
  return bytes;
}

function takeWordLiteral(cursor: Cursor, token: Token): LiteralValue | null {
  switch (token.upper) {
    case "NULL":
      cursor.next();
      return { type: "null" };
    case "TRUE":
    case "FALSE":
      cursor.next();
      return { type: "boolean", value: token.upper === "TRUE" };
    case "DATE":
    case "TIME":
    case "TIMESTAMP":
      if (cursor.peek(1).kind !== "string") return null;
      cursor.next();
      return temporal(token.upper, takeStrings(cursor));
    default:
      return token.text.startsWith("_") ? takeIntroduced(cursor, token) : null;
  }
}

function temporal(word: "DATE" | "TIME" | "TIMESTAMP", text: string): LiteralValue {
  return { type: word === "TIMESTAMP" ? "datetime" : word === "DATE" ? "date" : "time", text };
}

function takeIntroduced(cursor: Cursor, token: Token): LiteralValue | null {
  const charset = token.text.toLowerCase();
  const next = cursor.peek(1);
  if (next.kind !== "string" && next.kind !== "hex" && next.kind !== "bit") return null;
  const isText = TEXT_INTRODUCERS.has(charset);
  if (!isText && !ASCII_INTRODUCERS.has(charset) && charset !== "_binary") return null;
  cursor.next();
  const literal = takeLiteral(cursor);
  if (charset === "_binary") {
    return literal?.type === "text"
      ? { type: "bytes", bytes: utf8(literal.text), numeric: false }
      : literal;
  }
  const text = literal?.type === "bytes" ? decode(literal.bytes) : literalText(literal);
  // deno-lint-ignore no-control-regex
  if (!isText && !/^[\x00-\x7f]*$/.test(text)) {
    throw new MinisqlError(
      "UNSUPPORTED",
      `Cannot read ${token.text} text that is not ASCII: write it in UTF-8`,
    );
  }
  return { type: "text", text };
}

function literalText(literal: LiteralValue | null): string {
  return literal?.type === "text" ? literal.text : "";
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw sqlError(1300, "HY000", `Invalid utf8mb4 character string: '${bytes.toHex()}'`);
  }
}
