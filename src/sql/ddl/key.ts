/** Keys, foreign keys and CHECK constraints, as tables and columns declare them. */
import type { Cursor } from "../cursor.ts";
import type {
  CheckDefinition,
  ForeignKeyDefinition,
  KeyDefinition,
  KeyKind,
  KeyPart,
  ReferencesClause,
} from "./model.ts";
import {
  readCount,
  readName,
  readNameList,
  readNameOrString,
  readParenthesized,
  readString,
  readTableName,
} from "./names.ts";

export type TableConstraint =
  | { readonly kind: "key"; readonly key: KeyDefinition }
  | { readonly kind: "foreign_key"; readonly foreignKey: ForeignKeyDefinition }
  | { readonly kind: "check"; readonly check: CheckDefinition; readonly ifNotExists: boolean };

/** A key, foreign key or check of a table; null (and nothing taken) where none begins here. */
export function readTableConstraint(cursor: Cursor): TableConstraint | null {
  const start = cursor.at;
  const constraint = cursor.take("CONSTRAINT");
  const ifNotExists = constraint && cursor.take("IF", "NOT", "EXISTS");
  const named = constraint && !STARTS.has(cursor.peek().upper);
  const name = named ? readName(cursor) : null;
  if (cursor.take("CHECK")) return { kind: "check", check: readCheck(cursor, name), ifNotExists };
  if (cursor.take("FOREIGN", "KEY")) {
    return { kind: "foreign_key", foreignKey: readForeignKey(cursor, name) };
  }
  if (cursor.take("PRIMARY", "KEY")) return { kind: "key", key: readKey(cursor, "primary", name) };
  if (cursor.take("UNIQUE")) {
    cursor.takeOneOf("KEY", "INDEX");
    return { kind: "key", key: readKey(cursor, "unique", name) };
  }
  if (constraint) throw cursor.fault();
  const kind = readPlainKeyWords(cursor);
  if (kind !== null) return { kind: "key", key: readKey(cursor, kind, null) };
  cursor.moveTo(start);
  return null;
}

const STARTS = new Set(["CHECK", "FOREIGN", "PRIMARY", "UNIQUE"]);

function readPlainKeyWords(cursor: Cursor): KeyKind | null {
  if (cursor.takeOneOf("KEY", "INDEX") !== null) return "index";
  const word = cursor.takeOneOf("FULLTEXT", "SPATIAL");
  if (word === null) return null;
  cursor.takeOneOf("KEY", "INDEX");
  return word === "FULLTEXT" ? "fulltext" : "spatial";
}

type KeyDraft = { -readonly [K in keyof KeyDefinition]: KeyDefinition[K] };

/** What stands behind the words that say which kind of key it is. */
export function readKey(
  cursor: Cursor,
  kind: KeyKind,
  constraintName: string | null,
): KeyDefinition {
  const ifNotExists = cursor.take("IF", "NOT", "EXISTS");
  const atParts = cursor.looksAt("(") || cursor.looksAt("USING") || cursor.looksAt("TYPE");
  const name = atParts ? constraintName : readName(cursor);
  return readKeyBody(cursor, { kind, name, ifNotExists });
}

/** From USING, or the parenthesis, on. */
export function readKeyBody(
  cursor: Cursor,
  head: Pick<KeyDefinition, "kind" | "name" | "ifNotExists">,
): KeyDefinition {
  const key: KeyDraft = {
    at: cursor.peek().start,
    ...head,
    parts: [],
    method: null,
    comment: null,
    invisible: false,
    extras: [],
  };
  readMethod(cursor, key);
  key.parts = readKeyParts(cursor);
  while (readKeyOption(cursor, key));
  return key;
}

function readMethod(cursor: Cursor, key: KeyDraft): boolean {
  if (cursor.takeOneOf("USING", "TYPE") === null) return false;
  const method = cursor.takeOneOf("BTREE", "HASH", "RTREE");
  if (method === null) throw cursor.fault();
  key.method = method.toLowerCase();
  return true;
}

