/** What MySQL asks of a table as a whole, when its columns and keys are each in order. */
import { sqlError } from "../../protocol/errors.ts";
import { lex } from "../../sql/lexer.ts";
import { characterBytes } from "./schema_charset.ts";
import { type ColumnModel, sameName, type TableModel } from "./schema_model.ts";
import { bytesMax } from "./types.ts";

/** InnoDB's and MySQL's bounds. */
const COLUMNS_MAX = 1017;
const ROW_BYTES_MAX = 65_535;
const COMMENT_CHARACTERS_MAX = 1024;
const TABLE_COMMENT_CHARACTERS_MAX = 2048;

/** Raises MySQL's error for the first rule that the table breaks. */
export function checkTable(table: TableModel): void {
  if (!table.columns.some((column) => !column.invisible)) {
    throw sqlError(1113, "42000", "A table must have at least 1 column");
  }
  if (table.columns.length > COLUMNS_MAX) throw sqlError(1117, "HY000", "Too many columns");
  checkAutoIncrement(table);
  checkNumberedExpressions(table);
  checkGenerated(table.columns);
  checkRowSize(table.columns);
  checkComments(table);
}

function checkAutoIncrement({ columns, indexes }: TableModel): void {
  const drawn = columns.filter((column) => column.autoIncrement);
  const [first] = drawn;
  if (first === undefined) return;
  const keyed = indexes.some((index) => index.parts[0]?.column === first.name);
  if (drawn.length === 1 && keyed) return;
  throw sqlError(
    1075,
    "42000",
    "Incorrect table definition; there can be only one auto column and it must be defined as a key",
  );
}

/** Conditions are checked, and columns computed, before a row has its number. */
function checkNumberedExpressions({ columns, checks }: TableModel): void {
  const drawn = columns.find((column) => column.autoIncrement);
  if (drawn === undefined) return;
  const clauses = [
    ...columns.map(({ name, check }) => ({ name, sql: check, clause: "CHECK" })),
    ...checks.map(({ name, sql }) => ({ name, sql, clause: "CHECK" })),
    ...columns.map(({ name, generated }) => ({
      name,
      sql: generated?.sql ?? null,
      clause: "GENERATED ALWAYS AS",
    })),
  ];
  const wrong = clauses.find(({ sql }) => sql !== null && mentions(sql, drawn.name));
  if (wrong === undefined) return;
  throw sqlError(
    1901,
    "HY000",
    `Function or expression 'AUTO_INCREMENT' cannot be used in the ${wrong.clause} clause of ` +
      `\`${wrong.name}\``,
  );
}

/** Whether an expression names the column. */
function mentions(sql: string, column: string): boolean {
  return lex(sql).some((token) =>
    (token.kind === "word" || token.kind === "quoted_name") && sameName(token.value, column)
  );
}

/** Generated columns are computed in their order: each may use only those before it. */
function checkGenerated(columns: readonly ColumnModel[]): void {
  columns.forEach((column, at) => {
    const { generated } = column;
    if (generated === null) return;
    const later = columns.slice(at).find((each) =>
      each.generated !== null && mentions(generated.sql, each.name)
    );
    if (later === undefined) return;
    throw sqlError(
      4029,
      "01000",
      `Expression for field \`${column.name}\` is referring to uninitialized field ` +
        `\`${later.name}\``,
    );
  });
}

function checkRowSize(columns: readonly ColumnModel[]): void {
  const bytes = columns.reduce((sum, column) => sum + columnBytes(column), 0);
  if (bytes <= ROW_BYTES_MAX) return;
  throw sqlError(
    1118,
    "42000",
    "Row size too large. The maximum row size for the used table type, not counting BLOBs, is " +
      `${ROW_BYTES_MAX}. This includes storage overhead, check the manual. You have to change some ` +
      "columns to TEXT or BLOBs",
  );
}

/** What the column takes of the row at most; what is beside the row counts little. */
function columnBytes({ type }: ColumnModel): number {
  if (bytesMax(type.name) !== null) return 12;
  switch (type.name) {
    case "char":
      return (type.length ?? 1) * characterBytes(type.charset);
    case "varchar":
      return (type.length ?? 1) * characterBytes(type.charset) + 2;
    case "binary":
      return type.length ?? 1;
    case "varbinary":
      return (type.length ?? 1) + 2;
    default:
      return 8;
  }
}

function checkComments(table: TableModel): void {
  if ([...table.comment].length > TABLE_COMMENT_CHARACTERS_MAX) {
    throw commentTooLong(1628, "table", table.name, TABLE_COMMENT_CHARACTERS_MAX);
  }
  for (const { name, comment } of table.columns) {
    if ([...comment].length > COMMENT_CHARACTERS_MAX) {
      throw commentTooLong(1629, "field", name, COMMENT_CHARACTERS_MAX);
    }
  }
  for (const { name, comment } of table.indexes) {
    if ([...comment].length > COMMENT_CHARACTERS_MAX) {
      throw commentTooLong(1688, "index", name, COMMENT_CHARACTERS_MAX);
    }
  }
}

function commentTooLong(errno: number, what: string, name: string, max: number): Error {
  return sqlError(errno, "HY000", `Comment for ${what} '${name}' is too long (max = ${max})`);
}
