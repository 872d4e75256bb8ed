/** The parser of MySQL's statements on tables and indexes. */
import { Cursor } from "../cursor.ts";
import type { Token } from "../lexer.ts";
import { readAlterTable } from "./alter_table.ts";
import { readCreateTable } from "./create_table.ts";
import { readKeyBody } from "./key.ts";
import type {
  CreateIndex,
  DdlStatement,
  DropIndex,
  DropTable,
  KeyDefinition,
  KeyKind,
  RenameTable,
} from "./model.ts";
import { readName, readTableName } from "./names.ts";

/**
 * Reads a statement on tables: CREATE, ALTER, DROP, RENAME, TRUNCATE TABLE, CREATE and DROP INDEX.
 * Answers null for any other statement; raises MySQL's syntax error at the place of the fault.
 */
export function parseDdl(sql: string, tokens?: readonly Token[]): DdlStatement | null {
  const cursor = new Cursor(sql, tokens);
  while (cursor.take(";"));
  const statement = readStatement(cursor);
  if (statement === null) return null;
  while (cursor.take(";"));
  if (!cursor.done) throw cursor.fault();
  return statement;
}

function readStatement(cursor: Cursor): DdlStatement | null {
  switch (cursor.peek().upper) {
    case "CREATE":
      return readCreate(cursor);
    case "ALTER":
      return readAlter(cursor);
    case "DROP":
      return readDrop(cursor);
    case "RENAME":
      return readRename(cursor);
    case "TRUNCATE":
      cursor.next();
      cursor.take("TABLE");
      return { kind: "truncate", table: readWaitingTable(cursor) };
    default:
      return null;
  }
}

/** MariaDB lets some statements say how long to wait for the table's lock. */
function readWaitingTable(cursor: Cursor): ReturnType<typeof readTableName> {
  const table = readTableName(cursor);
  skipWait(cursor);
  return table;
}

function skipWait(cursor: Cursor): void {
  if (cursor.take("WAIT")) cursor.next();
  else cursor.take("NOWAIT");
}

function readCreate(cursor: Cursor): DdlStatement | null {
  cursor.next();
  const orReplace = cursor.take("OR", "REPLACE");
  const temporary = cursor.take("TEMPORARY");
  if (cursor.take("TABLE")) return readCreateTable(cursor, { orReplace, temporary });
  if (temporary) return null;
  cursor.takeOneOf("ONLINE", "OFFLINE");
  const word = cursor.takeOneOf("UNIQUE", "FULLTEXT", "SPATIAL");
  if (!cursor.take("INDEX")) return null;
  return readCreateIndex(cursor, INDEX_KINDS[word ?? ""] ?? "index", orReplace);
}

const INDEX_KINDS: Readonly<Record<string, KeyKind>> = {
  UNIQUE: "unique",
  FULLTEXT: "fulltext",
  SPATIAL: "spatial",
};

function readCreateIndex(cursor: Cursor, kind: KeyKind, orReplace: boolean): CreateIndex {
  const ifNotExists = cursor.take("IF", "NOT", "EXISTS");
  const name = readName(cursor);
  const start = cursor.at;
  // USING may stand before ON, and the rest of the key stands behind the table.
  while (!cursor.take("ON")) {
    if (cursor.takeOneOf("USING", "TYPE", "BTREE", "HASH", "RTREE") === null) throw cursor.fault();
  }
  const early = cursor.tokens.slice(start, cursor.at - 1).at(-1)?.value.toLowerCase() ?? null;
  const table = readTableName(cursor);
  skipWait(cursor);
  const key: KeyDefinition = readKeyBody(cursor, { kind, name, ifNotExists });
  skipHints(cursor);
  return {
    kind: "create_index",
    table,
    key: { ...key, method: key.method ?? early },
    orReplace,
  };
}

/** ALGORITHM and LOCK say how to do it, not what. */
function skipHints(cursor: Cursor): void {
  while (cursor.takeOneOf("ALGORITHM", "LOCK") !== null) {
    cursor.take("=");
    if (!cursor.take("DEFAULT")) readName(cursor);
  }
  skipWait(cursor);
}

function readAlter(cursor: Cursor): DdlStatement | null {
  cursor.next();
  cursor.takeOneOf("ONLINE", "OFFLINE");
  cursor.take("IGNORE");
  return cursor.take("TABLE") ? readAlterTable(cursor) : null;
}

function readDrop(cursor: Cursor): DropTable | DropIndex | null {
  cursor.next();
  const temporary = cursor.take("TEMPORARY");
  if (cursor.takeOneOf("TABLE", "TABLES") !== null) return readDropTable(cursor, temporary);
  cursor.takeOneOf("ONLINE", "OFFLINE");
  if (temporary || !cursor.take("INDEX")) return null;
  const ifExists = cursor.take("IF", "EXISTS");
  const name = cursor.looksAt("PRIMARY") ? cursor.next().value : readName(cursor);
  cursor.expect("ON");
  const table = readTableName(cursor);
  skipHints(cursor);
  return { kind: "drop_index", table, name, ifExists };
}

function readDropTable(cursor: Cursor, temporary: boolean): DropTable {
  const ifExists = cursor.take("IF", "EXISTS");
  const tables = [readTableName(cursor)];
  while (cursor.take(",")) tables.push(readTableName(cursor));
  skipWait(cursor);
  cursor.takeOneOf("RESTRICT", "CASCADE");
  return { kind: "drop_table", tables, temporary, ifExists };
}

function readRename(cursor: Cursor): RenameTable | null {
  cursor.next();
  if (cursor.takeOneOf("TABLE", "TABLES") === null) return null;
  const ifExists = cursor.take("IF", "EXISTS");
  const renames: RenameTable["renames"][number][] = [];
  do {
    const from = readWaitingTable(cursor);
    cursor.expect("TO");
    renames.push({ from, to: readTableName(cursor) });
  } while (cursor.take(","));
  return { kind: "rename_table", renames, ifExists };
}
