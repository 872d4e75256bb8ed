/** SHOW COLUMNS and SHOW INDEX. */
import type { Cell } from "../../protocol/values.ts";
import type { ColumnModel, IndexModel, TableModel } from "./schema_model.ts";
import { defaultText } from "./show_create.ts";
import { integers, type Shown, texts } from "./show_result.ts";
import { bytesMax, isTextual, typeText } from "./types.ts";

/** What SHOW FULL COLUMNS says of everybody's rights. */
const PRIVILEGES = "select,insert,update,references";

export function shownColumns(table: TableModel, full: boolean): Shown {
  const columns = full
    ? texts(
      ...["Field", "Type", "Collation", "Null", "Key", "Default", "Extra", "Privileges", "Comment"],
    )
    : texts("Field", "Type", "Null", "Key", "Default", "Extra");
  const rows = table.columns.map((column) => {
    const type = typeText(column.type);
    const rest = [
      column.nullable ? "YES" : "NO",
      keyFlag(table, column),
      shownDefault(table, column),
      extraText(column),
    ];
    if (!full) return [column.name, type, ...rest];
    const collation = isTextual(column.type.name) ? column.type.collation : null;
    return [column.name, type, collation, ...rest, PRIVILEGES, column.comment];
  });
  return { columns, rows, likeAt: 0 };
}

/** PRI for the primary key, UNI for a unique key of the column alone, MUL for the first of others. */
export function keyFlag(table: TableModel, column: ColumnModel): string {
  const has = (index: IndexModel) => index.parts.some((part) => part.column === column.name);
  const primary = table.indexes.find((index) => index.kind === "primary");
  if (primary !== undefined && has(primary)) return "PRI";
  const first = table.indexes.filter((index) => index.parts[0]?.column === column.name);
  const alone = first.some((index) => index.unique && index.parts.length === 1);
  // Without a primary key, a unique one without NULLs stands in for it.
  if (primary === undefined && isStandIn(table, column)) return "PRI";
  if (alone) return "UNI";
  return first.length > 0 ? "MUL" : "";
}

function isStandIn(table: TableModel, column: ColumnModel): boolean {
  const candidate = table.indexes.find((index) =>
    index.unique && index.parts.every((part) =>
      part.length === null &&
      table.columns.some((each) => each.name === part.column && !each.nullable)
    )
  );
  return candidate?.parts.some((part) => part.column === column.name) ?? false;
}

/** Strings without quotes, mostly; NULL where there is none, and where it is NULL. */
export function shownDefault(table: TableModel, column: ColumnModel): string | null {
  const clause = column.default;
  if (clause === null || clause.kind === "null") return null;
  // Of BLOBs and TEXTs even a literal is an expression to MariaDB, and shown as one.
  const bare = bytesMax(column.type.name) === null;
  if (bare && clause.kind === "literal" && clause.literal.kind === "string") {
    return clause.literal.value;
  }
  return defaultText(clause, table.columns.map((each) => each.name));
}

export function extraText(column: ColumnModel): string {
  const words: string[] = [];
  if (column.autoIncrement) words.push("auto_increment");
  if (column.onUpdate !== null) {
    words.push(`on update current_timestamp(${column.onUpdate === 0 ? "" : column.onUpdate})`);
  }
  if (column.generated !== null) {
    words.push(column.generated.stored ? "STORED GENERATED" : "VIRTUAL GENERATED");
  }
  if (column.invisible) words.push("INVISIBLE");
  return words.join(", ");
}

export function shownIndexes(table: TableModel): Shown {
  const columns = [
    ...texts("Table"),
    ...integers("Non_unique"),
    ...texts("Key_name"),
    ...integers("Seq_in_index"),
    ...texts("Column_name", "Collation"),
    ...integers("Cardinality", "Sub_part"),
    ...texts("Packed", "Null", "Index_type", "Comment", "Index_comment", "Ignored"),
  ];
  const rows = table.indexes.flatMap((index) =>
    index.parts.map((part, at): readonly Cell[] => {
      const column = table.columns.find((each) => each.name === part.column);
      return [
        table.name,
        index.unique ? 0 : 1,
        index.name,
        at + 1,
        part.column,
        part.descending ? "D" : "A",
        // How many different values there are is not kept.
        null,
        part.length,
        null,
        column?.nullable ? "YES" : "",
        "BTREE",
        "",
        index.comment,
        index.invisible ? "YES" : "NO",
      ];
    })
  );
  return { columns, rows, likeAt: 2 };
}
