/** Statements on tables and indexes: what every copy must be able to do alike, and later keep. */
import { parseDdl } from "../ddl/parser.ts";
import type {
  AlterAction,
  AlterTable,
  CreateTable,
  DdlStatement,
  TableName,
  TableOptions,
} from "../ddl/model.ts";
import { requireColumn, requireForeignKey, requireKey } from "./ddl_columns.ts";
import { type GuardTable, isSameName, rowKeys } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { isGroup, looksAt, type Node, treeOf, upperAt } from "./tree.ts";
import { unsafe, unsupported } from "./verdict.ts";
import { isTransactional, offenceIn, requirePure } from "./written_table.ts";

export function requireRepeatableDdl(scope: Scope): void {
  scope.expressions.context.add("timestamp");
  const statement = parseDdl(scope.sql);
  if (statement === null) throw unsupported("this statement", "it is on no table");
  requireStatement(statement, scope);
}

function requireStatement(statement: DdlStatement, scope: Scope): void {
  switch (statement.kind) {
    case "create_table":
      return requireCreateTable(statement);
    case "alter_table":
      return requireAlterTable(statement, scope);
    case "create_index":
      return requireKey(statement.key);
    case "drop_table":
      if (statement.temporary) throw temporary();
      return;
    case "drop_index":
    case "rename_table":
    case "truncate":
      return;
  }
}

function temporary() {
  return unsupported(
    "a statement on a TEMPORARY table",
    "it would live in one connection, which many clients share",
    "use a table, or a derived table in the query",
  );
}

function requireCreateTable(table: CreateTable): void {
  const { name } = table.table;
  if (table.temporary) throw temporary();
  if (table.orReplace) {
    throw unsupported(
      "CREATE OR REPLACE TABLE",
      "it is two statements in one",
      `DROP TABLE IF EXISTS ${name} first`,
    );
  }
  if (table.select !== null) {
    throw unsafe(
      "CREATE TABLE … SELECT",
      "a failure in the middle cannot be undone",
      "write CREATE TABLE with its columns, and then INSERT … SELECT",
    );
  }
  if (table.like !== null) {
    throw unsupported(
      "CREATE TABLE … LIKE",
      "the other table may be on other servers",
      `write the columns out, as SHOW CREATE TABLE ${table.like.name} gives them`,
    );
  }
  for (const column of table.columns) requireColumn(column);
  for (const key of table.keys) requireKey(key);
  for (const key of table.foreignKeys) requireForeignKey(key);
  for (const check of table.checks) requirePure(check.sql, "a CHECK");
  requireNumberedFirst(table);
  requireOptions(table.options);
  if (table.partitions !== null) requirePartitions(treeOf(table.partitions));
  if (table.extras.length > 0) throw versioning();
}

/** Else numbers begin anew within each value of the columns before it. */
function requireNumberedFirst({ columns, keys }: CreateTable): void {
  const column = columns.find(({ autoIncrement }) => autoIncrement);
  if (column === undefined || column.primary || column.unique) return;
  const isIn = (at: number) =>
    keys.some(({ parts }) =>
      parts.some((part, position) =>
        part.column !== null && isSameName(part.column, column.name) && Math.min(position, 1) === at
      )
    );
  if (isIn(0) || !isIn(1)) return;
  throw unsafe(
    `AUTO_INCREMENT in ${column.name}`,
    "it is not the first column of its key, so that numbers depend on the order of rows",
    `make a key that begins with ${column.name}`,
  );
}

const ELSEWHERE = ["DATA DIRECTORY", "INDEX DIRECTORY", "TABLESPACE", "CONNECTION", "UNION"];

function requireOptions(options: TableOptions): void {
  const { ENGINE: engine } = options;
  if (engine !== undefined && !isTransactional(engine)) {
    throw unsupported(
      `ENGINE = ${engine}`,
      "what is written to such a table cannot be undone, or is not kept",
      "write ENGINE = InnoDB, or leave it out",
    );
  }
  if ("SYSTEM VERSIONING" in options) throw versioning();
  const place = ELSEWHERE.find((name) => name in options) ??
    ("SECONDARY_ENGINE" in options ? "SECONDARY_ENGINE" : undefined);
  if (place === undefined) return;
  throw unsupported(`${place} of a table`, "it names what one server has", "leave it out");
}

