/** SHOW, DESCRIBE and information_schema: tables, columns, indexes, and the server itself. */
import type { Rows } from "../../ports/engine.ts";
import { Cursor } from "../../sql/cursor.ts";
import { quoteName } from "../../sql/names.ts";
import { unknownDatabase } from "./schema_errors.ts";
import { shownColumns, shownIndexes } from "./show_columns.ts";
import { readDatabase, readTable, type ShowContext } from "./show_context.ts";
import { createTableText } from "./show_create.ts";
import { informationQuery } from "./show_information.ts";
import { answer, readFilter, type ShowFilter, type Shown, texts } from "./show_result.ts";
import {
  shownCharsets,
  shownCollations,
  shownDatabases,
  shownDatabaseText,
  shownEngines,
  shownStatus,
  shownTableNames,
} from "./show_tables.ts";

const FIRST_WORDS = new Set(["SHOW", "DESCRIBE", "DESC", "EXPLAIN"]);

/** Columns of lists that are always empty here. */
const EMPTY_LISTS: Readonly<Record<string, readonly string[]>> = {
  TRIGGERS: [
    ...["Trigger", "Event", "Table", "Statement", "Timing", "Created", "sql_mode", "Definer"],
    ...["character_set_client", "collation_connection", "Database Collation"],
  ],
  EVENTS: [
    ...["Db", "Name", "Definer", "Time zone", "Type", "Execute at", "Interval value"],
    ...["Interval field", "Starts", "Ends", "Status", "Originator", "character_set_client"],
    ...["collation_connection", "Database Collation"],
  ],
  ROUTINES: [
    ...["Db", "Name", "Type", "Definer", "Modified", "Created", "Security_type", "Comment"],
    ...["character_set_client", "collation_connection", "Database Collation"],
  ],
  "OPEN TABLES": ["Database", "Table", "In_use", "Name_locked"],
};

/**
 * Answers a SHOW or DESCRIBE statement or a query on information_schema; null where it is another
 * statement, or one on what the session knows: variables, status, warnings, processes, rights.
 */
export function showStatement(context: ShowContext, sql: string): Rows | null {
  // Most statements are others, and can be long: their first word is enough to tell.
  const word = /^\s*(\w+)/.exec(sql)?.[1]?.toUpperCase();
  if (word !== undefined && !FIRST_WORDS.has(word)) return informationQuery(context, sql);
  const cursor = new Cursor(sql);
  while (cursor.take(";"));
  if (cursor.takeOneOf("DESCRIBE", "DESC", "EXPLAIN") !== null) return describe(context, cursor);
  if (!cursor.take("SHOW")) return informationQuery(context, sql);
  const shown = readShow(context, cursor);
  if (shown === null) return null;
  const filter = readFilter(cursor);
  end(cursor);
  return answer(context, typeof shown === "function" ? shown(filter) : shown, filter);
}

function end(cursor: Cursor): void {
  while (cursor.take(";"));
  if (!cursor.done) throw cursor.fault();
}

/** `DESC t`, `DESC t column`, `DESC t 'pattern'`; EXPLAIN of a statement is something else. */
function describe(context: ShowContext, cursor: Cursor): Rows | null {
  const words = ["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "TABLE", "VALUES"];
  const { upper } = cursor.peek();
  if (words.includes(upper) || upper === "(" || cursor.looksAt("FORMAT", "=")) return null;
  if (["EXTENDED", "PARTITIONS", "ANALYZE"].includes(upper) && cursor.peek(1).kind === "word") {
    return null;
  }
  const table = readTable(context, cursor);
  const pattern = cursor.done || cursor.looksAt(";") ? null : cursor.next().value;
  end(cursor);
  const filter: ShowFilter | null = pattern === null ? null : { kind: "like", pattern };
  return answer(context, shownColumns(table, false), filter);
}

type Deferred = (filter: ShowFilter | null) => Shown;

function readShow(context: ShowContext, cursor: Cursor): Shown | Deferred | null {
  cursor.take("EXTENDED");
  const full = cursor.take("FULL");
  if (cursor.take("TABLES")) {
    readDatabase(context, cursor);
    return (filter) =>
      shownTableNames(context, full, filter?.kind === "like" ? filter.pattern : null);
  }
  if (cursor.takeOneOf("COLUMNS", "FIELDS") !== null) {
    return shownColumns(readTableFrom(context, cursor), full);
  }
  if (full) return null;
  if (cursor.takeOneOf("INDEX", "INDEXES", "KEYS") !== null) {
    return shownIndexes(readTableFrom(context, cursor));
  }
  if (cursor.take("TABLE", "STATUS")) {
    readDatabase(context, cursor);
    return shownStatus(context);
  }
  if (cursor.take("CREATE")) return readShowCreate(context, cursor);
  if (cursor.takeOneOf("DATABASES", "SCHEMAS") !== null) return shownDatabases(context);
  if (cursor.take("ENGINES") || cursor.take("STORAGE", "ENGINES")) return shownEngines();
  if (cursor.take("COLLATION")) return shownCollations();
  if (cursor.take("CHARACTER", "SET") || cursor.take("CHARSET")) return shownCharsets();
  return readEmptyList(context, cursor);
}

function readEmptyList(context: ShowContext, cursor: Cursor): Shown | null {
  const routines = cursor.take("PROCEDURE", "STATUS") || cursor.take("FUNCTION", "STATUS");
  const name = routines
    ? "ROUTINES"
    : cursor.take("OPEN", "TABLES")
    ? "OPEN TABLES"
    : cursor.takeOneOf("TRIGGERS", "EVENTS");
  if (name === null) return null;
  if (!routines) readDatabase(context, cursor);
  return { columns: texts(...EMPTY_LISTS[name] ?? []), rows: [], likeAt: 0 };
}

/** `FROM t [FROM db]`. */
function readTableFrom(context: ShowContext, cursor: Cursor): ReturnType<typeof readTable> {
  if (cursor.takeOneOf("FROM", "IN") === null) throw cursor.fault();
  const table = readTable(context, cursor);
  readDatabase(context, cursor);
  return table;
}

function readShowCreate(context: ShowContext, cursor: Cursor): Shown | null {
  if (cursor.take("TABLE")) {
    const table = readTable(context, cursor);
    const nextId = table.columns.some((column) => column.autoIncrement)
      ? context.autoIncrement.next(context.db, table)
      : 1n;
    return {
      columns: texts("Table", "Create Table"),
      rows: [[table.name, createTableText(table, nextId)]],
      likeAt: 0,
    };
  }
  if (cursor.takeOneOf("DATABASE", "SCHEMA") === null) return null;
  cursor.take("IF", "NOT", "EXISTS");
  const name = cursor.name();
  if (name !== context.database) throw unknownDatabase(name);
  return shownDatabaseText(name, quoteName(name));
}
