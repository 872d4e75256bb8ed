/** Values turned from one of MySQL's types into another, and into keys that SQLite compares. */
import { binKey, ciKey, compareKeys } from "./functions_collation.ts";
import { hideZero, utf8 } from "./functions_characters.ts";
import {
  clipSigned,
  parseDouble,
  parseInteger,
  printDouble,
  printFloat,
  roundHalfEven,
  roundToInteger,
  storable,
  toUnsigned,
} from "./functions_number.ts";
import { compareDecimals, printRounded } from "./functions_decimal.ts";
import { fn, fnRest, fnState, type FunctionSpec, type SqlValue } from "./functions_spec.ts";
import {
  BIGINT_TYPE,
  BIGINT_UNSIGNED_TYPE,
  BYTES_TYPE,
  decimalType,
  DOUBLE_TYPE,
  JSON_TYPE,
  textType,
} from "./translate_type.ts";
import { quoteJson } from "./functions_json_value.ts";

const TEXT = textType();
const DIGITS = decimalType(65, 30);

/** Between the members of an ENUM or SET, as the translator hands them over. */
const MEMBER_SEPARATOR = "\x01";

/** The bits of a SET's members. */
function setNumber(labels: string, members: string): bigint | string {
  const known = members.split(MEMBER_SEPARATOR);
  let bits = 0n;
  for (const label of labels === "" ? [] : labels.split(",")) {
    const at = known.indexOf(label);
    if (at >= 0) bits |= 1n << BigInt(at);
  }
  return storable(bits);
}

