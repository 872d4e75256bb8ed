/** The functions that triggers keep fingerprints with. A connection without them cannot write. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { Cell } from "../../protocol/values.ts";
import type { ContentColumn } from "../../sql/canonical.ts";
import { RowChecksum } from "../../sql/fingerprint.ts";
import type { DataType } from "../../sql/ddl/model.ts";
import type { SqlValue } from "./functions_spec.ts";
import type { FunctionState } from "./functions_state.ts";
import { presentCell } from "./types_present.ts";

/** A column as a trigger's text tells of it. */
export interface FingerprintColumn extends ContentColumn {
  readonly dataType: DataType;
}

export const ROW_CHECKSUM = "_minisql_row";
export const ADD = "_minisql_add";
export const WRITER = "_minisql_writer";

const SUM_BITS = 64;

/** A value as it is told exactly: a FLOAT with all its digits, not with the six a client sees. */
function exactCell(type: DataType, value: SqlValue): Cell {
  return typeof value === "number" && (type.name === "float" || type.name === "double")
    ? value
    : presentCell(type, value);
}

type Checksum = (row: readonly SqlValue[]) => bigint;

function checksumOf(text: string): Checksum {
  const columns = JSON.parse(text) as readonly FingerprintColumn[];
  const checksum = new RowChecksum(columns);
  return (row) => {
    const cells = columns.map(({ dataType }, at) => exactCell(dataType, row[at] ?? null));
    return BigInt(checksum.of(cells));
  };
}

/** Registers the function of that name; false where it is none of these. */
export function registerFingerprintFunction(
  db: DatabaseSync,
  name: string,
  state: FunctionState,
): boolean {
  switch (name) {
    case ROW_CHECKSUM:
      db.function(name, { deterministic: true, useBigIntArguments: true, varargs: true }, rows());
      return true;
    case ADD:
      db.function(name, { deterministic: true, useBigIntArguments: true }, add as never);
      return true;
    case WRITER:
      db.function(name, {}, () => state.writer);
      return true;
    default:
      return false;
  }
}

/** `_minisql_row(columns, value, …)`: the checksum of a row; `columns` are FingerprintColumns in JSON. */
function rows(): (columns: SQLOutputValue, ...row: SQLOutputValue[]) => bigint {
  const known = new Map<string, Checksum>();
  return (columns, ...row) => {
    const text = String(columns);
    let checksum = known.get(text);
    if (checksum === undefined) {
      checksum = checksumOf(text);
      known.set(text, checksum);
    }
    return checksum(row as readonly SqlValue[]);
  };
}

/** Sums are kept modulo 2^64, as SQLite's signed integers. */
function add(a: bigint, b: bigint): bigint {
  return BigInt.asIntN(SUM_BITS, a + b);
}
