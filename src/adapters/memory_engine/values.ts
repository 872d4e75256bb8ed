/** Values of the small engine, and how MySQL compares them. */
import { MinisqlError } from "../../protocol/errors.ts";
import type { Cell } from "../../protocol/values.ts";
import { ciKey, compareKeys } from "../sqlite/functions_collation.ts";

/** Integers are numbers: nothing here is larger than a double holds exactly. */
export type Value = Exclude<Cell, Uint8Array>;

export function unsupported(what: string): MinisqlError {
  return new MinisqlError("UNSUPPORTED", `Cannot run ${what}: the engine in memory has it not`);
}

/** Below, equal or above zero; null where either is NULL. */
export function compare(left: Value, right: Value): number | null {
  if (left === null || right === null) return null;
  return compareSet(left, right);
}

/** The same for sorting and keys: NULL comes first, and equals NULL. */
export function order(left: Value, right: Value): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1;
  return compareSet(left, right);
}

function compareSet(left: number | string, right: number | string): number {
  if (left === right) return 0;
  if (typeof left === "string" && typeof right === "string") {
    return compareKeys(ciKey(left), ciKey(right));
  }
  return numberOf(left) - numberOf(right);
}

/** Text counts as the number it begins with. */
export function numberOf(value: number | string): number {
  if (typeof value === "number") return value;
  const digits = /^\s*[-+]?\d+(\.\d+)?(e[-+]?\d+)?/i.exec(value)?.[0];
  return digits === undefined ? 0 : Number(digits);
}

/** Null for unknown. */
export function truth(value: Value): boolean | null {
  return value === null ? null : numberOf(value) !== 0;
}

export function ofTruth(value: boolean | null): Value {
  return value === null ? null : value ? 1 : 0;
}
