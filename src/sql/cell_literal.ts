/** Cells written as SQL literals that are read back as exactly the same value. */
import type { Cell, ColumnKind } from "../protocol/values.ts";
import { mysqlDouble } from "./mysql_double.ts";
import { bytesLiteral, quoteString } from "./names.ts";

/** The literal of a cell as a column of this kind gave it, read as `exactSelectList` says. */
export function cellLiteral(cell: Cell, kind: ColumnKind): string {
  if (cell === null) return "NULL";
  if (cell instanceof Uint8Array) {
    // Compared with bytes, BIT is text; compared with a number, it is one.
    return kind === "bit" ? BigInt(`0x0${cell.toHex()}`).toString() : bytesLiteral(cell);
  }
  switch (kind) {
    case "integer":
    case "decimal":
    case "year":
      return String(cell);
    case "float":
      return doubleLiteral(Number(cell));
    default:
      return quoteString(String(cell));
  }
}

/** With an exponent it is a double; without one MySQL would read a decimal. */
function doubleLiteral(value: number): string {
  const digits = mysqlDouble(value);
  return digits.includes("e") ? digits : `${digits}e0`;
}
