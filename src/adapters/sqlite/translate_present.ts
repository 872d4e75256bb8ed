/** Values as SQLite gives them, made the cells of MySQL's answer. */
import type { Cell, Column, Row } from "../../protocol/values.ts";
import { showZero } from "./functions_characters.ts";
import { printRounded } from "./functions_decimal.ts";
import type { SqlValue } from "./functions_spec.ts";
import type { OutputColumn } from "./translate_context.ts";
import { INT64_MAX, type ValueType } from "./translate_type.ts";
import { typeText } from "./types.ts";
import { presentCell } from "./types_present.ts";

const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** Makes rows of raw values rows of cells. */
export interface Presenter {
  readonly columns: readonly Column[];
  /** Integers must be read as bigints, since some may be beyond what a double holds. */
  readonly exact: boolean;
  /** The rows are taken over: they are made the answer where they are. */
  present(rows: readonly (readonly SqlValue[])[]): readonly Row[];
}

export function presenterOf(output: readonly OutputColumn[]): Presenter {
  const exact = output.some(({ type }) => needsBigints(type));
  const cells = output.map(({ type }) => cellOf(type, exact));
  const isPlain = cells.every((cell) => cell === null);
  return {
    columns: output.map(describe),
    exact,
    present: (rows) => {
      // Integers in range, text and dates are cells already, but for the zero bytes in text.
      const taken = rows as Cell[][];
      if (isPlain) return taken;
      for (const row of taken) {
        for (let at = 0; at < row.length; at++) {
          row[at] = presentValue(cells[at] ?? null, row[at] ?? null);
        }
      }
      return taken;
    },
  };
}

function presentValue(cell: Converter | null, value: SqlValue): Cell {
  if (value === null || cell === null) return value as Cell;
  return cell(value);
}

function describe({ name, type }: OutputColumn): Column {
  const { column } = type;
  return {
    name,
    kind: type.kind,
    ...(column === null ? {} : { type: typeText(column.type) }),
    nullable: type.nullable,
  };
}

function needsBigints(type: ValueType): boolean {
  switch (type.kind) {
    case "integer":
      return type.max > SAFE_MAX || type.min < -SAFE_MAX;
    case "decimal":
      return true;
    default:
      return type.kind === "bit";
  }
}

type Converter = (value: Exclude<SqlValue, null>) => Cell;

/** What makes a cell of a value; null where every value is one already. */
function cellOf(type: ValueType, exact: boolean): Converter | null {
  const { column } = type;
  switch (type.kind) {
    case "integer":
      return exact || type.max > INT64_MAX ? integerCell : null;
    case "decimal":
      return (value) => value instanceof Uint8Array ? value : printRounded(value, type.scale);
    case "float":
      return floatCell(type);
    case "bit":
    case "year":
      return column === null
        ? integerCell
        : (value) => presentCell(column.type, typeof value === "number" ? BigInt(value) : value);
    case "text":
    case "json":
      return (value) => typeof value === "string" ? showZero(value) : String(value);
    default:
      return null;
  }
}

function integerCell(value: Exclude<SqlValue, null>): Cell {
  if (value instanceof Uint8Array || typeof value === "number") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value).toString();
}

/** A FLOAT is shown by six digits, and some doubles by a fixed number behind the point. */
function floatCell(type: ValueType): Converter | null {
  const { column } = type;
  if (column !== null) return (value) => presentCell(column.type, value);
  if (type.single) return (value) => Number(Number(value).toPrecision(6));
  if (type.scale > 0) return (value) => Number(Number(value).toFixed(type.scale));
  return (value) => Number(value);
}
