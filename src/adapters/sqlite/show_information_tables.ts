/** The tables of information_schema that the embedded engine has: what they are and what is in them. */
import type { ColumnModel, IndexModel, TableModel } from "./schema_model.ts";
import { columnOf } from "./schema_model.ts";
import { characterBytes, SERVER_CHARSET } from "./schema_charset.ts";
import { covers } from "./schema_keys.ts";
import { extraText, keyFlag } from "./show_columns.ts";
import { type ShowContext, shownTables } from "./show_context.ts";
import { checkOf, defaultText } from "./show_create.ts";
import { shownExpression } from "./show_expression.ts";
import { statusOf } from "./show_tables.ts";
import { bytesMax, familyOf, integerRange, isTextual, type SqlValue, typeText } from "./types.ts";

export interface InformationTable {
  /** Columns as in CREATE TABLE: names with types. */
  readonly columns: readonly string[];
  readonly rows: (context: ShowContext) => readonly (readonly SqlValue[])[];
}

const CATALOG = "def";
const PRIVILEGES = "select,insert,update,references";

function names(...list: readonly string[]): readonly string[] {
  return list.map((name) => `${name} VARCHAR(1024)`);
}

function numbers(...list: readonly string[]): readonly string[] {
  return list.map((name) => `${name} BIGINT UNSIGNED`);
}

function long(...list: readonly string[]): readonly string[] {
  return list.map((name) => `${name} LONGTEXT`);
}

export const INFORMATION_TABLES: Readonly<Record<string, InformationTable>> = {
  SCHEMATA: {
    columns: names(
      ...["CATALOG_NAME", "SCHEMA_NAME", "DEFAULT_CHARACTER_SET_NAME", "DEFAULT_COLLATION_NAME"],
      ...["SQL_PATH", "SCHEMA_COMMENT"],
    ),
    rows: ({ database }) =>
      ["information_schema", database].map((name) => [
        ...[CATALOG, name, SERVER_CHARSET.charset, SERVER_CHARSET.collation, null, ""],
      ]),
  },
  TABLES: {
    columns: [
      ...names("TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE", "ENGINE"),
      ...numbers("VERSION"),
      ...names("ROW_FORMAT"),
      ...numbers("TABLE_ROWS", "AVG_ROW_LENGTH", "DATA_LENGTH", "MAX_DATA_LENGTH"),
      ...numbers("INDEX_LENGTH", "DATA_FREE", "AUTO_INCREMENT"),
      ...["CREATE_TIME DATETIME", "UPDATE_TIME DATETIME", "CHECK_TIME DATETIME"],
      ...names("TABLE_COLLATION"),
      ...numbers("CHECKSUM"),
      ...long("CREATE_OPTIONS", "TABLE_COMMENT"),
    ],
    rows: (context) => shownTables(context).map((table) => tableRow(context, table)),
  },
  COLUMNS: {
    columns: [
      ...names("TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME"),
      ...numbers("ORDINAL_POSITION"),
      ...long("COLUMN_DEFAULT"),
      ...names("IS_NULLABLE", "DATA_TYPE"),
      ...numbers("CHARACTER_MAXIMUM_LENGTH", "CHARACTER_OCTET_LENGTH", "NUMERIC_PRECISION"),
      ...numbers("NUMERIC_SCALE", "DATETIME_PRECISION"),
      ...names("CHARACTER_SET_NAME", "COLLATION_NAME"),
      ...long("COLUMN_TYPE"),
      ...names("COLUMN_KEY", "EXTRA", "PRIVILEGES"),
      ...long("COLUMN_COMMENT"),
      ...names("IS_GENERATED"),
      ...long("GENERATION_EXPRESSION"),
    ],
    rows: (context) =>
      shownTables(context).flatMap((table) =>
        table.columns.map((column, at) => columnRow(context, table, column, at + 1))
      ),
  },
  STATISTICS: {
    columns: [
      ...names("TABLE_CATALOG", "TABLE_SCHEMA", "TABLE_NAME"),
      ...["NON_UNIQUE BIGINT"],
      ...names("INDEX_SCHEMA", "INDEX_NAME"),
      ...["SEQ_IN_INDEX BIGINT"],
      ...names("COLUMN_NAME", "COLLATION"),
      ...["CARDINALITY BIGINT", "SUB_PART BIGINT"],
      ...names("PACKED", "NULLABLE", "INDEX_TYPE", "COMMENT", "INDEX_COMMENT", "IGNORED"),
    ],
    rows: (context) =>
      shownTables(context).flatMap((table) =>
        table.indexes.flatMap((index) => indexRows(context, table, index))
      ),
  },
  KEY_COLUMN_USAGE: {
    columns: [
      ...names("CONSTRAINT_CATALOG", "CONSTRAINT_SCHEMA", "CONSTRAINT_NAME", "TABLE_CATALOG"),
      ...names("TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME"),
      ...["ORDINAL_POSITION BIGINT", "POSITION_IN_UNIQUE_CONSTRAINT BIGINT"],
      ...names("REFERENCED_TABLE_SCHEMA", "REFERENCED_TABLE_NAME", "REFERENCED_COLUMN_NAME"),
    ],
    rows: (context) => shownTables(context).flatMap((table) => usageRows(context, table)),
  },
  TABLE_CONSTRAINTS: {
    columns: names(
      ...["CONSTRAINT_CATALOG", "CONSTRAINT_SCHEMA", "CONSTRAINT_NAME", "TABLE_SCHEMA"],
      ...["TABLE_NAME", "CONSTRAINT_TYPE"],
    ),
    rows: (context) => shownTables(context).flatMap((table) => constraintRows(context, table)),
  },
  REFERENTIAL_CONSTRAINTS: {
    columns: names(
      ...["CONSTRAINT_CATALOG", "CONSTRAINT_SCHEMA", "CONSTRAINT_NAME"],
      ...["UNIQUE_CONSTRAINT_CATALOG", "UNIQUE_CONSTRAINT_SCHEMA", "UNIQUE_CONSTRAINT_NAME"],
      ...["MATCH_OPTION", "UPDATE_RULE", "DELETE_RULE", "TABLE_NAME", "REFERENCED_TABLE_NAME"],
    ),
    rows: (context) => shownTables(context).flatMap((table) => referenceRows(context, table)),
  },
  CHECK_CONSTRAINTS: {
    columns: [
      ...names("CONSTRAINT_CATALOG", "CONSTRAINT_SCHEMA", "TABLE_NAME", "CONSTRAINT_NAME", "LEVEL"),
      ...long("CHECK_CLAUSE"),
    ],
    rows: (context) => shownTables(context).flatMap((table) => checkRows(context, table)),
  },
};