/** One option behind a key; false where none is there. */
export function readKeyOption(cursor: Cursor, key: KeyDraft): boolean {
  if (readMethod(cursor, key)) return true;
  if (cursor.take("COMMENT")) key.comment = readString(cursor);
  else if (cursor.takeOneOf("INVISIBLE", "IGNORED") !== null) key.invisible = true;
  else if (cursor.takeOneOf("VISIBLE") !== null || cursor.take("NOT", "IGNORED")) {
    key.invisible = false;
  } else if (cursor.take("KEY_BLOCK_SIZE")) {
    cursor.take("=");
    key.extras = [...key.extras, `KEY_BLOCK_SIZE ${readCount(cursor)}`];
  } else if (cursor.take("WITH", "PARSER")) {
    key.extras = [...key.extras, `PARSER ${readName(cursor)}`];
  } else if (cursor.takeOneOf("CLUSTERING", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE")) {
    const word = cursor.previous.upper;
    cursor.take("=");
    key.extras = [...key.extras, `${word} ${readNameOrString(cursor)}`];
  } else return false;
  return true;
}

function readKeyParts(cursor: Cursor): readonly KeyPart[] {
  cursor.expect("(");
  const parts: KeyPart[] = [];
  do parts.push(readKeyPart(cursor)); while (cursor.take(","));
  cursor.expect(")");
  return parts;
}

function readKeyPart(cursor: Cursor): KeyPart {
  if (cursor.looksAt("(")) {
    const expression = readParenthesized(cursor);
    return { column: null, expression, length: null, descending: readDirection(cursor) };
  }
  const column = readName(cursor);
  let length: number | null = null;
  if (cursor.take("(")) {
    length = readCount(cursor);
    cursor.expect(")");
  }
  return { column, expression: null, length, descending: readDirection(cursor) };
}

function readDirection(cursor: Cursor): boolean {
  return cursor.takeOneOf("ASC", "DESC") === "DESC";
}

function readForeignKey(cursor: Cursor, name: string | null): ForeignKeyDefinition {
  const at = cursor.peek().start;
  const ifNotExists = cursor.take("IF", "NOT", "EXISTS");
  const indexName = cursor.looksAt("(") ? null : readName(cursor);
  const columns = readNameList(cursor);
  cursor.expect("REFERENCES");
  return { at, name, indexName, columns, references: readReferences(cursor), ifNotExists };
}

/** What stands behind the word REFERENCES. */
export function readReferences(cursor: Cursor): ReferencesClause {
  const table = readTableName(cursor);
  const columns = cursor.looksAt("(") ? readNameList(cursor) : [];
  let match: string | null = null;
  if (cursor.take("MATCH")) {
    match = cursor.takeOneOf("FULL", "PARTIAL", "SIMPLE");
    if (match === null) throw cursor.fault();
  }
  let onDelete: string | null = null;
  let onUpdate: string | null = null;
  while (cursor.looksAt("ON", "DELETE") || cursor.looksAt("ON", "UPDATE")) {
    cursor.next();
    if (cursor.next().upper === "DELETE") onDelete = readReferenceAction(cursor);
    else onUpdate = readReferenceAction(cursor);
  }
  return { table, columns, match, onDelete, onUpdate };
}

function readReferenceAction(cursor: Cursor): string {
  if (cursor.take("SET", "NULL")) return "SET NULL";
  if (cursor.take("SET", "DEFAULT")) return "SET DEFAULT";
  if (cursor.take("NO", "ACTION")) return "NO ACTION";
  const action = cursor.takeOneOf("CASCADE", "RESTRICT");
  if (action === null) throw cursor.fault();
  return action;
}

/** What stands behind the word CHECK. */
export function readCheck(cursor: Cursor, name: string | null): CheckDefinition {
  const sql = readParenthesized(cursor);
  if (cursor.take("NOT", "ENFORCED")) return { name, sql, enforced: false };
  cursor.take("ENFORCED");
  return { name, sql, enforced: true };
}
