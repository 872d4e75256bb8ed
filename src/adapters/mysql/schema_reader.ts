/** A table's schema, read from information_schema. */
import type { ForeignKeySchema, IndexSchema, TableSchema } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Cell, Row } from "../../protocol/values.ts";
import { quoteName, quoteString } from "../../sql/names.ts";
import { schemaHash } from "../../sql/schema_hash.ts";
import type { Channel } from "./channel.ts";
import type { Vendor } from "./server_facts.ts";
import { ERRNO } from "./faults.ts";
import { columnSchema } from "./schema_column.ts";
import { TRIGGER_PREFIX } from "./triggers.ts";

/** A trigger as information_schema tells it. */
export interface TriggerFacts {
  readonly name: string;
  readonly event: string;
  readonly timing: string;
  readonly body: string;
}

/** A table with what only its maintenance needs to know. */
export interface TableFacts {
  readonly schema: TableSchema;
  /** Minisql's own and everybody else's; those of one event and time in the order they fire. */
  readonly triggers: readonly TriggerFacts[];
  /** `BASE TABLE`, `SYSTEM VERSIONED`. */
  readonly tableType: string;
  readonly isTransactional: boolean;
}

/** A trigger of minisql's. */
export function isOwn({ name }: TriggerFacts): boolean {
  return name.startsWith(TRIGGER_PREFIX);
}

/** Which rows of information_schema are about one table of this database. */
function about(table: string, schemaColumn = "TABLE_SCHEMA", tableColumn = "TABLE_NAME"): string {
  return `WHERE ${schemaColumn}=DATABASE() AND ${tableColumn}=${quoteString(table)}`;
}

/** Null where there is no such table, or a view of that name. */
export async function readTable(
  channel: Channel,
  table: string,
  vendor: Vendor,
): Promise<TableFacts | null> {
  const ask = async (sql: string) => (await channel.command(sql)).rows;
  const [head] = await ask(
    "SELECT TABLE_NAME,LOWER(ENGINE),TABLE_TYPE,(SELECT TRANSACTIONS FROM " +
      "information_schema.ENGINES E WHERE E.ENGINE=T.ENGINE) FROM information_schema.TABLES T " +
      `${about(table)} AND TABLE_TYPE IN ('BASE TABLE','SYSTEM VERSIONED')`,
  );
  if (head === undefined) return null;
  const [name = "", storage = "", tableType = "", transactions] = head.map(String);
  const createSql = await readCreate(channel, name);
  if (createSql === null) return null;
  const checks = await ask(checksSql(name, vendor));
  const columns = (await ask(columnsSql(name))).map((row) =>
    columnSchema(row, vendor, isJson(checks))
  );
  const indexRows = await ask(indexesSql(name, vendor));
  const triggers = (await ask(triggersSql(name))).map(triggerFacts);
  const others = triggers.filter((trigger) => !isOwn(trigger));
  const facts = {
    name,
    columns,
    indexes: indexesOf(indexRows),
    foreignKeys: foreignKeysOf(await ask(foreignKeysSql(name)), await ask(foreignRulesSql(name))),
    triggers: others.map((trigger) => trigger.name),
    storage,
    createSql,
  };
  const rules = [
    ...checks.map((row) => `check ${row.join(" ")}`),
    ...indexRows.map((row) => `index ${row.join(" ")}`),
    ...(await ask(partitionsSql(name))).map((row) => `partition ${row.join(" ")}`),
    ...others.map((trigger, at) => `trigger ${at} ${Object.values(trigger).join(" ")}`),
    ...columns.filter(({ generatedSql }) => generatedSql !== null)
      .map((column) => `generated ${column.name} ${column.isStored ? "stored" : "virtual"}`),
  ];
  return {
    schema: { ...facts, hash: schemaHash({ ...facts, rules }) },
    triggers,
    tableType,
    isTransactional: transactions === "YES",
  };
}

async function readCreate(channel: Channel, table: string): Promise<string | null> {
  try {
    const { rows } = await channel.command(`SHOW CREATE TABLE ${quoteName(table)}`);
    return String(rows[0]?.[1]);
  } catch (error) {
    // Dropped since it was found.
    if (error instanceof MinisqlError && error.errno === ERRNO.noSuchTable) return null;
    throw error;
  }
}