function tableRow(context: ShowContext, table: TableModel): readonly SqlValue[] {
  const status = statusOf(context, table);
  const nextId = status.nextId === null ? null : BigInt(String(status.nextId));
  return [
    ...[CATALOG, context.database, table.name, "BASE TABLE", "InnoDB", 10n, status.rowFormat],
    ...[BigInt(status.rows), 0n, 0n, 0n, 0n, 0n, nextId, status.created, null, null],
    ...[table.collation, null, status.options, table.comment],
  ];
}

function columnRow(
  context: ShowContext,
  table: TableModel,
  column: ColumnModel,
  position: number,
): readonly SqlValue[] {
  const { type } = column;
  const all = table.columns.map((each) => each.name);
  const textual = isTextual(type.name);
  const generated = column.generated === null ? null : shownExpression(column.generated.sql, all);
  return [
    ...[CATALOG, context.database, table.name, column.name, BigInt(position)],
    ...[generated === null ? defaultText(column.default, all) : (column.nullable ? "NULL" : null)],
    ...[column.nullable ? "YES" : "NO", type.name === "json" ? "longtext" : type.name],
    ...lengths(column),
    ...(textual ? [type.charset, type.collation] : [null, null]),
    ...[typeText(type), keyFlag(table, column), extraText(column), PRIVILEGES, column.comment],
    ...[generated === null ? "NEVER" : "ALWAYS", generated],
  ];
}

