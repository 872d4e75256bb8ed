/** Cells from the bytes of MySQL's text protocol: each kind of column in its own way. */
import type { Buffer } from "node:buffer";
import type { Cell, Column, ColumnKind, Row } from "../../protocol/values.ts";

type Decode = (bytes: Buffer) => Cell;

/** Numbers with fewer characters are exact in a double. */
const SAFE_LENGTH = 15;

const text: Decode = (bytes) => bytes.toString("utf8");
const ascii: Decode = (bytes) => bytes.toString("latin1");
/** A copy: the driver's bytes are a view on a whole packet, which would stay in memory with them. */
const bytes: Decode = (bytes) => new Uint8Array(bytes);

/** A number where a double holds it; zeros in front, from ZEROFILL, are not part of the value. */
const integer: Decode = (bytes) => {
  const digits = bytes.toString("latin1");
  const value = Number(digits);
  if (digits.length <= SAFE_LENGTH || Number.isSafeInteger(value)) return value;
  return digits.replace(/^0+(?=\d)/, "");
};

/** JSON has no word for negative zero, so it is told as text. */
const float: Decode = (bytes) => {
  const value = Number(bytes.toString("latin1"));
  return Object.is(value, -0) ? "-0" : value;
};

const DECODERS: Readonly<Record<ColumnKind, Decode>> = {
  integer,
  decimal: ascii,
  float,
  text,
  bytes,
  json: text,
  date: ascii,
  time: ascii,
  datetime: ascii,
  timestamp: ascii,
  year: integer,
  bit: bytes,
  null: () => null,
};

/** Decodes rows of these columns. */
export function rowDecoder(columns: readonly Column[]): (row: readonly (Buffer | null)[]) => Row {
  const decoders = columns.map(({ kind }) => DECODERS[kind]);
  return (row) => {
    const cells = new Array<Cell>(row.length);
    for (let at = 0; at < row.length; at++) {
      const value = row[at];
      const decode = decoders[at];
      cells[at] = value === null || value === undefined || decode === undefined
        ? null
        : decode(value);
    }
    return cells;
  };
}
