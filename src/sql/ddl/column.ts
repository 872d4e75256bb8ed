/** Column definitions: a type and its attributes in any order. */
import type { Cursor } from "../cursor.ts";
import { looksAtSerial, readCharset, readDataType, SERIAL_TYPE } from "./data_type.ts";
import { readCheck, readReferences } from "./key.ts";
import type { CheckDefinition, ColumnDefinition } from "./model.ts";
import {
  readCount,
  readDefault,
  readName,
  readNameOrString,
  readNow,
  readParenthesized,
  readString,
} from "./names.ts";

type Draft = { -readonly [K in keyof ColumnDefinition]: ColumnDefinition[K] };

/** Each reads an attribute whose first word is its name, behind that word. */
type AttributeReader = (cursor: Cursor, column: Draft) => void;

const ATTRIBUTES: Readonly<Record<string, AttributeReader>> = {
  NULL: (_cursor, column) => {
    column.nullable = true;
  },
  NOT: (cursor, column) => {
    // NOT INVISIBLE and NOT SECONDARY are later inventions.
    if (cursor.take("SECONDARY")) column.extras = [...column.extras, "NOT SECONDARY"];
    else {
      cursor.expect("NULL");
      column.nullable = false;
    }
  },
  DEFAULT: (cursor, column) => {
    column.default = readDefault(cursor);
  },
  ON: (cursor, column) => {
    cursor.expect("UPDATE");
    column.onUpdate = readNow(cursor);
    if (column.onUpdate === null) throw cursor.fault();
  },
  AUTO_INCREMENT: (_cursor, column) => {
    column.autoIncrement = true;
  },
  SERIAL: (cursor, column) => {
    cursor.expect("DEFAULT", "VALUE");
    column.nullable = false;
    column.autoIncrement = true;
    column.unique = true;
  },
  PRIMARY: (cursor, column) => {
    cursor.expect("KEY");
    column.primary = true;
  },
  KEY: (_cursor, column) => {
    column.primary = true;
  },
  UNIQUE: (cursor, column) => {
    cursor.take("KEY");
    column.unique = true;
  },
  COMMENT: (cursor, column) => {
    column.comment = readString(cursor);
  },
  COLLATE: (cursor, column) => {
    column.type = { ...column.type, collation: readNameOrString(cursor).toLowerCase() };
  },
  CHARACTER: (cursor, column) => {
    cursor.expect("SET");
    column.type = { ...column.type, charset: readCharset(cursor) };
  },
  CHARSET: (cursor, column) => {
    column.type = { ...column.type, charset: readCharset(cursor) };
  },
  VISIBLE: (_cursor, column) => {
    column.invisible = false;
  },
  INVISIBLE: (_cursor, column) => {
    column.invisible = true;
  },
  REFERENCES: (cursor, column) => {
    column.references = readReferences(cursor);
  },
  CONSTRAINT: (cursor, column) => {
    const name = cursor.looksAt("CHECK") ? null : readName(cursor);
    cursor.expect("CHECK");
    addCheck(column, readCheck(cursor, name));
  },
  CHECK: (cursor, column) => addCheck(column, readCheck(cursor, null)),
  GENERATED: (cursor, column) => {
    cursor.expect("ALWAYS", "AS");
    readGenerated(cursor, column);
  },
  AS: readGenerated,
  COLUMN_FORMAT: readExtra,
  STORAGE: readExtra,
  SRID: readExtra,
  ENGINE_ATTRIBUTE: readExtra,
  SECONDARY_ENGINE_ATTRIBUTE: readExtra,
  REF_SYSTEM_ID: readExtra,
  COMPRESSED: (cursor, column) => {
    if (cursor.looksAt("=")) readExtra(cursor, column);
    else column.extras = [...column.extras, "COMPRESSED"];
  },
  WITH: readVersioning,
  WITHOUT: readVersioning,
};

/** A column's name and definition. */
export function readColumn(cursor: Cursor): ColumnDefinition {
  return readColumnBody(cursor, readName(cursor));
}

/** The definition of a column whose name has been read. */
export function readColumnBody(cursor: Cursor, name: string): ColumnDefinition {
  const at = cursor.peek().start;
  const serial = looksAtSerial(cursor);
  if (serial) cursor.next();
  const column: Draft = {
    at,
    name,
    type: serial ? SERIAL_TYPE : readDataType(cursor),
    nullable: serial ? false : null,
    default: null,
    onUpdate: null,
    autoIncrement: serial,
    primary: false,
    unique: serial,
    comment: null,
    generated: null,
    checks: [],
    references: null,
    invisible: false,
    extras: [],
  };
  for (;;) {
    const { kind, upper } = cursor.peek();
    const read = kind === "word" && Object.hasOwn(ATTRIBUTES, upper)
      ? ATTRIBUTES[upper]
      : undefined;
    if (read === undefined) return column;
    cursor.next();
    read(cursor, column);
  }
}

function addCheck(column: Draft, check: CheckDefinition): void {
  column.checks = [...column.checks, check];
}

function readGenerated(cursor: Cursor, column: Draft): void {
  const sql = readParenthesized(cursor);
  const word = cursor.takeOneOf("VIRTUAL", "STORED", "PERSISTENT");
  column.generated = { sql, stored: word !== null && word !== "VIRTUAL" };
}

/** An attribute with one value behind it, kept as it is written. */
function readExtra(cursor: Cursor, column: Draft): void {
  const word = cursor.previous.upper;
  cursor.take("=");
  const value = cursor.peek().kind === "number"
    ? String(readCount(cursor))
    : cursor.peek().upper === "DEFAULT"
    ? cursor.next().text
    : readNameOrString(cursor);
  column.extras = [...column.extras, `${word} ${value}`];
}

function readVersioning(cursor: Cursor, column: Draft): void {
  const word = cursor.previous.upper;
  cursor.expect("SYSTEM", "VERSIONING");
  column.extras = [...column.extras, `${word} SYSTEM VERSIONING`];
}
