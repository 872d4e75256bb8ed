/** MySQL's functions on text. */
import { binKey, ciKey, compareKeys, foldCase } from "./functions_collation.ts";
import {
  byteLength,
  bytesOf,
  characterCount,
  charactersBefore,
  mapCase,
  RESULT_BYTES_MAX,
  slice,
  substring,
} from "./functions_characters.ts";
import { fn, fnRest, fnWith, type FunctionSpec, type SqlValue } from "./functions_spec.ts";
import { integerType, textType } from "./translate_type.ts";

const TEXT = textType();
const COUNT = integerType(0n, 2n ** 32n - 1n);

function pad(text: string, length: bigint, filler: string, left: boolean): string | null {
  if (length < 0n) return null;
  const size = characterCount(text);
  if (length <= BigInt(size)) return slice(text, 0, Number(length));
  if (filler === "" || length > BigInt(RESULT_BYTES_MAX)) return null;
  const missing = Number(length) - size;
  const filling = slice(filler.repeat(Math.ceil(missing / characterCount(filler))), 0, missing);
  return left ? filling + text : text + filling;
}

function trim(text: string, removed: string, leading: boolean, trailing: boolean): string {
  if (removed === "") return text;
  let from = 0;
  let to = text.length;
  while (leading && text.startsWith(removed, from) && from + removed.length <= to) {
    from += removed.length;
  }
  while (trailing && text.endsWith(removed) && to - removed.length >= from) {
    if (text.slice(to - removed.length, to) !== removed) break;
    to -= removed.length;
  }
  return text.slice(from, to);
}

function orSpace(removed: SqlValue | undefined): string {
  return typeof removed === "string" ? removed : " ";
}

/** The position, counted from 1, of a part in a text; 0 where it is not. */
function locate(part: string, text: string, from: bigint, ci: boolean): bigint {
  if (from <= 0n) return 0n;
  const [needle, hay] = ci ? [foldCase(part), foldCase(text)] : [part, text];
  const skipped = slice(hay, 0, Number(from) - 1);
  if (BigInt(characterCount(skipped)) < from - 1n) return 0n;
  const at = hay.indexOf(needle, skipped.length);
  return at < 0 ? 0n : BigInt(charactersBefore(hay, at) + 1);
}

function isCi(flag: SqlValue | undefined): boolean {
  return flag === 1n;
}

function substringIndex(text: string, delimiter: string, count: bigint): string {
  if (delimiter === "" || count === 0n) return "";
  const parts = text.split(delimiter);
  if (count > 0n) return parts.slice(0, Number(count)).join(delimiter);
  return parts.slice(Math.max(0, parts.length + Number(count))).join(delimiter);
}

function insert(text: string, position: bigint, length: bigint, part: string): string {
  const size = BigInt(characterCount(text));
  if (position < 1n || position > size) return text;
  const head = slice(text, 0, Number(position) - 1);
  const end = length < 0n || position - 1n + length > size ? size : position - 1n + length;
  return head + part + slice(text, Number(end), Number(size));
}

