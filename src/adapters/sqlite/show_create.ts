/** SHOW CREATE TABLE: a table's model as a statement, in MariaDB's words and order. */
import type { DefaultClause, Literal } from "../../sql/ddl/model.ts";
import { quoteName, quoteString } from "../../sql/names.ts";
import type {
  CheckModel,
  ColumnModel,
  ForeignKeyModel,
  IndexModel,
  TableModel,
} from "./schema_model.ts";
import { isSingleCall, shownExpression } from "./show_expression.ts";
import { isTextual, typeText } from "./types.ts";

/** Options in the order MySQL shows them. */
const OPTIONS_SHOWN = [
  ...["MIN_ROWS", "MAX_ROWS", "AVG_ROW_LENGTH", "PACK_KEYS", "STATS_PERSISTENT"],
  ...["STATS_AUTO_RECALC", "STATS_SAMPLE_PAGES", "CHECKSUM", "DELAY_KEY_WRITE", "ROW_FORMAT"],
  ...["KEY_BLOCK_SIZE"],
];

/** The statement that makes the table; `nextId` is what its AUTO_INCREMENT would give next. */
export function createTableText(table: TableModel, nextId: bigint): string {
  const names = table.columns.map((column) => column.name);
  const lines = [
    ...table.columns.map((column) => columnText(column, table, names)),
    ...table.indexes.map(indexText),
    ...table.foreignKeys.map(foreignKeyText),
    ...table.checks.map((check) => checkText(check, names)),
  ];
  const body = lines.map((line) => `  ${line}`).join(",\n");
  return `CREATE TABLE ${quoteName(table.name)} (\n${body}\n) ${optionsText(table, nextId)}`;
}

function columnText(column: ColumnModel, table: TableModel, names: readonly string[]): string {
  const words = [quoteName(column.name), typeText(column.type), charsetText(column, table)];
  if (column.generated !== null) {
    const { sql, stored } = column.generated;
    const kind = stored ? "STORED" : "VIRTUAL";
    words.push(`GENERATED ALWAYS AS (${shownExpression(sql, names)}) ${kind}`);
    if (column.invisible) words.push("INVISIBLE");
  } else {
    if (!column.nullable) words.push("NOT NULL");
    // TIMESTAMP once meant NOT NULL, so that NULL is always said.
    else if (column.type.name === "timestamp") words.push("NULL");
    if (column.invisible) words.push("INVISIBLE");
    if (column.autoIncrement) words.push("AUTO_INCREMENT");
    const shown = defaultText(column.default, names);
    if (shown !== null) words.push(`DEFAULT ${shown}`);
    if (column.onUpdate !== null) words.push(`ON UPDATE ${nowText(column.onUpdate)}`);
  }
  if (column.comment !== "") words.push(`COMMENT ${quoteString(column.comment)}`);
  const check = checkOf(column, names);
  if (check !== null) words.push(`CHECK (${check})`);
  return words.filter((word) => word !== "").join(" ");
}

/** Said only where it is not the table's own. */
function charsetText({ type }: ColumnModel, table: TableModel): string {
  if (!isTextual(type.name) || type.collation === null) return "";
  if (type.name !== "json" && type.collation === table.collation) return "";
  return `CHARACTER SET ${type.charset} COLLATE ${type.collation}`;
}

/** The column's own condition; JSON has one by itself. */
export function checkOf(column: ColumnModel, names: readonly string[]): string | null {
  if (column.check !== null) return shownExpression(column.check, names);
  return column.type.name === "json" ? `json_valid(${quoteName(column.name)})` : null;
}

function nowText(fraction: number): string {
  return `current_timestamp(${fraction === 0 ? "" : fraction})`;
}

/** What stands behind DEFAULT, or null where the column has none. */
export function defaultText(
  clause: DefaultClause | null,
  names: readonly string[],
): string | null {
  if (clause === null) return null;
  switch (clause.kind) {
    case "null":
      return "NULL";
    case "now":
      return nowText(clause.fraction);
    case "literal":
      return literalText(clause.literal);
    case "expression": {
      const shown = shownExpression(clause.sql, names);
      return isSingleCall(shown) ? shown : `(${shown})`;
    }
  }
}

/** Defaults are kept as their column has them, so numbers are numbers and all else is quoted. */
export function literalText(literal: Literal): string {
  switch (literal.kind) {
    case "number":
      return literal.text;
    case "bit":
      return `b'${literal.digits}'`;
    case "hex":
      return `x'${literal.digits}'`;
    case "boolean":
      return literal.value ? "1" : "0";
    case "string":
    case "temporal":
      return quoteString(literal.value);
  }
}

function indexText(index: IndexModel): string {
  const words: string[] = [];
  if (index.kind === "primary") words.push("PRIMARY KEY");
  else words.push(index.unique ? "UNIQUE KEY" : "KEY", quoteName(index.name));
  const parts = index.parts.map(({ column, length, descending }) =>
    `${quoteName(column)}${length === null ? "" : `(${length})`}${descending ? " DESC" : ""}`
  );
  words.push(`(${parts.join(",")})`);
  if (index.method !== null) words.push(`USING ${index.method.toUpperCase()}`);
  if (index.comment !== "") words.push(`COMMENT ${quoteString(index.comment)}`);
  if (index.invisible) words.push("IGNORED");
  return words.join(" ");
}

function foreignKeyText(key: ForeignKeyModel): string {
  const { references } = key;
  const list = (names: readonly string[]) => names.map(quoteName).join(", ");
  const onDelete = key.onDelete === "RESTRICT" ? "" : ` ON DELETE ${key.onDelete}`;
  const onUpdate = key.onUpdate === "RESTRICT" ? "" : ` ON UPDATE ${key.onUpdate}`;
  return `CONSTRAINT ${quoteName(key.name)} FOREIGN KEY (${list(key.columns)}) REFERENCES ` +
    `${quoteName(references.table)} (${list(references.columns)})${onDelete}${onUpdate}`;
}

function checkText(check: CheckModel, names: readonly string[]): string {
  return `CONSTRAINT ${quoteName(check.name)} CHECK (${shownExpression(check.sql, names)})`;
}

function optionsText(table: TableModel, nextId: bigint): string {
  const words = ["ENGINE=InnoDB"];
  if (nextId > 1n) words.push(`AUTO_INCREMENT=${nextId}`);
  words.push(`DEFAULT CHARSET=${table.charset}`, `COLLATE=${table.collation}`);
  for (const option of OPTIONS_SHOWN) {
    const value = table.options[option];
    if (value !== undefined) words.push(`${option}=${value.toUpperCase()}`);
  }
  if (table.comment !== "") words.push(`COMMENT=${quoteString(table.comment)}`);
  return words.join(" ");
}
