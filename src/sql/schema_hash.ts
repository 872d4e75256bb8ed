/** The hash of a table's schema: alike on every server whose tables hold and do the same. */
import { crc32Hex } from "../base/crc32.ts";
import { md5Hex } from "../base/md5.ts";
import { inNameOrder } from "./fingerprint.ts";

/** What counts; a table's schema fits. Comments, counters and storage options do not. */
export interface HashedSchema {
  readonly columns: readonly {
    readonly name: string;
    readonly type: string;
    readonly nullable: boolean;
    readonly defaultSql: string | null;
    readonly autoIncrement: boolean;
    readonly generatedSql: string | null;
    readonly collation: string | null;
    readonly onUpdateSql: string | null;
    readonly invisible: boolean;
  }[];
  readonly indexes: readonly {
    readonly name: string;
    readonly unique: boolean;
    readonly columns: readonly string[];
    readonly method: string;
  }[];
  readonly foreignKeys: readonly {
    readonly name: string;
    readonly columns: readonly string[];
    readonly references: { readonly table: string; readonly columns: readonly string[] };
    readonly onDelete: string;
    readonly onUpdate: string;
  }[];
  readonly storage: string;
  /** What else decides over rows: checks, partitions, triggers, as text. */
  readonly rules: readonly string[];
}

/** Eight hexadecimal digits. The order of columns, indexes, foreign keys and rules is nothing. */
export function schemaHash(schema: HashedSchema): string {
  const facts = [
    inNameOrder(schema.columns).map((column) => [
      ...[column.name, column.type, column.nullable, column.defaultSql, column.autoIncrement],
      ...[column.generatedSql, column.collation, column.onUpdateSql, column.invisible],
    ]),
    inNameOrder(schema.indexes).map((index) => [
      ...[index.name, index.unique, index.method, index.columns],
    ]),
    inNameOrder(schema.foreignKeys).map((key) => [
      ...[key.name, key.columns, key.references.table, key.references.columns],
      ...[key.onDelete, key.onUpdate],
    ]),
    schema.storage,
    [...schema.rules].sort(),
  ];
  return crc32Hex(md5Hex(JSON.stringify(facts)));
}