/** Characters, bytes, digits, digits behind the point, digits of seconds. */
function lengths({ type }: ColumnModel): readonly SqlValue[] {
  const big = (value: number | null) => value === null ? null : BigInt(value);
  switch (familyOf(type.name)) {
    case "text":
    case "json":
    case "bytes": {
      const bytes = bytesMax(type.name) ?? (type.length ?? 1) * characterBytes(type.charset);
      return [big(bytesMax(type.name) ?? type.length ?? 1), big(bytes), null, null, null];
    }
    case "enum":
    case "set": {
      const sizes = type.values.map((value) => [...value].length);
      const commas = type.values.length - 1;
      const characters = type.name === "enum"
        ? Math.max(...sizes)
        : sizes.reduce((sum, size) => sum + size, commas);
      return [big(characters), big(characters * characterBytes(type.charset)), null, null, null];
    }
    case "integer":
      return [null, null, big(String(integerRange(type).max).length), 0n, null];
    case "decimal":
      return [null, null, big(type.length), big(type.scale), null];
    case "bit":
      return [null, null, big(type.length), null, null];
    case "float":
      return [
        null,
        null,
        big(type.length ?? (type.name === "float" ? 12 : 22)),
        big(type.scale),
        null,
      ];
    case "time":
    case "datetime":
      return [null, null, null, null, big(type.length ?? 0)];
    default:
      return [null, null, null, null, null];
  }
}

function indexRows(
  { database }: ShowContext,
  table: TableModel,
  index: IndexModel,
): readonly (readonly SqlValue[])[] {
  return index.parts.map((part, at) => [
    ...[CATALOG, database, table.name, index.unique ? 0n : 1n, database, index.name],
    ...[BigInt(at + 1), part.column, part.descending ? "D" : "A", null],
    ...[part.length === null ? null : BigInt(part.length), null],
    ...[columnOf(table, part.column)?.nullable ? "YES" : "", "BTREE", "", index.comment],
    ...[index.invisible ? "YES" : "NO"],
  ]);
}

function usageRows({ database }: ShowContext, table: TableModel): readonly (readonly SqlValue[])[] {
  const row = (name: string, column: string, at: number): readonly SqlValue[] => [
    ...[CATALOG, database, name, CATALOG, database, table.name, column, BigInt(at + 1)],
  ];
  const keys = table.indexes.filter((index) => index.unique).flatMap((index) =>
    index.parts.map((part, at) => [...row(index.name, part.column, at), null, null, null, null])
  );
  const foreign = table.foreignKeys.flatMap((key) =>
    key.columns.map((column, at) => [
      ...row(key.name, column, at),
      ...[BigInt(at + 1), database, key.references.table, key.references.columns[at] ?? null],
    ])
  );
  return [...keys, ...foreign];
}

function constraintRows(
  { database }: ShowContext,
  table: TableModel,
): readonly (readonly SqlValue[])[] {
  const row = (name: string, kind: string): readonly SqlValue[] => [
    ...[CATALOG, database, name, database, table.name, kind],
  ];
  return [
    ...table.indexes.filter((index) => index.unique)
      .map((index) => row(index.name, index.kind === "primary" ? "PRIMARY KEY" : "UNIQUE")),
    ...checksOf(table).map(({ name }) => row(name, "CHECK")),
    ...table.foreignKeys.map((key) => row(key.name, "FOREIGN KEY")),
  ];
}

function referenceRows(
  context: ShowContext,
  table: TableModel,
): readonly (readonly SqlValue[])[] {
  return table.foreignKeys.map((key) => {
    const { references } = key;
    const parent = context.schemas.table(references.table);
    const unique = parent?.indexes.find((index) => covers(index, references.columns));
    return [
      ...[CATALOG, context.database, key.name, CATALOG, context.database, unique?.name ?? null],
      ...["NONE", key.onUpdate, key.onDelete, table.name, references.table],
    ];
  });
}

interface NamedCheck {
  readonly name: string;
  readonly level: string;
  readonly clause: string;
}

function checksOf(table: TableModel): readonly NamedCheck[] {
  const all = table.columns.map((column) => column.name);
  const columns = table.columns.flatMap((column): readonly NamedCheck[] => {
    const clause = checkOf(column, all);
    return clause === null ? [] : [{ name: column.name, level: "Column", clause }];
  });
  const own = table.checks.map(({ name, sql }) => ({
    name,
    level: "Table",
    clause: shownExpression(sql, all),
  }));
  return [...columns, ...own];
}

function checkRows({ database }: ShowContext, table: TableModel): readonly (readonly SqlValue[])[] {
  return checksOf(table).map(({ name, level, clause }) => [
    ...[CATALOG, database, table.name, name, level, clause],
  ]);
}
