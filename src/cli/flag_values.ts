/** Reads the text of one flag into its value, or says what would have been accepted. */
import { unreachable } from "../base/assert.ts";
import { readAddress } from "../cluster/address.ts";
import type { Address } from "../ports/network.ts";
import type { AddressesFlag, AddressFlag, DurationFlag, Flag, IntegerFlag } from "./flags.ts";

export type FlagValue =
  | string
  | number
  | boolean
  | Address
  | readonly string[]
  | readonly Address[];

/** `ok` with the value, or what the text should have been, in words that follow "must be". */
export type Reading =
  | { readonly ok: true; readonly value: FlagValue }
  | { readonly ok: false; readonly accepts: string };

export function readFlagValue(flag: Flag, text: string): Reading {
  const value = valueOf(flag, text);
  return value === null ? { ok: false, accepts: acceptedBy(flag) } : { ok: true, value };
}

function valueOf(flag: Flag, text: string): FlagValue | null {
  switch (flag.kind) {
    case "text":
      return flag.pattern === undefined || flag.pattern.test(text) ? text : null;
    case "texts":
      return [text];
    case "secret":
      return text;
    case "integer":
      return readInteger(flag, text);
    case "boolean":
      return readBoolean(text);
    case "count":
      return readInteger({ min: 0, max: COUNT_MAX }, text);
    case "address":
      return readAddress(text, flag.port, flag.anyPort === true ? 0 : 1);
    case "addresses":
      return readAddresses(flag, text);
    case "choice":
      return flag.values.includes(text) ? text : null;
    case "duration":
      return readLimitedDuration(flag, text);
    default:
      return unreachable(flag);
  }
}

/** What a flag accepts, in words. */
export function acceptedBy(flag: Flag): string {
  switch (flag.kind) {
    case "text":
      return flag.accepts ?? "text";
    case "texts":
    case "secret":
      return "text";
    case "integer":
      return `a whole number${rangeWords(flag.min, flag.max)}`;
    case "boolean":
      return "true or false";
    case "count":
      return `a whole number${rangeWords(0, COUNT_MAX)}`;
    case "address":
      return addressWords(flag);
    case "addresses":
      return `${addressWords(flag)}, several separated by commas`;
    case "choice":
      return flag.values.length < 2
        ? flag.values.join("")
        : `${flag.values.slice(0, -1).join(", ")} or ${flag.values.at(-1)}`;
    case "duration":
      return `a time such as 300ms, 5s, 2m or 1h${rangeWords(flag.min, flag.max)}`;
    default:
      return unreachable(flag);
  }
}

function addressWords(flag: AddressFlag | AddressesFlag): string {
  const lowest = flag.kind === "address" && flag.anyPort === true ? 0 : 1;
  const optional = flag.port === undefined ? "" : `, or HOST for port ${flag.port}`;
  return `HOST:PORT with a port from ${lowest} to 65535${optional}`;
}

function rangeWords(min?: number | string, max?: number | string): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` of at most ${max}`;
}

const COUNT_MAX = 9;

function readInteger(flag: Pick<IntegerFlag, "min" | "max">, text: string): number | null {
  if (!/^-?\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = flag;
  return Number.isSafeInteger(value) && value >= min && value <= max ? value : null;
}

function readBoolean(text: string): boolean | null {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  return /^(false|0|no|off)$/i.test(text) ? false : null;
}

function readAddresses(flag: AddressesFlag, text: string): readonly Address[] | null {
  const addresses: Address[] = [];
  for (const item of text.split(",")) {
    const address = readAddress(item.trim(), flag.port);
    if (address === null) return null;
    addresses.push(address);
  }
  return addresses;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `300ms`, `1.5s`, `2m`; null for anything else, a bare number but 0 included. */
export function readDuration(text: string): number | null {
  if (text === "0") return 0;
  const match = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(text);
  if (match === null) return null;
  return Math.round(Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? 0));
}

function readLimitedDuration(flag: DurationFlag, text: string): number | null {
  const value = readDuration(text);
  if (value === null) return null;
  const min = flag.min === undefined ? 0 : readDuration(flag.min) ?? 0;
  const max = flag.max === undefined ? Infinity : readDuration(flag.max) ?? Infinity;
  return value >= min && value <= max ? value : null;
}