function columnsSql(table: string): string {
  return "SELECT COLUMN_NAME,DATA_TYPE,COLUMN_TYPE,IS_NULLABLE,COLUMN_DEFAULT,EXTRA," +
    `GENERATION_EXPRESSION,COLLATION_NAME FROM information_schema.COLUMNS ${about(table)} ` +
    "ORDER BY ORDINAL_POSITION";
}

/** MySQL indexes expressions too, which then have no column. */
function indexesSql(table: string, vendor: Vendor): string {
  const expression = vendor === "mysql" ? "EXPRESSION" : "NULL";
  return "SELECT INDEX_NAME,NON_UNIQUE,LOWER(INDEX_TYPE),COLUMN_NAME,SUB_PART,COLLATION," +
    `${expression} FROM information_schema.STATISTICS ${
      about(table)
    } ORDER BY INDEX_NAME,SEQ_IN_INDEX`;
}

function foreignKeysSql(table: string): string {
  return "SELECT CONSTRAINT_NAME,COLUMN_NAME,IF(REFERENCED_TABLE_SCHEMA=DATABASE()," +
    "REFERENCED_TABLE_NAME,CONCAT(REFERENCED_TABLE_SCHEMA,'.',REFERENCED_TABLE_NAME))," +
    `REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE ${about(table)} ` +
    "AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY CONSTRAINT_NAME,ORDINAL_POSITION";
}

function foreignRulesSql(table: string): string {
  return "SELECT CONSTRAINT_NAME,DELETE_RULE,UPDATE_RULE FROM " +
    `information_schema.REFERENTIAL_CONSTRAINTS ${about(table, "CONSTRAINT_SCHEMA")}`;
}

function triggersSql(table: string): string {
  return "SELECT TRIGGER_NAME,EVENT_MANIPULATION,ACTION_TIMING,ACTION_STATEMENT FROM " +
    "information_schema.TRIGGERS " +
    `${about(table, "EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE")} ` +
    "ORDER BY EVENT_MANIPULATION,ACTION_TIMING,ACTION_ORDER";
}

function checksSql(table: string, vendor: Vendor): string {
  if (vendor === "mariadb") {
    return "SELECT CONSTRAINT_NAME,CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS " +
      about(table, "CONSTRAINT_SCHEMA");
  }
  return "SELECT C.CONSTRAINT_NAME,C.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS C " +
    "JOIN information_schema.TABLE_CONSTRAINTS T USING (CONSTRAINT_SCHEMA,CONSTRAINT_NAME) " +
    `${about(table, "T.TABLE_SCHEMA", "T.TABLE_NAME")} AND T.CONSTRAINT_TYPE='CHECK'`;
}

function partitionsSql(table: string): string {
  return "SELECT PARTITION_NAME,PARTITION_METHOD,PARTITION_EXPRESSION,PARTITION_DESCRIPTION," +
    "SUBPARTITION_NAME,SUBPARTITION_METHOD,SUBPARTITION_EXPRESSION FROM " +
    `information_schema.PARTITIONS ${about(table)} AND PARTITION_NAME IS NOT NULL`;
}

/** MariaDB's JSON is a LONGTEXT with a check that it is valid. */
function isJson(checks: readonly Row[]): (column: string) => boolean {
  const clauses = new Set(checks.map(([, clause]) => String(clause).toLowerCase()));
  return (column) => clauses.has(`json_valid(${quoteName(column).toLowerCase()})`);
}

function grouped(rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> {
  return Map.groupBy(rows, ([name]) => String(name));
}

function indexesOf(rows: readonly Row[]): readonly IndexSchema[] {
  return [...grouped(rows)].map(([name, parts]) => ({
    name,
    unique: Number(parts[0]?.[1]) === 0,
    columns: parts.map(([, , , column]) => String(column ?? "")),
    method: String(parts[0]?.[2]),
  }));
}

function foreignKeysOf(
  rows: readonly Row[],
  rules: readonly Row[],
): readonly ForeignKeySchema[] {
  return [...grouped(rows)].map(([name, parts]) => {
    const [, onDelete, onUpdate] = rules.find(([rule]) => rule === name) ?? [];
    return {
      name,
      columns: parts.map(([, column]) => String(column)),
      references: {
        table: String(parts[0]?.[2]),
        columns: parts.map(([, , , column]) => String(column)),
      },
      onDelete: String(onDelete),
      onUpdate: String(onUpdate),
    };
  });
}

function triggerFacts(row: readonly Cell[]): TriggerFacts {
  const [name = "", event = "", timing = "", body = ""] = row.map(String);
  return { name, event, timing, body };
}
