/** What MySQL's statements on tables say, as plain data: nothing added that was not written. */

export interface TableName {
  readonly database: string | null;
  readonly name: string;
}

/** The one name of each type; its many synonyms are gone. */
export type TypeName =
  | "tinyint"
  | "smallint"
  | "mediumint"
  | "int"
  | "bigint"
  | "decimal"
  | "float"
  | "double"
  | "bit"
  | "date"
  | "time"
  | "datetime"
  | "timestamp"
  | "year"
  | "char"
  | "varchar"
  | "tinytext"
  | "text"
  | "mediumtext"
  | "longtext"
  | "binary"
  | "varbinary"
  | "tinyblob"
  | "blob"
  | "mediumblob"
  | "longblob"
  | "enum"
  | "set"
  | "json"
  | "inet4"
  | "inet6"
  | "uuid"
  | "vector"
  | "geometry"
  | "point"
  | "linestring"
  | "polygon"
  | "multipoint"
  | "multilinestring"
  | "multipolygon"
  | "geometrycollection";

export interface DataType {
  readonly name: TypeName;
  /** Display width, precision, characters, bytes, bits or digits of a fraction; null for none said. */
  readonly length: number | null;
  /** Digits behind the point. */
  readonly scale: number | null;
  readonly unsigned: boolean;
  readonly zerofill: boolean;
  /** Members of an ENUM or SET. */
  readonly values: readonly string[];
  readonly charset: string | null;
  readonly collation: string | null;
  /** The word BINARY behind a text type: its character set's `_bin` collation. */
  readonly binary: boolean;
}

export type Literal =
  | { readonly kind: "string"; readonly value: string; readonly introducer: string | null }
  /** As written, sign included. */
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  /** `0x…` is a number where one is wanted, `x'…'` never is. */
  | { readonly kind: "hex"; readonly digits: string; readonly quoted: boolean }
  | { readonly kind: "bit"; readonly digits: string }
  /** `DATE'…'`, `TIME'…'`, `TIMESTAMP'…'`. */
  | {
    readonly kind: "temporal";
    readonly type: "date" | "time" | "timestamp";
    readonly value: string;
  };

export type DefaultClause =
  | { readonly kind: "null" }
  | { readonly kind: "literal"; readonly literal: Literal }
  /** CURRENT_TIMESTAMP and its synonyms. */
  | { readonly kind: "now"; readonly fraction: number }
  | { readonly kind: "expression"; readonly sql: string };

export interface GeneratedClause {
  readonly sql: string;
  readonly stored: boolean;
}

export interface CheckDefinition {
  readonly name: string | null;
  readonly sql: string;
  readonly enforced: boolean;
}

export interface ReferencesClause {
  readonly table: TableName;
  readonly columns: readonly string[];
  readonly match: string | null;
  /** `CASCADE`, `SET NULL`, `RESTRICT`, `NO ACTION`, `SET DEFAULT`, or null for none said. */
  readonly onDelete: string | null;
  readonly onUpdate: string | null;
}

export interface ColumnDefinition {
  /** Where it stands in the statement, as it does for keys: they are numbered in that order. */
  readonly at: number;
  readonly name: string;
  readonly type: DataType;
  /** Null where neither NULL nor NOT NULL is said. */
  readonly nullable: boolean | null;
  readonly default: DefaultClause | null;
  /** Digits of the fraction that ON UPDATE CURRENT_TIMESTAMP writes, or null. */
  readonly onUpdate: number | null;
  readonly autoIncrement: boolean;
  readonly primary: boolean;
  readonly unique: boolean;
  readonly comment: string | null;
  readonly generated: GeneratedClause | null;
  readonly checks: readonly CheckDefinition[];
  readonly references: ReferencesClause | null;
  readonly invisible: boolean;
  /** Attributes that few engines know, as written: `COLUMN_FORMAT FIXED`, `COMPRESSED`, `SRID 0`. */
  readonly extras: readonly string[];
}

export interface KeyPart {
  /** The column, or null where the part is an expression. */
  readonly column: string | null;
  readonly expression: string | null;
  readonly length: number | null;
  readonly descending: boolean;
}

export type KeyKind = "primary" | "unique" | "index" | "fulltext" | "spatial";

export interface KeyDefinition {
  readonly at: number;
  readonly kind: KeyKind;
  /** The index's own name, else that of its CONSTRAINT, else null. */
  readonly name: string | null;
  readonly parts: readonly KeyPart[];
  /** `btree` or `hash` as said by USING, or null. */
  readonly method: string | null;
  readonly comment: string | null;
  /** INVISIBLE in MySQL, IGNORED in MariaDB. */
  readonly invisible: boolean;
  readonly ifNotExists: boolean;
  /** `KEY_BLOCK_SIZE 8`, `PARSER ngram`. */
  readonly extras: readonly string[];
}

