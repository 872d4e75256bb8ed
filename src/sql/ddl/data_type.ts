/** Column types, with all the words MySQL has for each. */
import type { Cursor } from "../cursor.ts";
import type { DataType, TypeName } from "./model.ts";
import { readCount, readNameOrString } from "./names.ts";

const PLAIN: DataType = {
  name: "int",
  length: null,
  scale: null,
  unsigned: false,
  zerofill: false,
  values: [],
  charset: null,
  collation: null,
  binary: false,
};

/** Words that are a type by themselves, and what they stand for. */
const BY_WORD: Readonly<Record<string, TypeName>> = {
  TINYINT: "tinyint",
  INT1: "tinyint",
  SMALLINT: "smallint",
  INT2: "smallint",
  MEDIUMINT: "mediumint",
  MIDDLEINT: "mediumint",
  INT3: "mediumint",
  INT: "int",
  INTEGER: "int",
  INT4: "int",
  BIGINT: "bigint",
  INT8: "bigint",
  DECIMAL: "decimal",
  DEC: "decimal",
  NUMERIC: "decimal",
  FIXED: "decimal",
  FLOAT: "float",
  FLOAT4: "float",
  FLOAT8: "double",
  DOUBLE: "double",
  REAL: "double",
  BIT: "bit",
  DATE: "date",
  TIME: "time",
  DATETIME: "datetime",
  TIMESTAMP: "timestamp",
  YEAR: "year",
  CHAR: "char",
  CHARACTER: "char",
  NCHAR: "char",
  VARCHAR: "varchar",
  VARCHARACTER: "varchar",
  NVARCHAR: "varchar",
  BINARY: "binary",
  VARBINARY: "varbinary",
  TINYTEXT: "tinytext",
  TEXT: "text",
  MEDIUMTEXT: "mediumtext",
  LONGTEXT: "longtext",
  TINYBLOB: "tinyblob",
  BLOB: "blob",
  MEDIUMBLOB: "mediumblob",
  LONGBLOB: "longblob",
  ENUM: "enum",
  SET: "set",
  JSON: "json",
  INET4: "inet4",
  INET6: "inet6",
  UUID: "uuid",
  VECTOR: "vector",
  GEOMETRY: "geometry",
  POINT: "point",
  LINESTRING: "linestring",
  POLYGON: "polygon",
  MULTIPOINT: "multipoint",
  MULTILINESTRING: "multilinestring",
  MULTIPOLYGON: "multipolygon",
  GEOMETRYCOLLECTION: "geometrycollection",
  GEOMCOLLECTION: "geometrycollection",
};

const NUMERIC: ReadonlySet<TypeName> = new Set<TypeName>([
  ...["tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double"] as const,
]);
const TEXTUAL: ReadonlySet<TypeName> = new Set<TypeName>([
  ...["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"] as const,
]);
/** Types that take no number in parentheses. */
const WITHOUT_LENGTH: ReadonlySet<TypeName> = new Set<TypeName>([
  ...["date", "enum", "set", "json", "inet4", "inet6", "uuid"] as const,
  ...["tinytext", "mediumtext", "longtext", "tinyblob", "mediumblob", "longblob"] as const,
  ...["geometry", "point", "linestring", "polygon", "multipoint", "multilinestring"] as const,
  ...["multipolygon", "geometrycollection"] as const,
]);
/** Types that cannot be written without one. */
const WITH_LENGTH: ReadonlySet<TypeName> = new Set<TypeName>(["varchar", "varbinary"]);
const WITH_SCALE: ReadonlySet<TypeName> = new Set<TypeName>(["decimal", "float", "double"]);

/** FLOAT(p) is a DOUBLE from this precision on. */
const FLOAT_PRECISION_MAX = 24;
/** No type has more; a larger one is left for whoever checks the column to refuse. */
const DOUBLE_PRECISION_MAX = 53;

/** SERIAL stands for a type and three attributes; `readColumn` adds those. */
export function looksAtSerial(cursor: Cursor): boolean {
  return cursor.looksAt("SERIAL");
}

export const SERIAL_TYPE: DataType = { ...PLAIN, name: "bigint", unsigned: true };

export function readDataType(cursor: Cursor): DataType {
  if (cursor.takeOneOf("BOOL", "BOOLEAN") !== null) return { ...PLAIN, name: "tinyint", length: 1 };
  const name = readTypeName(cursor);
  const values = name === "enum" || name === "set" ? readMembers(cursor) : [];
  let type: DataType = { ...PLAIN, name, values, ...readLength(cursor, name) };
  const precise = type.name === "float" && type.length !== null && type.scale === null;
  if (precise && (type.length ?? 0) <= DOUBLE_PRECISION_MAX) {
    const double = (type.length ?? 0) > FLOAT_PRECISION_MAX;
    type = { ...type, name: double ? "double" : "float", length: null };
  }
  if (NUMERIC.has(name)) return readNumericAttributes(cursor, type);
  if (TEXTUAL.has(name)) return readTextAttributes(cursor, type);
  return type;
}

