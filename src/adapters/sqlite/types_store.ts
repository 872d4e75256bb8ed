/**
 * Values made what a column holds, the way MySQL's strict mode does it: converted where nothing is
 * lost, rounded where MySQL rounds, refused with MySQL's own error otherwise.
 */
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import type { ColumnKind } from "../../protocol/values.ts";
import type { ColumnModel } from "./schema_model.ts";
import { familyOf, type SqlValue } from "./types.ts";
import {
  storeBit,
  storeDecimal,
  storeFloat,
  storeInteger,
  storeYear,
} from "./types_store_number.ts";
import { storeBytes, storeJson, storeText } from "./types_store_text.ts";
import { storeEnum, storeSet } from "./types_store_member.ts";
import { storeDate, storeDateTime, storeTime } from "./types_store_temporal.ts";

export interface StoreOptions {
  /** The row's number in the statement, from 1, for messages. */
  readonly row: number;
  /** What kind of value it is in MySQL's eyes, where that is known and JavaScript cannot tell. */
  readonly source?: ColumnKind | undefined;
  /** Given for INSERT IGNORE: called with the error instead of raising it; the value is made to fit. */
  readonly lenient?: ((errno: number, sqlState: string, message: string) => void) | undefined;
  /** For copying rows as they stand: dates whose parts are zero are let in. */
  readonly copying?: boolean | undefined;
  /** The names in MariaDB's message on a failed CHECK. */
  readonly table?: { readonly database: string; readonly name: string } | undefined;
}

/** The value to store for `value`. Raises MySQL's error where there is none. */
export function storeValue(column: ColumnModel, value: SqlValue, options: StoreOptions): SqlValue {
  if (value === null) return storeNull(column, options);
  const target = new StoreTarget(column, options);
  switch (familyOf(column.type.name)) {
    case "integer":
      return storeInteger(target, value);
    case "decimal":
      return storeDecimal(target, value);
    case "float":
      return storeFloat(target, value);
    case "bit":
      return storeBit(target, value);
    case "year":
      return storeYear(target, value);
    case "text":
      return storeText(target, value);
    case "bytes":
      return storeBytes(target, value);
    case "json":
      return storeJson(target, value);
    case "enum":
      return storeEnum(target, value);
    case "set":
      return storeSet(target, value);
    case "date":
      return storeDate(target, value);
    case "time":
      return storeTime(target, value);
    case "datetime":
      return storeDateTime(target, value);
    case "unsupported":
      throw new MinisqlError("UNSUPPORTED", `Cannot store a value of type ${column.type.name}`);
  }
}

/** An AUTO_INCREMENT column draws its number before it comes here. */
function storeNull(column: ColumnModel, options: StoreOptions): SqlValue {
  if (column.nullable) return null;
  const target = new StoreTarget(column, options);
  target.fail(1048, "23000", `Column '${column.name}' cannot be null`);
  return implicitDefault(column);
}

/** What MySQL takes where it must take something: zero, the empty string, the first member. */
export function implicitDefault(column: ColumnModel): SqlValue {
  const { type } = column;
  const fraction = type.length !== null && type.length > 0 ? `.${"0".repeat(type.length)}` : "";
  switch (familyOf(type.name)) {
    case "integer":
    case "decimal":
    case "bit":
    case "year":
      return 0n;
    case "float":
      return 0;
    case "bytes":
      return new Uint8Array(type.name === "binary" ? type.length ?? 1 : 0);
    case "enum":
      return type.values[0] ?? "";
    case "date":
      return "0000-00-00";
    case "time":
      return `00:00:00${fraction}`;
    case "datetime":
      return `0000-00-00 00:00:00${fraction}`;
    case "text":
    case "set":
    case "json":
    case "unsupported":
      return "";
  }
}

/** A column about to be given a value, and what to do when the value does not fit. */
export class StoreTarget {
  readonly column: ColumnModel;
  readonly options: StoreOptions;

  constructor(column: ColumnModel, options: StoreOptions) {
    this.column = column;
    this.options = options;
  }

  /** Raises the error, or reports it where the statement is lenient; the caller then makes it fit. */
  fail(errno: number, sqlState: string, message: string): void {
    if (this.options.lenient === undefined) throw sqlError(errno, sqlState, message);
    this.options.lenient(errno, sqlState, message);
  }

  outOfRange(): void {
    this.fail(1264, "22003", `Out of range value for column ${this.#place()}`);
  }

  tooLong(): void {
    this.fail(1406, "22001", `Data too long for column ${this.#place()}`);
  }

  truncated(): void {
    this.fail(1265, "01000", `Data truncated for column ${this.#place()}`);
  }

  /** `kind` is MySQL's word: `integer`, `decimal`, `double`, `string`. */
  incorrect(kind: string, value: string): void {
    this.fail(1366, "22007", `Incorrect ${kind} value: '${value}' for column ${this.#place()}`);
  }

  incorrectTime(kind: "date" | "time" | "datetime", value: string): void {
    this.fail(1292, "22007", `Incorrect ${kind} value: '${value}' for column ${this.#place()}`);
  }

  /** What MySQL could store and this engine cannot keep exactly is refused, lenient or not. */
  unsupported(value: string, reason: string): never {
    throw new MinisqlError(
      "UNSUPPORTED",
      `Cannot store ${value} in column '${this.column.name}': ${reason}`,
    );
  }

  #place(): string {
    return `'${this.column.name}' at row ${this.options.row}`;
  }
}