function versioning() {
  return unsupported(
    "SYSTEM VERSIONING",
    "each copy would write a history of its own",
    "keep earlier rows in a table of your own",
  );
}

function requirePartitions(nodes: readonly Node[]): void {
  const words = wordsOf(nodes);
  if (words.includes("SYSTEM_TIME")) throw versioning();
  if (words.includes("DIRECTORY")) {
    throw unsupported("DIRECTORY of a partition", "it names what one server has", "leave it out");
  }
  nodes.forEach((node, at) => {
    if (!isGroup(node) || !["HASH", "RANGE", "LIST"].includes(upperAt(nodes, at - 1))) return;
    const offence = offenceIn(node.items, new Set(["pure"]));
    if (offence === null) return;
    throw unsafe(
      `PARTITION BY with ${offence}`,
      "rows would be put elsewhere on each copy",
      "partition by columns",
    );
  });
}

/** All words, those in parentheses too, in upper case. */
function wordsOf(nodes: readonly Node[]): readonly string[] {
  return nodes.flatMap((node) => isGroup(node) ? wordsOf(node.items) : [node.upper]);
}

function requireAlterTable(statement: AlterTable, scope: Scope): void {
  const ignore = scope.nodes.findIndex((_, at) => looksAt(scope.nodes, at, "IGNORE", "TABLE"));
  if (ignore >= 0) {
    throw unsafe(
      "ALTER IGNORE TABLE",
      "which of several equal rows is kept is not said",
      "delete the rows that are too many first",
    );
  }
  const table = knownTable(statement.table, scope);
  for (const action of statement.actions) requireAction(action, table);
}

function knownTable({ name }: TableName, scope: Scope): GuardTable | null {
  return scope.facts.table(name);
}

function requireAction(action: AlterAction, table: GuardTable | null): void {
  switch (action.kind) {
    case "add_column":
    case "change_column":
      requireColumn(action.column);
      if (action.column.autoIncrement) requireNumberedRows(action, table);
      return;
    case "set_default":
      if (action.default.kind !== "expression") return;
      return requireColumn({ name: action.column, default: action.default });
    case "add_key":
      return requireKey(action.key);
    case "add_foreign_key":
      return requireForeignKey(action.foreignKey);
    case "add_check":
      return requirePure(action.check.sql, "a CHECK");
    case "options":
      return requireOptions(action.options);
    case "other":
      return requireOther(action.sql);
    case "drop_column":
    case "rename_column":
    case "drop_default":
    case "set_column_visibility":
    case "drop_primary_key":
    case "drop_key":
    case "drop_foreign_key":
    case "drop_constraint":
    case "rename_key":
    case "set_key_visibility":
    case "rename_table":
    case "convert_charset":
    case "hint":
      return;
  }
}

/** Rows are numbered in the order of the clustered key, where there is one. */
function requireNumberedRows(
  action: Extract<AlterAction, { kind: "add_column" | "change_column" }>,
  table: GuardTable | null,
): void {
  if (table === null || table.isEmpty === true || rowKeys(table).length > 0) return;
  if (
    table.columns.some((column) =>
      column.autoIncrement && isSameName(column.name, action.column.name)
    )
  ) return;
  throw unsafe(
    `ALTER TABLE ${table.name} with AUTO_INCREMENT in ${action.column.name}`,
    "the table has no primary key, and so rows would be numbered in any order",
    "make a new table with the column, and fill it by INSERT … SELECT … ORDER BY",
  );
}

/** Partitions come and go with their rows alike everywhere; files and histories do not. */
const PARTITION_WORK = new Set([
  ...["PARTITION BY", "REMOVE PARTITIONING", "ADD PARTITION", "DROP PARTITION"],
  ...["TRUNCATE PARTITION", "REORGANIZE PARTITION", "COALESCE PARTITION", "REBUILD PARTITION"],
]);

function requireOther(sql: string): void {
  const nodes = treeOf(sql);
  const words = wordsOf(nodes);
  if (PARTITION_WORK.has(words.slice(0, 2).join(" "))) return requirePartitions(nodes);
  if (words.includes("VERSIONING") || words.includes("PERIOD")) throw versioning();
  throw unsupported(
    `ALTER TABLE … ${words.slice(0, 3).join(" ")}`,
    "it works on one server's files or tables",
  );
}