function decode(bytes: Uint8Array): string {
  return hideZero(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
}

/** The last bytes of a text as a number: what a literal like x'41' is in arithmetic. */
function numberOfBytes(bytes: Uint8Array): bigint | string {
  let value = 0n;
  for (const byte of bytes.subarray(-8)) value = value << 8n | BigInt(byte);
  return storable(value);
}

/** One text for each different list of values; null as soon as one of them is. */
function tuple(...values: readonly (bigint | number | string | Uint8Array)[]): string {
  return values.map((value) => {
    const text = value instanceof Uint8Array ? value.toHex() : String(value);
    return `${text.length}:${text}`;
  }).join("");
}

/** The first of the greatest or least texts; the last argument says how they compare. */
function extreme(args: readonly (string | bigint)[], wanted: 1 | -1): string {
  const key = args.at(-1) as unknown === 1n ? ciKey : binKey;
  const texts = args.slice(0, -1).map(String);
  return texts.reduce((a, b) => compareKeys(key(b), key(a)) * wanted > 0 ? b : a);
}

/** CAST(text AS SIGNED): what is beyond 64 bits wraps as MySQL's does. */
function signedOfText(text: string): bigint {
  const value = parseInteger(text);
  return value > 0n ? BigInt.asIntN(64, toUnsigned(value)) : clipSigned(value);
}

export const CONVERT_FUNCTIONS: readonly FunctionSpec[] = [
  fn("text_of_double", ["double"], TEXT, printDouble),
  fn("text_of_float", ["double"], TEXT, printFloat),
  fn("text_of_wide", ["any"], TEXT, (value) => BigInt(String(value)).toString()),
  fn("text_of_bytes", ["bytes"], TEXT, decode),
  fn("bytes_of_text", ["text"], BYTES_TYPE, utf8),
  fn("double_of_text", ["text"], DOUBLE_TYPE, parseDouble),
  fn("float_of_double", ["double"], DOUBLE_TYPE, Math.fround),
  fn("int_of_text", ["text"], BIGINT_TYPE, (text) => clipSigned(parseInteger(text))),
  fn(
    "int_of_double",
    ["double"],
    BIGINT_TYPE,
    (value) => clipSigned(roundToInteger(roundHalfEven(value))),
  ),
  fn("number_of_bytes", ["bytes"], BIGINT_UNSIGNED_TYPE, numberOfBytes),
  fn("signed_of_text", ["text"], BIGINT_TYPE, signedOfText),
  fn(
    "signed_of",
    ["exact"],
    BIGINT_TYPE,
    (value) => BigInt.asIntN(64, toUnsigned(roundToInteger(value))),
  ),
  fn(
    "signed_of_double",
    ["double"],
    BIGINT_TYPE,
    (value) => clipSigned(roundToInteger(roundHalfEven(value))),
  ),
  fn(
    "unsigned_of_text",
    ["text"],
    BIGINT_UNSIGNED_TYPE,
    (text) => storable(toUnsigned(parseInteger(text))),
  ),
  fn(
    "unsigned_of",
    ["exact"],
    BIGINT_UNSIGNED_TYPE,
    (value) => storable(toUnsigned(roundToInteger(value))),
  ),
  fn(
    "unsigned_of_double",
    ["double"],
    BIGINT_UNSIGNED_TYPE,
    (value) => storable(toUnsigned(roundToInteger(roundHalfEven(value)))),
  ),
  fn(
    "digits_of_double",
    ["double", "integer"],
    TEXT,
    (value, scale) => printRounded(value, Number(scale)),
  ),
  fn("fixed_bytes", ["bytes", "integer"], BYTES_TYPE, (bytes, length) => {
    const fixed = new Uint8Array(Number(length));
    fixed.set(bytes.subarray(0, fixed.length));
    return fixed;
  }),
  fn("bin_key", ["text"], textType("bin"), binKey),
  fn(
    "enum_number",
    ["text", "text"],
    BIGINT_TYPE,
    (label, members) => BigInt(members.split(MEMBER_SEPARATOR).indexOf(label) + 1),
  ),
  fn("set_number", ["text", "text"], BIGINT_UNSIGNED_TYPE, setNumber),
  fnRest({ name: "tuple", rest: "any", result: textType("bin") }, tuple),
  fn("json_of_text", ["text"], JSON_TYPE, quoteJson),
  fn("json_of_double", ["double"], JSON_TYPE, printDouble),
  fnRest(
    { name: "greatest_text", rest: "text", collated: true, result: TEXT },
    (...texts) => extreme(texts, 1),
  ),
  fnRest(
    { name: "least_text", rest: "text", collated: true, result: TEXT },
    (...texts) => extreme(texts, -1),
  ),
  fnRest(
    { name: "greatest_dec", rest: "exact", result: DIGITS },
    (...values) => values.reduce((a, b) => compareDecimals(b, a) > 0 ? b : a),
  ),
  fnRest(
    { name: "least_dec", rest: "exact", result: DIGITS },
    (...values) => values.reduce((a, b) => compareDecimals(b, a) < 0 ? b : a),
  ),
  fnState(
    { name: "LAST_INSERT_ID", params: [], volatile: true, result: BIGINT_UNSIGNED_TYPE },
    (state) => () => storable(state.facts.lastInsertId),
  ),
  fnState(
    { name: "set_insert_id", params: ["integer"], volatile: true, result: BIGINT_UNSIGNED_TYPE },
    (state) => (value) => {
      state.insertIdSet = toUnsigned(value);
      return storable(state.insertIdSet);
    },
  ),
  fnState(
    { name: "ROW_COUNT", params: [], volatile: true, result: BIGINT_TYPE },
    (state) => () => state.facts.rowCount,
  ),
  fnState(
    { name: "DATABASE", params: [], result: TEXT },
    (state) => () => state.facts.database,
  ),
  fnState(
    { name: "UUID", params: [], volatile: true, result: TEXT },
    (state) => () => uuid(state.facts.drawId()),
  ),
];

/** Thirty-two hexadecimal digits in the groups of a UUID. */
function uuid(digits: string): SqlValue {
  return [[0, 8], [8, 12], [12, 16], [16, 20], [20, 32]]
    .map(([from, to]) => digits.slice(from, to)).join("-");
}