function quote(text: string): string {
  const escaped = text.replace(/['\\]/g, "\\$&").replaceAll("\x1a", "\\Z");
  return `'${escaped}'`;
}

/** Which of the elements between commas a text is; 0 for none. */
function findInSet(text: string, list: string, ci: boolean): bigint {
  if (list === "") return 0n;
  const key = ci ? ciKey : binKey;
  const wanted = key(text);
  return BigInt(list.split(",").findIndex((each) => key(each) === wanted) + 1);
}

/** SOUNDEX letters; 0 for those that separate nothing. */
const SOUNDEX_CODES: Readonly<Record<string, string>> = Object.fromEntries(
  [["BFPV", "1"], ["CGJKQSXZ", "2"], ["DT", "3"], ["L", "4"], ["MN", "5"], ["R", "6"]]
    .flatMap(([letters = "", code = ""]) => [...letters].map((letter) => [letter, code])),
);

function soundex(text: string): string {
  let result = "";
  let last = "";
  for (const letter of mapCase(text, true)) {
    if (!/\p{L}/u.test(letter)) continue;
    const code = SOUNDEX_CODES[letter] ?? "0";
    if (result === "") result = letter;
    else if (code !== "0" && code !== last) result += code;
    else if (code === "0") continue;
    last = code;
  }
  return result === "" ? "" : result.padEnd(4, "0");
}

export const TEXT_FUNCTIONS: readonly FunctionSpec[] = [
  fn("CHAR_LENGTH", ["text"], COUNT, (text) => BigInt(characterCount(text))),
  fn("LENGTH", ["string"], COUNT, (value) => BigInt(byteLength(value))),
  fn("BIT_LENGTH", ["string"], COUNT, (value) => BigInt(byteLength(value) * 8)),
  fn("LOWER", ["text"], TEXT, (text) => mapCase(text, false)),
  fn("UPPER", ["text"], TEXT, (text) => mapCase(text, true)),
  fn(
    "LEFT",
    ["text", "integer"],
    TEXT,
    (text, count) => count <= 0n ? "" : slice(text, 0, Number(count)),
  ),
  fn("RIGHT", ["text", "integer"], TEXT, (text, count) => {
    const size = characterCount(text);
    return count <= 0n ? "" : slice(text, Math.max(0, size - Number(count)), size);
  }),
  fnWith(
    { name: "LPAD", params: ["text", "integer", "text"], required: 2, result: TEXT },
    (text, length, filler) => pad(text, length, orSpace(filler), true),
  ),
  fnWith(
    { name: "RPAD", params: ["text", "integer", "text"], required: 2, result: TEXT },
    (text, length, filler) => pad(text, length, orSpace(filler), false),
  ),
  fn("REPEAT", ["text", "integer"], TEXT, (text, count) => {
    if (count <= 0n) return "";
    return BigInt(byteLength(text)) * count > BigInt(RESULT_BYTES_MAX)
      ? null
      : text.repeat(Number(count));
  }),
  fn("SPACE", ["integer"], TEXT, (count) => {
    if (count <= 0n) return "";
    return count > BigInt(RESULT_BYTES_MAX) ? null : " ".repeat(Number(count));
  }),
  fn("REVERSE", ["text"], TEXT, (text) => [...text].reverse().join("")),
  fn(
    "REPLACE",
    ["text", "text", "text"],
    TEXT,
    (text, from, to) => from === "" ? text : text.replaceAll(from, () => to),
  ),
  fnWith(
    { name: "SUBSTRING", params: ["text", "integer", "integer"], required: 2, result: TEXT },
    (text, position, length) => substring(text, position, length ?? null),
  ),
  fn("SUBSTRING_INDEX", ["text", "text", "integer"], TEXT, substringIndex),
  fn("INSERT", ["text", "integer", "integer", "text"], TEXT, insert),
  fnWith(
    { name: "LOCATE", params: ["text", "text"], collated: true, result: COUNT },
    (part, text, ci) => locate(part, text, 1n, isCi(ci)),
  ),
  fnWith(
    { name: "locate_from", params: ["text", "text", "integer"], collated: true, result: COUNT },
    (part, text, from, ci) => locate(part, text, from, isCi(ci)),
  ),
  fnWith(
    { name: "INSTR", params: ["text", "text"], collated: true, result: COUNT },
    (text, part, ci) => locate(part, text, 1n, isCi(ci)),
  ),
  fnWith(
    { name: "FIND_IN_SET", params: ["text", "text"], collated: true, result: COUNT },
    (text, list, ci) => findInSet(text, list, isCi(ci)),
  ),
  fnWith(
    { name: "STRCMP", params: ["text", "text"], collated: true, result: integerType(-1n, 1n) },
    (left, right, ci) => {
      const key = isCi(ci) ? ciKey : binKey;
      return BigInt(Math.sign(compareKeys(key(left), key(right))));
    },
  ),
  fn("LTRIM", ["text"], TEXT, (text) => trim(text, " ", true, false)),
  fn("RTRIM", ["text"], TEXT, (text) => trim(text, " ", false, true)),
  fnWith(
    { name: "TRIM", params: ["text", "text"], required: 1, result: TEXT },
    (text, removed) => trim(text, orSpace(removed), true, true),
  ),
  fnWith(
    { name: "trim_leading", params: ["text", "text"], required: 1, result: TEXT },
    (text, removed) => trim(text, orSpace(removed), true, false),
  ),
  fnWith(
    { name: "trim_trailing", params: ["text", "text"], required: 1, result: TEXT },
    (text, removed) => trim(text, orSpace(removed), false, true),
  ),
  fn("ASCII", ["string"], COUNT, (value) => BigInt(bytesOf(value)[0] ?? 0)),
  fn("ORD", ["text"], COUNT, (text) => {
    const [first] = text;
    if (first === undefined) return 0n;
    return BigInt(`0x${bytesOf(first).toHex()}`);
  }),
  fnWith(
    { name: "QUOTE", params: ["text"], seesNulls: true, result: TEXT },
    (text: string | null) => text === null ? "NULL" : quote(text),
  ),
  fn("SOUNDEX", ["text"], TEXT, soundex),
  fnRest({ name: "CONCAT", rest: "text", result: TEXT }, (...parts) => parts.join("")),
  fnRest(
    { name: "CONCAT_WS", rest: "text", required: 2, seesNulls: true, result: TEXT },
    (separator: string | null, ...parts: (string | null)[]) =>
      separator === null ? null : parts.filter((part) => part !== null).join(separator),
  ),
  fnRest({ name: "MAKE_SET", rest: "text", required: 2, seesNulls: true, result: TEXT }, makeSet),
];

function makeSet(bits: string | null, ...names: (string | null)[]): string | null {
  if (bits === null) return null;
  const flags = BigInt.asUintN(64, BigInt(Math.trunc(Number(bits))));
  return names.filter((name, at) => name !== null && (flags >> BigInt(at) & 1n) === 1n).join(",");
}
