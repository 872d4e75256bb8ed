/** Columns that change their type: which values stay as they are, and what the others become. */
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import type { DataType } from "../../sql/ddl/model.ts";
import type { ColumnModel } from "./schema_model.ts";
import { printFloat } from "./functions_number.ts";
import { bytesMax, columnKind, familyOf, integerRange, isTextual, type SqlValue } from "./types.ts";
import { memberPosition } from "./types_store_member.ts";
import { printStored } from "./types_decimal.ts";
import { storeValue } from "./types_store.ts";

/** Whether every value of the one type is, as it is kept, a value of the other. */
export function keepsValues(from: DataType, to: DataType): boolean {
  const family = familyOf(from.name);
  if (family !== familyOf(to.name)) return false;
  switch (family) {
    case "integer": {
      const [old, wide] = [integerRange(from), integerRange(to)];
      return old.min >= wide.min && old.max <= wide.max;
    }
    case "decimal":
      return from.scale === to.scale && (from.length ?? 10) <= (to.length ?? 10) &&
        from.unsigned === to.unsigned;
    case "bit":
      return (from.length ?? 1) <= (to.length ?? 1);
    case "enum":
    case "set":
      return from.values.every((value, at) => to.values[at] === value);
    case "text":
      return from.charset === to.charset && roomFor(from, to) && keepsSpaces(from, to);
    case "bytes":
      return roomFor(from, to) && to.name !== "binary";
    case "datetime":
    case "time":
      return from.name === to.name && from.length === to.length;
    case "float":
      return from.name === to.name && from.scale === to.scale && from.length === to.length &&
        from.unsigned === to.unsigned;
    default:
      return true;
  }
}

/** CHAR drops the spaces at the end that VARCHAR keeps. */
function keepsSpaces(from: DataType, to: DataType): boolean {
  return to.name !== "char" || from.name === "char";
}

function roomFor(from: DataType, to: DataType): boolean {
  const old = bytesMax(from.name);
  const wide = bytesMax(to.name);
  if (wide !== null) return (old ?? (from.length ?? 1) * 4) <= wide;
  return old === null && (from.length ?? 1) <= (to.length ?? 1);
}

const NUMERIC = new Set(["integer", "decimal", "float", "bit", "year"]);

/** The value of a column of the old definition as one of the new. */
export function convertValue(
  value: SqlValue,
  from: ColumnModel,
  to: ColumnModel,
  row: number,
): SqlValue {
  const source = columnKind(from.type);
  try {
    return storeValue(to, sourceValue(value, from.type, to.type), { row, source });
  } catch (error) {
    const cut = error instanceof MinisqlError && (error.errno === 1406 || error.errno === 1048);
    if (!cut) throw error;
    // Where a statement would be told that its value is too long, ALTER is told that one was cut.
    throw sqlError(1265, "01000", `Data truncated for column '${to.name}' at row ${row}`);
  }
}

/** A stored value the way MySQL would hand it from one column to another. */
function sourceValue(value: SqlValue, from: DataType, to: DataType): SqlValue {
  const family = familyOf(from.name);
  const toNumber = NUMERIC.has(familyOf(to.name));
  if (family === "decimal" && (typeof value === "number" || typeof value === "bigint")) {
    return printStored(value, from.scale ?? 0);
  }
  if (from.name === "float" && typeof value === "number" && isTextual(to.name)) {
    return printFloat(value);
  }
  if (family === "year" && typeof value === "bigint" && !toNumber) {
    return String(value).padStart(4, "0");
  }
  if (typeof value !== "string" || !toNumber) return value;
  if (family === "enum") return BigInt(memberPosition(from.values, value, true));
  if (family !== "set" || value === "") return family === "set" ? 0n : value;
  return value.split(",").reduce(
    (bits, member) => bits | 1n << BigInt(memberPosition(from.values, member, true) - 1),
    0n,
  );
}
