/** Text and bytes for CHAR, TEXT, BINARY, BLOB and JSON columns. */
import { utf8 } from "./functions_characters.ts";
import { printDouble } from "./functions_number.ts";
import { bytesMax, type SqlValue } from "./types.ts";
import type { StoreTarget } from "./types_store.ts";

const STRICT_DECODER = new TextDecoder("utf-8", { fatal: true });
const DECODER = new TextDecoder();

type Present = Exclude<SqlValue, null>;

/** MySQL quotes this many bytes of what is no text. */
const QUOTED_BYTES_MAX = 6;

/** Any value as text. Bytes must be UTF-8. */
export function textOf(target: StoreTarget, value: Present): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return printDouble(value);
  try {
    return STRICT_DECODER.decode(value);
  } catch {
    target.incorrect("string", quoteBytes(value));
    return DECODER.decode(value);
  }
}

function quoteBytes(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, QUOTED_BYTES_MAX)]
    .map((byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`);
  return shown.join("") + (bytes.length > QUOTED_BYTES_MAX ? "..." : "");
}

export function storeText(target: StoreTarget, value: Present): SqlValue {
  const { type } = target.column;
  const text = checkedText(target, textOf(target, value));
  // The end of a CHAR is filled up with spaces, so those that are there mean nothing.
  const own = type.name === "char" ? text.replace(/ +$/, "") : text;
  const limit = bytesMax(type.name);
  if (limit !== null) return withinBytes(target, own, limit);
  return withinCharacters(target, own, type.length ?? 1);
}

const BEYOND_ASCII = /[^\0-\x7f]/u;
const BEYOND_THREE_BYTES = /[\u{10000}-\u{10ffff}]/u;

/** Refuses characters that the column's character set does not have. */
function checkedText(target: StoreTarget, text: string): string {
  const { charset } = target.column.type;
  const foreign = charset === "ascii"
    ? BEYOND_ASCII
    : charset === "utf8mb3"
    ? BEYOND_THREE_BYTES
    : null;
  const found = foreign?.exec(text);
  if (!foreign || !found) return text;
  target.incorrect("string", quoteBytes(utf8(text.slice(found.index))));
  return text.replace(new RegExp(foreign, "gu"), "?");
}

function withinCharacters(target: StoreTarget, text: string, limit: number): string {
  // A text has no more characters than UTF-16 units.
  if (text.length <= limit) return text;
  let end = 0;
  for (let count = 0; count < limit && end < text.length; count++) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  // Spaces that do not fit are dropped without a word.
  if (/[^ ]/.test(text.slice(end))) target.tooLong();
  return text.slice(0, end);
}

function withinBytes(target: StoreTarget, text: string, limit: number): string {
  // No character has more than three bytes for each UTF-16 unit.
  if (text.length * 3 <= limit) return text;
  const bytes = utf8(text);
  if (bytes.length <= limit) return text;
  target.tooLong();
  return DECODER.decode(bytes.subarray(0, limit)).replace(/\ufffd+$/, "");
}

export function storeBytes(target: StoreTarget, value: Present): SqlValue {
  const { type } = target.column;
  const bytes = value instanceof Uint8Array ? value : utf8(textOf(target, value));
  const limit = bytesMax(type.name) ?? type.length ?? 1;
  if (bytes.length > limit) {
    target.tooLong();
    return bytes.slice(0, limit);
  }
  if (type.name !== "binary" || bytes.length === limit) return bytes;
  const padded = new Uint8Array(limit);
  padded.set(bytes);
  return padded;
}

/** JSON is text that is valid JSON, kept as it is written: MariaDB's way. */
export function storeJson(target: StoreTarget, value: Present): SqlValue {
  const text = textOf(target, value);
  try {
    JSON.parse(text);
  } catch {
    const { name } = target.column;
    const { table } = target.options;
    const place = table === undefined ? "" : ` for \`${table.database}\`.\`${table.name}\``;
    const constraint = table === undefined ? name : `${table.name}.${name}`;
    target.fail(4025, "23000", `CONSTRAINT \`${constraint}\` failed${place}`);
  }
  return text;
}
