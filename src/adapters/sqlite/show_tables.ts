/** SHOW TABLES, SHOW TABLE STATUS, and what there is to show of the server as a whole. */
import type { Cell } from "../../protocol/values.ts";
import { sqlName } from "./ddl_sql.ts";
import { momentOfEpoch, printMoment } from "./functions_temporal.ts";
import { collationsOf, SERVER_CHARSET } from "./schema_charset.ts";
import { autoIncrementColumn, type TableModel } from "./schema_model.ts";
import { type ShowContext, shownTables } from "./show_context.ts";
import { integers, type Shown, texts } from "./show_result.ts";

/** `pattern` is what LIKE says, which MySQL puts into the column's name. */
export function shownTableNames(
  context: ShowContext,
  full: boolean,
  pattern: string | null,
): Shown {
  const name = `Tables_in_${context.database}${pattern === null ? "" : ` (${pattern})`}`;
  const tables = shownTables(context).map((table) => table.name);
  return {
    columns: full ? texts(name, "Table_type") : texts(name),
    rows: tables.map((table) => full ? [table, "BASE TABLE"] : [table]),
    likeAt: 0,
  };
}

export function shownStatus(context: ShowContext): Shown {
  return {
    columns: [
      ...texts("Name", "Engine"),
      ...integers("Version"),
      ...texts("Row_format"),
      ...integers("Rows", "Avg_row_length", "Data_length", "Max_data_length", "Index_length"),
      ...integers("Data_free", "Auto_increment"),
      ...texts("Create_time", "Update_time", "Check_time", "Collation"),
      ...integers("Checksum"),
      ...texts("Create_options", "Comment"),
      ...integers("Max_index_length"),
      ...texts("Temporary"),
    ],
    rows: shownTables(context).map((table) => statusRow(context, table)),
    likeAt: 0,
  };
}

function statusRow(context: ShowContext, table: TableModel): readonly Cell[] {
  const status = statusOf(context, table);
  return [
    ...[table.name, "InnoDB", 10, status.rowFormat],
    ...[status.rows, 0, 0, 0, 0, 0, status.nextId],
    ...[status.created, null, null, table.collation, null],
    ...[status.options, table.comment, 0, "N"],
  ];
}

export interface TableStatus {
  readonly rows: number;
  readonly rowFormat: string;
  readonly nextId: Cell;
  readonly created: string;
  readonly options: string;
}

export function statusOf(context: ShowContext, table: TableModel): TableStatus {
  const count = context.db.prepare(`SELECT count(*) AS n FROM ${sqlName(table.name)}`).get();
  const moment = momentOfEpoch(table.createdMicros);
  const format = table.options["ROW_FORMAT"] ?? "dynamic";
  const options = Object.entries(table.options).map(([name, value]) =>
    `${name.toLowerCase()}=${name === "ROW_FORMAT" ? value.toUpperCase() : value}`
  );
  return {
    rows: Number(count?.["n"] ?? 0),
    rowFormat: format.charAt(0).toUpperCase() + format.slice(1).toLowerCase(),
    nextId: autoIncrementColumn(table) === null
      ? null
      : nextIdCell(context.autoIncrement.next(context.db, table)),
    created: moment === null ? "" : printMoment(moment, 0),
    options: options.join(" "),
  };
}

function nextIdCell(next: bigint): Cell {
  return next > BigInt(Number.MAX_SAFE_INTEGER) ? String(next) : Number(next);
}

export function shownDatabases(context: ShowContext): Shown {
  const names = ["information_schema", context.database].sort();
  return { columns: texts("Database"), rows: names.map((name) => [name]), likeAt: 0 };
}

export function shownEngines(): Shown {
  return {
    columns: texts("Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"),
    rows: [[
      ...[
        "InnoDB",
        "DEFAULT",
        "Kept by SQLite: transactions and foreign keys, one writer at a time",
      ],
      ...["YES", "NO", "YES"],
    ]],
    likeAt: 0,
  };
}

const CHARSETS: readonly (readonly [string, string, number])[] = [
  ["ascii", "US ASCII", 1],
  ["binary", "Binary pseudo charset", 1],
  ["utf8mb3", "UTF-8 Unicode", 3],
  ["utf8mb4", "UTF-8 Unicode", 4],
];

export function shownCharsets(): Shown {
  return {
    columns: [...texts("Charset", "Description", "Default collation"), ...integers("Maxlen")],
    rows: CHARSETS.map(([name, words, bytes]) => [name, words, collationsOf(name)[0] ?? "", bytes]),
    likeAt: 0,
  };
}

/** The numbers that MySQL knows the collations by. */
const COLLATION_IDS: Readonly<Record<string, number>> = {
  ascii_general_ci: 11,
  ascii_bin: 65,
  binary: 63,
  utf8mb3_general_ci: 33,
  utf8mb3_bin: 83,
  utf8mb4_general_ci: 45,
  utf8mb4_bin: 46,
};

export function shownCollations(): Shown {
  return {
    columns: [
      ...texts("Collation", "Charset"),
      ...integers("Id"),
      ...texts("Default", "Compiled"),
      ...integers("Sortlen"),
    ],
    rows: CHARSETS.flatMap(([charset]) =>
      collationsOf(charset).map((name, at): readonly Cell[] => [
        ...[name, charset, COLLATION_IDS[name] ?? null, at === 0 ? "Yes" : "", "Yes", 1],
      ])
    ),
    likeAt: 0,
  };
}

export function shownDatabaseText(database: string, quoted: string): Shown {
  const { charset, collation } = SERVER_CHARSET;
  return {
    columns: texts("Database", "Create Database"),
    rows: [[
      database,
      `CREATE DATABASE ${quoted} /*!40100 DEFAULT CHARACTER SET ${charset} COLLATE ${collation} */`,
    ]],
    likeAt: 0,
  };
}
