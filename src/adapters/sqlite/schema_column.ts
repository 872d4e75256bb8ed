/** Column definitions completed and checked: what MySQL would make of them, or its error. */
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import type { ColumnDefinition, DataType, TypeName } from "../../sql/ddl/model.ts";
import { NAME_CHARACTERS_MAX } from "../../sql/ddl/names.ts";
import { characterBytes, type Charset, resolveCharset } from "./schema_charset.ts";
import { resolveDefault } from "./schema_default.ts";
import { badSpecifier, columnTooLong, invalidDefault, unsupported } from "./schema_errors.ts";
import type { ColumnModel } from "./schema_model.ts";
import { defaultWidth, familyOf, isTextual } from "./types.ts";
import { memberKey } from "./types_store_member.ts";

/** A table's row is bounded by this many bytes, and so is each of its text columns. */
const ROW_BYTES_MAX = 65_532;
const CHAR_LENGTH_MAX = 255;
const WIDTH_MAX = 255;
const DECIMAL_PRECISION_MAX = 65;
const DECIMAL_SCALE_MAX = 38;
const FRACTION_DIGITS_MAX = 6;
const FLOAT_PRECISION_MAX = 53;
const BIT_MAX = 64;
const MEMBERS_MAX = { enum: 65_535, set: 64 };

/** The column that a definition makes in a table of the given character set. */
export function resolveColumn(definition: ColumnDefinition, table: Charset): ColumnModel {
  const { name } = definition;
  checkColumnName(name);
  refuseExtras(definition);
  const type = resolveType(definition.type, name, table);
  if (definition.autoIncrement) checkAutoIncrement(definition, type);
  if (definition.generated !== null) checkGenerated(definition);
  if (definition.onUpdate !== null && familyOf(type.name) !== "datetime") {
    throw sqlError(1294, "HY000", `Invalid ON UPDATE clause for '${name}' column`);
  }
  const draft: ColumnModel = {
    name,
    type,
    nullable: definition.nullable !== false && !definition.autoIncrement && !definition.primary,
    default: null,
    onUpdate: definition.onUpdate === null ? null : type.length ?? 0,
    autoIncrement: definition.autoIncrement,
    generated: definition.generated,
    comment: definition.comment ?? "",
    invisible: definition.invisible,
    check: resolveChecks(definition),
    isRowNumber: false,
  };
  const column = { ...draft, default: resolveDefault(draft, definition.default) };
  if (column.invisible && !column.nullable && column.default === null && !column.autoIncrement) {
    throw sqlError(4108, "HY000", `Invisible column \`${name}\` must have a default value`);
  }
  return column;
}

export function checkColumnName(name: string): void {
  if ([...name].length > NAME_CHARACTERS_MAX) {
    throw sqlError(1059, "42000", `Identifier name '${name}' is too long`);
  }
  if (name.endsWith(" ") || name.includes("\0")) {
    throw sqlError(1166, "42000", `Incorrect column name '${name}'`);
  }
  if (name.toLowerCase() === "_rowid_") {
    throw unsupported(
      "Cannot name a column _rowid_: the embedded engine needs the name; choose another",
    );
  }
}

/** Where columns are put on disk is nothing to this engine; the rest would be a difference. */
const WITHOUT_EFFECT = /^(?:COLUMN_FORMAT|STORAGE) /;

function refuseExtras({ name, extras }: ColumnDefinition): void {
  const extra = extras.find((each) => !WITHOUT_EFFECT.test(each));
  if (extra === undefined) return;
  throw unsupported(
    `Cannot define column '${name}': the embedded engine does not know ${extra}; leave it out`,
  );
}

function checkAutoIncrement(definition: ColumnDefinition, type: DataType): void {
  if (familyOf(type.name) !== "integer") throw badSpecifier(definition.name);
  if (definition.default !== null) throw invalidDefault(definition.name);
}