function readTypeName(cursor: Cursor): TypeName {
  const several = readSeveralWords(cursor);
  if (several !== null) return several;
  const { kind, upper } = cursor.peek();
  const name = kind === "word" && Object.hasOwn(BY_WORD, upper) ? BY_WORD[upper] : undefined;
  if (name === undefined) throw cursor.fault();
  cursor.next();
  if (upper === "DOUBLE") cursor.take("PRECISION");
  return name;
}

/** Types that are said in more than one word, longest first. */
function readSeveralWords(cursor: Cursor): TypeName | null {
  if (cursor.take("NATIONAL")) {
    if (cursor.takeOneOf("VARCHAR", "VARCHARACTER") !== null) return "varchar";
    if (cursor.takeOneOf("CHAR", "CHARACTER") === null) throw cursor.fault();
    return cursor.take("VARYING") ? "varchar" : "char";
  }
  if (cursor.take("LONG")) {
    if (cursor.take("VARBINARY")) return "mediumblob";
    if (!cursor.take("VARCHAR") && cursor.takeOneOf("CHAR", "CHARACTER") !== null) {
      cursor.expect("VARYING");
    }
    return "mediumtext";
  }
  for (const word of ["CHAR", "CHARACTER", "NCHAR"]) {
    if (cursor.take(word, "VARYING") || cursor.take(word, "VARCHAR")) return "varchar";
  }
  return null;
}

function readLength(
  cursor: Cursor,
  name: TypeName,
): Pick<DataType, "length" | "scale"> {
  const none = { length: null, scale: null };
  if (!cursor.looksAt("(")) {
    if (WITH_LENGTH.has(name)) throw cursor.fault();
    return none;
  }
  if (WITHOUT_LENGTH.has(name)) {
    if (name === "enum" || name === "set") return none;
    throw cursor.fault();
  }
  cursor.expect("(");
  const length = readCount(cursor);
  const scale = WITH_SCALE.has(name) && cursor.take(",") ? readCount(cursor) : null;
  // DOUBLE has a precision only together with a scale.
  if (name === "double" && scale === null) throw cursor.fault();
  cursor.expect(")");
  return { length, scale };
}

function readMembers(cursor: Cursor): readonly string[] {
  cursor.expect("(");
  const members: string[] = [];
  do {
    if (cursor.peek().kind !== "string") throw cursor.fault();
    members.push(cursor.next().value);
  } while (cursor.take(","));
  cursor.expect(")");
  return members;
}

function readNumericAttributes(cursor: Cursor, plain: DataType): DataType {
  let type = plain;
  for (;;) {
    const word = cursor.takeOneOf("SIGNED", "UNSIGNED", "ZEROFILL");
    if (word === null) return type;
    // ZEROFILL makes a column unsigned, whatever else is said.
    if (word === "ZEROFILL") type = { ...type, zerofill: true, unsigned: true };
    else if (word === "UNSIGNED") type = { ...type, unsigned: true };
  }
}

/** What a text type becomes with BYTE behind it. */
const BYTE_TYPES: Partial<Record<TypeName, TypeName>> = {
  char: "binary",
  varchar: "varbinary",
  tinytext: "tinyblob",
  text: "blob",
  mediumtext: "mediumblob",
  longtext: "longblob",
};

/** CHARACTER SET, and the words that stand for one. COLLATE is an attribute of the column. */
function readTextAttributes(cursor: Cursor, plain: DataType): DataType {
  let type = plain;
  for (;;) {
    if (cursor.take("BINARY")) type = { ...type, binary: true };
    else if (cursor.take("BYTE")) type = { ...type, name: BYTE_TYPES[type.name] ?? type.name };
    else if (cursor.take("ASCII")) type = { ...type, charset: "latin1" };
    else if (cursor.take("UNICODE")) type = { ...type, charset: "ucs2" };
    else if (takeCharset(cursor)) type = { ...type, charset: readCharset(cursor) };
    else return type;
  }
}

/** Takes `CHARACTER SET` or one of its synonyms. */
export function takeCharset(cursor: Cursor): boolean {
  return cursor.take("CHARACTER", "SET") || cursor.take("CHAR", "SET") || cursor.take("CHARSET");
}

export function readCharset(cursor: Cursor): string {
  return readNameOrString(cursor).toLowerCase();
}
