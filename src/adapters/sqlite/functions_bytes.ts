/** MySQL's functions on bytes: hexadecimal, base 64, hashes, addresses. */
import { createHash } from "node:crypto";
import { crc32 } from "../../base/crc32.ts";
import { bytesOf, RESULT_BYTES_MAX, subarray } from "./functions_characters.ts";
import { fn, fnRest, fnWith, type FunctionSpec } from "./functions_spec.ts";
import { toUnsigned } from "./functions_number.ts";
import { BYTES_TYPE, integerType, textType } from "./translate_type.ts";

const TEXT = textType();
const WORD = integerType(0n, 2n ** 32n - 1n, true);

/** TO_BASE64 breaks its lines here. */
const BASE64_LINE = 76;

function digest(name: string, value: string | Uint8Array): string {
  return createHash(name).update(bytesOf(value)).digest("hex");
}

const SHA2_NAMES: Readonly<Record<string, string>> = {
  "0": "sha256",
  "224": "sha224",
  "256": "sha256",
  "384": "sha384",
  "512": "sha512",
};

function toBase64(value: string | Uint8Array): string {
  const text = bytesOf(value).toBase64();
  return text.replace(new RegExp(`.{${BASE64_LINE}}(?=.)`, "g"), "$&\n");
}

function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text.replace(/\s+/g, ""));
  } catch {
    return null;
  }
}

function unhex(text: string): Uint8Array | null {
  if (!/^[0-9a-fA-F]*$/.test(text)) return null;
  return Uint8Array.fromHex(text.length % 2 === 0 ? text : `0${text}`);
}

/** `a.b.c.d` as a number; with fewer parts, the last one fills the rest. */
function inetAton(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length > 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) {
    return null;
  }
  const last = parts.at(-1) ?? "0";
  const head = parts.slice(0, -1);
  let value = 0n;
  for (let at = 0; at < 3; at++) value = value * 256n + BigInt(head[at] ?? 0);
  return value * 256n + BigInt(last);
}

function inetNtoa(value: bigint): string | null {
  if (value < 0n || value > 0xffff_ffffn) return null;
  return [24n, 16n, 8n, 0n].map((shift) => String(value >> shift & 255n)).join(".");
}

/** CHAR(n, …): each number's bytes, the zero ones in front left out. */
function charBytes(...codes: readonly (bigint | null)[]): Uint8Array {
  const bytes: number[] = [];
  for (const code of codes) {
    if (code === null) continue;
    const word = BigInt.asUintN(32, code);
    const hex = word.toString(16);
    bytes.push(...Uint8Array.fromHex(hex.length % 2 === 0 ? hex : `0${hex}`));
  }
  return new Uint8Array(bytes);
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** CONV: the number in front of a text in one base, in another; 64 bits, signed for negative bases. */
function convert(text: string, from: bigint, to: bigint): string | null {
  const source = Number(from < 0n ? -from : from);
  const target = Number(to < 0n ? -to : to);
  if (source < 2 || source > 36 || target < 2 || target > 36) return null;
  const trimmed = text.trim().toUpperCase();
  const negative = trimmed.startsWith("-");
  let value = 0n;
  for (const digit of trimmed.replace(/^[+-]/, "")) {
    const worth = DIGITS.indexOf(digit);
    if (worth < 0 || worth >= source) break;
    value = value * BigInt(source) + BigInt(worth);
  }
  const word = toUnsigned(negative ? -value : value);
  const signed = BigInt.asIntN(64, word);
  return to < 0n && signed < 0n
    ? `-${(-signed).toString(target).toUpperCase()}`
    : word.toString(target).toUpperCase();
}

function concatBytes(...parts: readonly (string | Uint8Array)[]): Uint8Array | null {
  const arrays = parts.map(bytesOf);
  const length = arrays.reduce((sum, each) => sum + each.length, 0);
  if (length > RESULT_BYTES_MAX) return null;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const each of arrays) {
    joined.set(each, at);
    at += each.length;
  }
  return joined;
}

function repeatBytes(bytes: Uint8Array, count: bigint): Uint8Array | null {
  if (count <= 0n) return new Uint8Array();
  if (BigInt(bytes.length) * count > BigInt(RESULT_BYTES_MAX)) return null;
  return concatBytes(...Array.from({ length: Number(count) }, () => bytes));
}

export const BYTES_FUNCTIONS: readonly FunctionSpec[] = [
  fn("hex_string", ["string"], TEXT, (value) => bytesOf(value).toHex().toUpperCase()),
  fn("hex_number", ["integer"], TEXT, (value) => toUnsigned(value).toString(16).toUpperCase()),
  fn("UNHEX", ["text"], BYTES_TYPE, unhex),
  fn("BIN", ["text"], TEXT, (text) => convert(text, 10n, 2n)),
  fn("OCT", ["text"], TEXT, (text) => convert(text, 10n, 8n)),
  fn("CONV", ["text", "integer", "integer"], TEXT, convert),
  fn("MD5", ["string"], TEXT, (value) => digest("md5", value)),
  fn("SHA1", ["string"], TEXT, (value) => digest("sha1", value)),
  fn("SHA2", ["string", "integer"], TEXT, (value, bits) => {
    const name = SHA2_NAMES[bits.toString()];
    return name === undefined ? null : digest(name, value);
  }),
  fn("CRC32", ["string"], WORD, (value) => BigInt(crc32(bytesOf(value)))),
  fn("TO_BASE64", ["string"], TEXT, toBase64),
  fn("FROM_BASE64", ["text"], BYTES_TYPE, fromBase64),
  fn("INET_ATON", ["text"], integerType(0n, 2n ** 63n - 1n, true), inetAton),
  fn("INET_NTOA", ["integer"], TEXT, inetNtoa),
  fnRest({ name: "CHAR", rest: "integer", seesNulls: true, result: BYTES_TYPE }, charBytes),
  fn("repeat_bytes", ["bytes", "integer"], BYTES_TYPE, repeatBytes),
  fnRest({ name: "concat_bytes", rest: "string", result: BYTES_TYPE }, concatBytes),
  fnWith(
    {
      name: "substring_bytes",
      params: ["bytes", "integer", "integer"],
      required: 2,
      result: BYTES_TYPE,
    },
    (bytes, position, length) => subarray(bytes, position, length ?? null),
  ),
];
