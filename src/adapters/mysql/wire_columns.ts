/** What a result's columns hold, told from the metadata that comes with it. */
import type { Column, ColumnKind } from "../../protocol/values.ts";

/** A column's metadata, as far as it is used here; the driver gives it for each column. */
export interface WireField {
  readonly name: string;
  readonly columnType?: number | undefined;
  readonly characterSet?: number | undefined;
  readonly columnLength?: number | undefined;
  readonly decimals?: number | undefined;
  readonly flags: number | readonly string[];
  /** MariaDB's own name of a type that travels as text: `uuid`, `inet6`. */
  readonly extendedTypeName?: string | undefined;
  readonly extendedFormat?: string | undefined;
}

const FLAG = { notNull: 1, unsigned: 32, zerofill: 64, enum: 256, set: 2048 } as const;
const CHARSET_BINARY = 63;
/** Decimals of a value that has no fixed number of them. */
const NOT_FIXED = 31;
/** Text is sent as utf8mb4, and its length given as if each character took four bytes. */
const BYTES_PER_CHARACTER = 4;

interface WireType {
  readonly kind: ColumnKind;
  readonly type: (field: Facts) => string;
}

interface Facts {
  readonly length: number;
  readonly decimals: number;
  readonly isUnsigned: boolean;
  readonly isBinary: boolean;
  readonly label: "enum" | "set" | null;
}

const named = (name: string) => () => name;
const integer = (name: string): WireType => ({ kind: "integer", type: named(name) });
const timed = (kind: ColumnKind & ("time" | "datetime" | "timestamp")): WireType => ({
  kind,
  type: ({ decimals }) => decimals > 0 && decimals <= 6 ? `${kind}(${decimals})` : kind,
});
const floating = (name: string): WireType => ({
  kind: "float",
  type: ({ decimals, length }) => decimals < NOT_FIXED ? `${name}(${length},${decimals})` : name,
});
const decimal: WireType = {
  kind: "decimal",
  // The length counts the sign and the dot.
  type: ({ length, decimals, isUnsigned }) =>
    `decimal(${length - (isUnsigned ? 0 : 1) - (decimals > 0 ? 1 : 0)},${decimals})`,
};
const characters: WireType = {
  kind: "text",
  type: ({ length, isBinary, label }) =>
    label ?? (isBinary ? `varbinary(${length})` : `varchar(${length / BYTES_PER_CHARACTER})`),
};
const fixedCharacters: WireType = {
  kind: "text",
  type: ({ length, isBinary, label }) =>
    label ?? (isBinary ? `binary(${length})` : `char(${length / BYTES_PER_CHARACTER})`),
};
const long: WireType = { kind: "text", type: longType };

function longType({ length, isBinary }: Facts): string {
  const size = isBinary ? length : length / BYTES_PER_CHARACTER;
  const prefix = size <= 255
    ? "tiny"
    : size <= 65_535
    ? ""
    : size <= 16_777_215
    ? "medium"
    : "long";
  return `${prefix}${isBinary ? "blob" : "text"}`;
}

/** By the type's number in the client protocol. */
const TYPES: Readonly<Record<number, WireType>> = {
  0: decimal,
  1: integer("tinyint"),
  2: integer("smallint"),
  3: integer("int"),
  4: floating("float"),
  5: floating("double"),
  6: { kind: "null", type: named("null") },
  7: timed("timestamp"),
  8: integer("bigint"),
  9: integer("mediumint"),
  10: { kind: "date", type: named("date") },
  11: timed("time"),
  12: timed("datetime"),
  13: { kind: "year", type: named("year") },
  15: characters,
  16: { kind: "bit", type: ({ length }) => `bit(${length})` },
  242: { kind: "bytes", type: named("vector") },
  245: { kind: "json", type: named("json") },
  246: decimal,
  249: long,
  250: long,
  251: long,
  252: long,
  253: characters,
  254: fixedCharacters,
  255: { kind: "bytes", type: named("geometry") },
};

export function columnOf(field: WireField): Column {
  const flags = typeof field.flags === "number" ? field.flags : 0;
  const facts: Facts = {
    length: field.columnLength ?? 0,
    decimals: field.decimals ?? 0,
    isUnsigned: (flags & FLAG.unsigned) !== 0,
    isBinary: field.characterSet === CHARSET_BINARY,
    label: (flags & FLAG.enum) !== 0 ? "enum" : (flags & FLAG.set) !== 0 ? "set" : null,
  };
  const { kind, type } = TYPES[field.columnType ?? -1] ?? characters;
  return {
    name: field.name,
    kind: kindOf(field, kind, facts),
    type: field.extendedTypeName ?? `${type(facts)}${attributes(flags, kind)}`,
    nullable: (flags & FLAG.notNull) === 0,
  };
}

/** Text in the binary character set is bytes; MariaDB's JSON is text that is marked. */
function kindOf(field: WireField, kind: ColumnKind, facts: Facts): ColumnKind {
  if (field.extendedFormat === "json") return "json";
  return kind === "text" && facts.isBinary && field.extendedTypeName === undefined ? "bytes" : kind;
}

function attributes(flags: number, kind: ColumnKind): string {
  if (kind !== "integer" && kind !== "decimal" && kind !== "float") return "";
  const unsigned = (flags & FLAG.unsigned) !== 0 ? " unsigned" : "";
  return (flags & FLAG.zerofill) !== 0 ? `${unsigned} zerofill` : unsigned;
}
