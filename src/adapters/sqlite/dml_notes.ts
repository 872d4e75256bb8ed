/** Values that lose something when they are stored, of which MySQL leaves a note. */
import type { ColumnKind } from "../../protocol/values.ts";
import { rescale, toDecimal, truncate } from "./functions_decimal.ts";
import type { SqlValue } from "./functions_spec.ts";
import type { ColumnModel } from "./schema_model.ts";

/** A time of day that is not midnight, behind a date. */
const TIMED = /\d[T\s]+\d*:?\d*:?\d*[1-9]/;
const DATED = /^\s*\d{1,4}-\d{1,2}-\d{1,2}/;

/** Whether what is stored says less than the value did: rounded, or without a part of it. */
export function isCut(
  column: ColumnModel,
  value: SqlValue,
  stored: SqlValue,
  source: ColumnKind,
): boolean {
  if (value === null || value instanceof Uint8Array || typeof value === "bigint") return false;
  switch (column.type.name) {
    case "decimal":
      return losesDigits(value, column.type.scale ?? 0);
    case "varchar":
      return typeof value === "string" && source === "text" && typeof stored === "string" &&
        stored.length < value.length;
    case "date":
      return typeof value === "string" && TIMED.test(value);
    case "time":
      return typeof value === "string" && DATED.test(value);
    default:
      return false;
  }
}

function losesDigits(value: number | string, scale: number): boolean {
  const exact = toDecimal(value);
  if (exact.scale <= scale) return false;
  const kept = truncate(exact, scale);
  return rescale({ units: kept, scale }, exact.scale) !== exact.units;
}
