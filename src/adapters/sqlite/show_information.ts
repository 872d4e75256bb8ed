/** Queries on information_schema, answered from a database that is made for the query. */
import type { SQLInputValue } from "node:sqlite";
import type { Rows } from "../../ports/engine.ts";
import { sqlError } from "../../protocol/errors.ts";
import { classify } from "../../sql/classify.ts";
import { parseDdl } from "../../sql/ddl/parser.ts";
import { lex, type Token } from "../../sql/lexer.ts";
import { quoteString } from "../../sql/names.ts";
import { SqliteConnection } from "./connection.ts";
import { executeDdl } from "./ddl.ts";
import { sqlName } from "./ddl_sql.ts";
import { createSchemaTable } from "./schema.ts";
import { AutoIncrement } from "./schema_auto_increment.ts";
import { unsupported } from "./schema_errors.ts";
import type { ShowContext } from "./show_context.ts";
import { INFORMATION_TABLES } from "./show_information_tables.ts";
import { parseStatement } from "./translate_parse_statement.ts";
import { presenterOf } from "./translate_present.ts";
import { newContext, QueryTranslator } from "./translate_query.ts";
import { storeValue } from "./types_store.ts";
import type { SqlValue } from "./types.ts";

const INFORMATION = "information_schema";

/** Answers a query whose tables are all of information_schema; null for any other statement. */
export function informationQuery(context: ShowContext, sql: string): Rows | null {
  if (!/information_schema/i.test(sql)) return null;
  const { kind, tables } = classify(sql);
  const inside = tables.filter((table) => table.database?.toLowerCase() === INFORMATION);
  if (inside.length === 0) return null;
  if (kind !== "select" || inside.length !== tables.length) {
    throw unsupported(
      "Cannot read information_schema together with other tables: ask for each by itself",
    );
  }
  const wanted = [...new Set(inside.map((table) => table.table.toUpperCase()))];
  const connection = new SqliteConnection(":memory:", INFORMATION);
  try {
    fill(connection, context, wanted);
    return run(connection, plainText(sql, context.database));
  } finally {
    connection.close();
  }
}

/** The name of the schema as it is called here, and DATABASE() as what it says outside. */
function plainText(sql: string, database: string): string {
  const tokens = lex(sql);
  let text = "";
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token === undefined) continue;
    const length = databaseCall(tokens, at);
    if (length > 0) {
      text += quoteString(database);
      at += length - 1;
    } else if (token.value.toLowerCase() === INFORMATION && token.kind !== "string") {
      text += INFORMATION;
    } else text += token.text;
  }
  return text;
}

/** How many tokens a call of DATABASE() or SCHEMA() takes here; 0 where there is none. */
function databaseCall(tokens: readonly Token[], at: number): number {
  const upper = tokens[at]?.upper;
  if (upper !== "DATABASE" && upper !== "SCHEMA") return 0;
  const rest = tokens.slice(at + 1, at + 5);
  const signs = rest.filter((token) => token.kind !== "space").map((token) => token.upper);
  if (signs[0] !== "(" || signs[1] !== ")") return 0;
  return rest.findIndex((token) => token.upper === ")") + 2;
}

function fill(
  connection: SqliteConnection,
  context: ShowContext,
  wanted: readonly string[],
): void {
  createSchemaTable(connection.db);
  for (const name of wanted) {
    const table = Object.hasOwn(INFORMATION_TABLES, name) ? INFORMATION_TABLES[name] : undefined;
    if (table === undefined) {
      throw sqlError(1109, "42S02", `Unknown table '${name}' in ${INFORMATION}`);
    }
    make(connection, context, `CREATE TABLE ${name} (${table.columns.join(", ")})`);
    const columns = connection.schemas.table(name)?.columns ?? [];
    const marks = columns.map(() => "?").join(", ");
    for (const row of table.rows(context)) {
      const values = columns.map((column, at) => storeValue(column, row[at] ?? null, { row: 1 }));
      connection.run(`INSERT INTO ${sqlName(name)} VALUES (${marks})`, ...values);
    }
  }
}

function make(connection: SqliteConnection, context: ShowContext, sql: string): void {
  const statement = parseDdl(sql);
  if (statement === null) return;
  executeDdl({
    db: connection.runner,
    schemas: connection.schemas,
    autoIncrement: new AutoIncrement(),
    database: INFORMATION,
    foreignKeyChecks: true,
    nowMicros: 0,
    translate: context.translate,
  }, statement);
}

function run(connection: SqliteConnection, sql: string): Rows {
  const statement = parseStatement(sql);
  if (statement?.kind !== "query") throw unsupported(`Cannot run ${sql}: it is not a query`);
  const names = connection.schemas;
  const context = newContext(sql, {
    database: INFORMATION,
    table: (name) => names.table(name.toUpperCase()),
    view: () => null,
  });
  const query = new QueryTranslator(context).translate(statement.query);
  const presenter = presenterOf(query.columns);
  const prepared = connection.prepared(query.sql, presenter.exact).statement;
  const values = context.parameters.values as readonly SqlValue[] as readonly SQLInputValue[];
  const rows = prepared.all(...values) as unknown as readonly (readonly SqlValue[])[];
  return {
    columns: presenter.columns,
    rows: presenter.present(rows),
    result: { affected: 0, insertId: null, warnings: 0 },
  };
}
