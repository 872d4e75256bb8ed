/** Views: queries kept under a name, and read wherever the name stands. */
import { sqlError } from "../../protocol/errors.ts";
import { Cursor } from "../../sql/cursor.ts";
import type { SqliteConnection } from "./connection.ts";
import type { ViewModel } from "./translate_context.ts";
import { unsupported } from "./translate_parse_reader.ts";
import { parseStatement } from "./translate_parse_statement.ts";
import { newContext, type SchemaLookup } from "./translate_query.ts";

const CREATE = `CREATE TABLE IF NOT EXISTS _minisql_view (
  name TEXT PRIMARY KEY,
  columns TEXT NOT NULL,
  sql TEXT NOT NULL
) STRICT`;

export function createViewTable(connection: SqliteConnection): void {
  connection.exec(CREATE);
}

export function findView(connection: SqliteConnection, name: string): ViewModel | null {
  const [row] = connection.all("SELECT columns, sql FROM _minisql_view WHERE name = ?", name);
  if (row === undefined) return null;
  return { columns: JSON.parse(String(row[0])) as string[], sql: String(row[1]) };
}

/** Whatever was translated with the old view is of no use any more. */
function outdate(connection: SqliteConnection): void {
  connection.run("UPDATE _minisql_schema SET next_id = next_id + 1 WHERE name = ''");
}

/** Words between CREATE and VIEW that change nothing here. */
const OPTIONS_MAX = 24;

/** Runs CREATE VIEW or DROP VIEW; false for any other statement. */
export function runViewStatement(
  connection: SqliteConnection,
  sql: string,
  lookup: SchemaLookup,
): boolean {
  if (!/^\s*(create|drop)\b[\s\S]{0,300}?\bview\b/i.test(sql)) return false;
  const cursor = new Cursor(sql);
  if (cursor.take("DROP", "VIEW")) {
    dropViews(connection, cursor, lookup);
    return true;
  }
  if (!cursor.take("CREATE")) return false;
  const replaces = cursor.take("OR", "REPLACE");
  for (let skipped = 0; !cursor.looksAt("VIEW"); skipped++) {
    if (cursor.done || skipped > OPTIONS_MAX || cursor.looksAt("TABLE")) return false;
    cursor.next();
  }
  cursor.expect("VIEW");
  createView(connection, cursor, { lookup, replaces });
  return true;
}

interface Creation {
  readonly lookup: SchemaLookup;
  readonly replaces: boolean;
}

function createView(
  connection: SqliteConnection,
  cursor: Cursor,
  { lookup, replaces }: Creation,
): void {
  const ifNotExists = cursor.take("IF", "NOT", "EXISTS");
  const name = readName(cursor, lookup);
  const names = cursor.looksAt("(") ? readNames(cursor) : null;
  cursor.expect("AS");
  const sql = cursor.sql.slice(cursor.peek().start).replace(/;\s*$/, "");
  const isTaken = lookup.table(name) !== null || (findView(connection, name) !== null && !replaces);
  if (isTaken) {
    if (ifNotExists) return;
    throw sqlError(1050, "42S01", `Table '${name}' already exists`);
  }
  const statement = parseStatement(sql);
  if (statement?.kind !== "query") throw cursor.fault();
  const { columns } = newContext(sql, lookup).query(statement.query, null, []);
  const shown = names ?? columns.map((column) => column.name);
  if (shown.length !== columns.length) {
    throw sqlError(
      1353,
      "HY000",
      "View's SELECT and view's field list have different column counts",
    );
  }
  connection.run(
    "INSERT OR REPLACE INTO _minisql_view (name, columns, sql) VALUES (?, ?, ?)",
    name,
    JSON.stringify(shown),
    sql,
  );
  outdate(connection);
}

function dropViews(connection: SqliteConnection, cursor: Cursor, lookup: SchemaLookup): void {
  const ifExists = cursor.take("IF", "EXISTS");
  do {
    const name = readName(cursor, lookup);
    if (findView(connection, name) === null && !ifExists) {
      throw sqlError(4092, "42S02", `Unknown VIEW: '${lookup.database}.${name}'`);
    }
    connection.run("DELETE FROM _minisql_view WHERE name = ?", name);
  } while (cursor.take(","));
  outdate(connection);
}

function readName(cursor: Cursor, lookup: SchemaLookup): string {
  const first = cursor.name();
  if (!cursor.take(".")) return first;
  if (first !== lookup.database) {
    throw unsupported(`Cannot use the database ${first}: there is only ${lookup.database}`);
  }
  return cursor.name();
}

function readNames(cursor: Cursor): readonly string[] {
  cursor.expect("(");
  const names = [cursor.name()];
  while (cursor.take(",")) names.push(cursor.name());
  cursor.expect(")");
  return names;
}