export interface ForeignKeyDefinition {
  readonly at: number;
  readonly name: string | null;
  /** A name given behind FOREIGN KEY: of the index that goes with it. */
  readonly indexName: string | null;
  readonly columns: readonly string[];
  readonly references: ReferencesClause;
  readonly ifNotExists: boolean;
}

/** Names in upper case, one name for each option (`CHARSET`), values without quotes. */
export type TableOptions = Readonly<Record<string, string>>;

export interface CreateTable {
  readonly kind: "create_table";
  readonly table: TableName;
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  readonly orReplace: boolean;
  readonly like: TableName | null;
  readonly columns: readonly ColumnDefinition[];
  readonly keys: readonly KeyDefinition[];
  readonly foreignKeys: readonly ForeignKeyDefinition[];
  readonly checks: readonly CheckDefinition[];
  readonly options: TableOptions;
  /** The text of PARTITION BY …, or null. */
  readonly partitions: string | null;
  /** The text of the query that fills the table, or null. */
  readonly select: string | null;
  /** Words inside the parentheses that are none of the above: `PERIOD FOR SYSTEM_TIME …`. */
  readonly extras: readonly string[];
}

/** Where a column is put: at the end where nothing is said. */
export type ColumnPosition = "first" | { readonly after: string } | null;

export type AlterAction =
  | {
    readonly kind: "add_column";
    readonly column: ColumnDefinition;
    readonly position: ColumnPosition;
    readonly ifNotExists: boolean;
  }
  | { readonly kind: "drop_column"; readonly name: string; readonly ifExists: boolean }
  /** MODIFY has the same name twice. */
  | {
    readonly kind: "change_column";
    readonly from: string;
    readonly column: ColumnDefinition;
    readonly position: ColumnPosition;
    readonly ifExists: boolean;
  }
  | {
    readonly kind: "rename_column";
    readonly from: string;
    readonly to: string;
    readonly ifExists: boolean;
  }
  | {
    readonly kind: "set_default";
    readonly column: string;
    readonly default: DefaultClause;
    readonly ifExists: boolean;
  }
  | { readonly kind: "drop_default"; readonly column: string; readonly ifExists: boolean }
  | { readonly kind: "set_column_visibility"; readonly column: string; readonly invisible: boolean }
  | { readonly kind: "add_key"; readonly key: KeyDefinition }
  | { readonly kind: "add_foreign_key"; readonly foreignKey: ForeignKeyDefinition }
  | { readonly kind: "add_check"; readonly check: CheckDefinition; readonly ifNotExists: boolean }
  | { readonly kind: "drop_primary_key"; readonly ifExists: boolean }
  | { readonly kind: "drop_key"; readonly name: string; readonly ifExists: boolean }
  | { readonly kind: "drop_foreign_key"; readonly name: string; readonly ifExists: boolean }
  /** DROP CONSTRAINT may mean a CHECK, a key or a foreign key; DROP CHECK only the first. */
  | {
    readonly kind: "drop_constraint";
    readonly name: string;
    readonly ifExists: boolean;
    readonly checkOnly: boolean;
  }
  | {
    readonly kind: "rename_key";
    readonly from: string;
    readonly to: string;
    readonly ifExists: boolean;
  }
  | { readonly kind: "set_key_visibility"; readonly name: string; readonly invisible: boolean }
  | { readonly kind: "rename_table"; readonly to: TableName }
  | {
    readonly kind: "convert_charset";
    readonly charset: string | null;
    readonly collation: string | null;
  }
  | { readonly kind: "options"; readonly options: TableOptions }
  /** What changes nothing that can be seen: FORCE, ENABLE KEYS, ALGORITHM, LOCK, ORDER BY. */
  | { readonly kind: "hint"; readonly sql: string }
  /** Partitions, tablespaces, versioning: known to be an action, not read further. */
  | { readonly kind: "other"; readonly sql: string };

export interface AlterTable {
  readonly kind: "alter_table";
  readonly table: TableName;
  readonly ifExists: boolean;
  readonly actions: readonly AlterAction[];
}

export interface CreateIndex {
  readonly kind: "create_index";
  readonly table: TableName;
  readonly key: KeyDefinition;
  readonly orReplace: boolean;
}

export interface DropIndex {
  readonly kind: "drop_index";
  readonly table: TableName;
  readonly name: string;
  readonly ifExists: boolean;
}

export interface DropTable {
  readonly kind: "drop_table";
  readonly tables: readonly TableName[];
  readonly temporary: boolean;
  readonly ifExists: boolean;
}

export interface RenameTable {
  readonly kind: "rename_table";
  readonly renames: readonly { readonly from: TableName; readonly to: TableName }[];
  readonly ifExists: boolean;
}

export interface TruncateTable {
  readonly kind: "truncate";
  readonly table: TableName;
}

export type DdlStatement =
  | CreateTable
  | AlterTable
  | CreateIndex
  | DropIndex
  | DropTable
  | RenameTable
  | TruncateTable;
