/** Members for ENUM and SET columns: always in the spelling, and the order, of the declaration. */
import { binKey, ciKey } from "./functions_collation.ts";
import { rescale } from "./functions_decimal.ts";
import type { SqlValue } from "./types.ts";
import { readNumber } from "./types_decimal.ts";
import type { StoreTarget } from "./types_store.ts";
import { textOf } from "./types_store_text.ts";

type Present = Exclude<SqlValue, null>;

/** Texts with the same key are the same member. */
export function memberKey(text: string, binary: boolean): string {
  return binary ? binKey(text) : ciKey(text);
}

/** The position, from 1, of the member that `text` means, or 0. */
export function memberPosition(values: readonly string[], text: string, binary: boolean): number {
  const exact = values.indexOf(text);
  if (exact >= 0) return exact + 1;
  const key = memberKey(text, binary);
  return values.findIndex((value) => memberKey(value, binary) === key) + 1;
}

/** A number given as one, or as text that is nothing but digits. */
function numberOf(value: Present, text: string): bigint | null {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return BigInt(Math.trunc(value));
  const { value: number, rest } = readNumber(text);
  return number === null || rest.trim() !== "" ? null : rescale(number, 0);
}

export function storeEnum(target: StoreTarget, value: Present): SqlValue {
  const { values, collation } = target.column.type;
  const binary = (collation ?? "").endsWith("_bin");
  const text = textOf(target, value);
  const given = typeof value === "string" || value instanceof Uint8Array
    ? memberPosition(values, text, binary)
    : 0;
  const position = given > 0 ? given : Number(numberOf(value, text) ?? 0);
  const member = values[position - 1];
  if (member !== undefined) return member;
  target.truncated();
  return "";
}

export function storeSet(target: StoreTarget, value: Present): SqlValue {
  const { values, collation } = target.column.type;
  const binary = (collation ?? "").endsWith("_bin");
  const text = textOf(target, value);
  const named = typeof value === "string" || value instanceof Uint8Array
    ? namedMembers(values, text, binary)
    : null;
  const chosen = named ?? numberedMembers(values, numberOf(value, text));
  if (chosen === null) {
    target.truncated();
    return "";
  }
  return values.filter((_, at) => chosen.has(at)).join(",");
}

function namedMembers(
  values: readonly string[],
  text: string,
  binary: boolean,
): ReadonlySet<number> | null {
  if (text === "") return new Set();
  const positions = text.split(",").map((part) => memberPosition(values, part, binary));
  return positions.includes(0) ? null : new Set(positions.map((position) => position - 1));
}

/** Each bit of the number is a member, the lowest the first. */
function numberedMembers(
  values: readonly string[],
  bits: bigint | null,
): ReadonlySet<number> | null {
  if (bits === null || bits < 0n || bits >> BigInt(values.length) > 0n) return null;
  return new Set(values.keys().filter((at) => (bits >> BigInt(at)) % 2n === 1n));
}