function checkGenerated(definition: ColumnDefinition): void {
  const wrong = definition.default !== null
    ? "DEFAULT"
    : definition.autoIncrement
    ? "AUTO_INCREMENT"
    : definition.onUpdate !== null
    ? "ON UPDATE"
    : null;
  if (wrong === null) return;
  throw sqlError(1221, "HY000", `Incorrect usage of ${wrong} and generated column`);
}

/** A column has one CHECK in MariaDB; more are the same as one that needs them all. */
function resolveChecks({ name, checks }: ColumnDefinition): string | null {
  if (checks.some((check) => !check.enforced)) {
    throw unsupported(
      `Cannot define column '${name}': a CHECK that is NOT ENFORCED is none; leave it out`,
    );
  }
  if (checks.length === 0) return null;
  const conditions = checks.map((check) => check.sql);
  return conditions.length === 1
    ? conditions[0] ?? null
    : conditions.map((sql) => `(${sql})`).join(" and ");
}

/** The type with its length and character set filled in, within MySQL's bounds. */
function resolveType(given: DataType, column: string, table: Charset): DataType {
  if (familyOf(given.name) === "unsupported") {
    throw unsupported(
      `Cannot define column '${column}': the embedded engine has no type ${given.name}`,
    );
  }
  const type = withLength(given, column);
  if (type.name === "json") {
    return { ...type, charset: "utf8mb4", collation: "utf8mb4_bin" };
  }
  if (!isTextual(type.name)) return { ...type, charset: null, collation: null, binary: false };
  const { charset, collation } = resolveCharset(type, table);
  const textual = { ...type, charset, collation, binary: false };
  if (charset === "binary") return asBytes(textual, column);
  checkMembers(textual, column);
  checkTextLength(textual, column);
  return textual;
}

const BYTE_TYPES: Partial<Record<TypeName, TypeName>> = {
  char: "binary",
  varchar: "varbinary",
  tinytext: "tinyblob",
  text: "blob",
  mediumtext: "mediumblob",
  longtext: "longblob",
};

/** Text in the character set `binary` is no text. */
function asBytes(type: DataType, column: string): DataType {
  const name = BYTE_TYPES[type.name];
  if (name === undefined) {
    throw unsupported(`Cannot define column '${column}': ${type.name} has no form of bytes`);
  }
  return withLength({ ...type, name, charset: null, collation: null }, column);
}

function withLength(type: DataType, column: string): DataType {
  switch (familyOf(type.name)) {
    case "integer":
      return integerType(type, column);
    case "decimal":
      return decimalType(type, column);
    case "float":
      return floatType(type, column);
    case "bit":
      if ((type.length ?? 1) > BIT_MAX) throw widthOutOfRange(column, BIT_MAX);
      return { ...type, length: type.length || 1 };
    case "year":
      if (type.length === 2) {
        throw unsupported(`Cannot define column '${column}': YEAR(2) is no more; use YEAR`);
      }
      return { ...type, length: 4 };
    case "time":
    case "datetime":
      return fractionType(type, column);
    case "bytes":
      return bytesType(type, column);
    case "text":
      return textType(type, column);
    default:
      return type;
  }
}

function integerType(type: DataType, column: string): DataType {
  if (type.length !== null && type.length > WIDTH_MAX) throw widthOutOfRange(column, WIDTH_MAX);
  const boolean = type.name === "tinyint" && type.length === 1;
  const length = type.length ?? defaultWidth(type.name, type.unsigned);
  return boolean ? type : { ...type, length };
}

function widthOutOfRange(column: string, max: number): MinisqlError {
  return sqlError(1439, "42000", `Display width out of range for '${column}' (max = ${max})`);
}

function precisionTooBig(column: string, max: number): MinisqlError {
  return sqlError(1426, "42000", `Too big precision specified for '${column}'. Maximum is ${max}`);
}

function decimalType(type: DataType, column: string): DataType {
  // DECIMAL(0) is DECIMAL.
  const length = type.length || 10;
  const scale = type.scale ?? 0;
  if (scale > DECIMAL_SCALE_MAX) throw scaleTooBig(column, DECIMAL_SCALE_MAX);
  if (length > DECIMAL_PRECISION_MAX) throw precisionTooBig(column, DECIMAL_PRECISION_MAX);
  if (scale > length) throw scaleAbovePrecision(column);
  return { ...type, length, scale };
}

