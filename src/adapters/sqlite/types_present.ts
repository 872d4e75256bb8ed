/** Stored values as a client is given them. */
import type { Cell } from "../../protocol/values.ts";
import type { DataType } from "../../sql/ddl/model.ts";
import { showZero } from "./functions_characters.ts";
import { familyOf, type SqlValue } from "./types.ts";
import { printStored } from "./types_decimal.ts";

/** MySQL shows this many digits of a FLOAT, whatever it holds. */
const FLOAT_DIGITS = 6;

/** The cell for a value that a column of this type holds. */
export function presentCell(type: DataType, stored: SqlValue): Cell {
  if (stored === null) return null;
  switch (familyOf(type.name)) {
    case "decimal":
      return typeof stored === "string" || stored instanceof Uint8Array
        ? stored
        : printStored(stored, type.scale ?? 0);
    case "float":
      return presentFloat(type, stored);
    case "integer":
      return typeof stored === "string" ? String(BigInt(stored)) : asCell(stored);
    case "bit":
      return typeof stored === "bigint" || typeof stored === "string"
        ? bitBytes(BigInt(stored), type.length ?? 1)
        : asCell(stored);
    default:
      return asCell(stored);
  }
}

/** Integers that a double holds are numbers, others text. */
function asCell(stored: SqlValue): Cell {
  if (typeof stored === "string") return showZero(stored);
  if (typeof stored !== "bigint") return stored;
  const number = Number(stored);
  return Number.isSafeInteger(number) ? number : String(stored);
}

function presentFloat(type: DataType, stored: SqlValue): Cell {
  const number = typeof stored === "bigint" ? Number(stored) : stored;
  if (typeof number !== "number") return number;
  return type.name === "float" && type.scale === null
    ? Number(number.toPrecision(FLOAT_DIGITS))
    : number;
}

/** As many bytes as the bits need, the highest first. */
function bitBytes(value: bigint, bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits / 8));
  let rest = value;
  for (let at = bytes.length - 1; at >= 0; at--) {
    bytes[at] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}