function scaleTooBig(column: string, max: number): MinisqlError {
  return sqlError(1425, "42000", `Too big scale specified for '${column}'. Maximum is ${max}`);
}

function scaleAbovePrecision(column: string): MinisqlError {
  return sqlError(
    1427,
    "42000",
    `For float(M,D), double(M,D) or decimal(M,D), M must be >= D (column '${column}')`,
  );
}

function floatType(type: DataType, column: string): DataType {
  if (type.scale === null) {
    if (type.length !== null && type.length > FLOAT_PRECISION_MAX) throw badSpecifier(column);
    return { ...type, length: null };
  }
  if ((type.length ?? 0) > WIDTH_MAX) throw widthOutOfRange(column, WIDTH_MAX);
  if (type.scale > DECIMAL_SCALE_MAX) throw scaleTooBig(column, DECIMAL_SCALE_MAX);
  if (type.scale > (type.length ?? 0)) throw scaleAbovePrecision(column);
  return type;
}

function fractionType(type: DataType, column: string): DataType {
  if ((type.length ?? 0) > FRACTION_DIGITS_MAX) throw precisionTooBig(column, FRACTION_DIGITS_MAX);
  return { ...type, length: type.length || null };
}

function bytesType(type: DataType, column: string): DataType {
  if (type.name === "binary" && (type.length ?? 1) > CHAR_LENGTH_MAX) {
    throw columnTooLong(column, CHAR_LENGTH_MAX);
  }
  if (type.name === "varbinary" && (type.length ?? 1) > ROW_BYTES_MAX) {
    throw columnTooLong(column, ROW_BYTES_MAX);
  }
  if (type.name === "blob") return { ...type, ...sized(type.length, "blob") };
  return type.name === "binary" ? { ...type, length: type.length ?? 1 } : type;
}

function textType(type: DataType, column: string): DataType {
  if (type.name === "char") {
    if ((type.length ?? 1) > CHAR_LENGTH_MAX) throw columnTooLong(column, CHAR_LENGTH_MAX);
    return { ...type, length: type.length ?? 1 };
  }
  if (type.name !== "text") return type;
  // A length said in characters is counted in bytes of four.
  const bytes = type.length === null ? null : type.length * 4;
  return { ...type, ...sized(bytes, "text") };
}

/** BLOB(n) and TEXT(n) are the smallest of their kind that hold n bytes. */
function sized(bytes: number | null, base: "blob" | "text"): Pick<DataType, "name" | "length"> {
  const size = bytes === null
    ? ""
    : bytes < 256
    ? "tiny"
    : bytes < 65_536
    ? ""
    : bytes < 16_777_216
    ? "medium"
    : "long";
  return { name: `${size}${base}`, length: null };
}

function checkTextLength(type: DataType, column: string): void {
  if (type.name !== "varchar") return;
  const max = Math.floor(ROW_BYTES_MAX / characterBytes(type.charset));
  if ((type.length ?? 1) > max) throw columnTooLong(column, max);
}

function checkMembers(type: DataType, column: string): void {
  if (type.name !== "enum" && type.name !== "set") return;
  if (type.values.length > MEMBERS_MAX[type.name]) {
    const number = type.name === "enum" ? 3505 : 1097;
    throw sqlError(number, "HY000", `Too many strings for column ${column} and SET`);
  }
  const binary = (type.collation ?? "").endsWith("_bin");
  const seen = new Map<string, string>();
  for (const value of type.values) {
    if (type.name === "set" && value.includes(",")) {
      throw sqlError(1367, "22007", `Illegal set '${value}' value found during parsing`);
    }
    const key = memberKey(value, binary);
    const shown = seen.get(key);
    seen.set(key, shown ?? value);
    if (shown !== undefined) {
      const kind = type.name.toUpperCase();
      throw sqlError(
        1291,
        "HY000",
        `Column '${column}' has duplicated value '${shown}' in ${kind}`,
      );
    }
  }
}
