/** A table in the making: what CREATE and ALTER TABLE change step by step, then check as a whole. */
import { sqlError } from "../../protocol/errors.ts";
import type {
  CheckDefinition,
  ColumnDefinition,
  ColumnPosition,
  ForeignKeyDefinition,
  KeyDefinition,
} from "../../sql/ddl/model.ts";
import { type Charset, SERVER_CHARSET } from "./schema_charset.ts";
import { resolveColumn } from "./schema_column.ts";
import {
  cannotDrop,
  duplicateColumn,
  duplicateKeyName,
  malformedForeignKey,
  unknownColumn,
  unsupported,
} from "./schema_errors.ts";
import { freeForeignKeyName, resolveForeignKey } from "./schema_foreign_keys.ts";
import { checkTable } from "./schema_rules.ts";
import { checkKeyName, covers, freeKeyName, resolveKey, sortIndexes } from "./schema_keys.ts";
import {
  type CheckModel,
  type ColumnModel,
  type ForeignKeyModel,
  type IndexModel,
  sameName,
  type TableModel,
} from "./schema_model.ts";
import { familyOf } from "./types.ts";

export interface DraftScope {
  readonly database: string;
  readonly lookUp: (name: string) => TableModel | null;
  readonly foreignKeyChecks: boolean;
  /** Whether another table has a foreign key of this name. */
  readonly foreignKeyNameTaken: (name: string, table: string) => boolean;
}

const KEYS_MAX = 64;

export class TableDraft {
  name: string;
  charset: Charset = SERVER_CHARSET;
  comment = "";
  options: Readonly<Record<string, string>> = {};
  columns: ColumnModel[] = [];
  indexes: IndexModel[] = [];
  foreignKeys: ForeignKeyModel[] = [];
  checks: CheckModel[] = [];
  readonly #scope: DraftScope;
  readonly #identity: Pick<TableModel, "serial" | "createdMicros">;

  constructor(
    name: string,
    identity: Pick<TableModel, "serial" | "createdMicros">,
    scope: DraftScope,
  ) {
    this.name = name;
    this.#identity = identity;
    this.#scope = scope;
  }

  static from(table: TableModel, scope: DraftScope): TableDraft {
    const draft = new TableDraft(table.name, table, scope);
    draft.charset = { charset: table.charset, collation: table.collation };
    draft.comment = table.comment;
    draft.options = table.options;
    draft.columns = [...table.columns];
    draft.indexes = [...table.indexes];
    draft.foreignKeys = [...table.foreignKeys];
    draft.checks = [...table.checks];
    return draft;
  }

  column(name: string): ColumnModel | null {
    return this.columns.find((column) => sameName(column.name, name)) ?? null;
  }

  /** Adds the column alone; what it says of keys is added by `addColumnKeys`. */
  addColumn(definition: ColumnDefinition, position: ColumnPosition): void {
    if (this.column(definition.name) !== null) throw duplicateColumn(definition.name);
    this.placeColumn(resolveColumn(definition, this.charset), position);
  }

  placeColumn(column: ColumnModel, position: ColumnPosition): void {
    if (position === null) {
      this.columns.push(column);
      return;
    }
    if (position === "first") {
      this.columns.unshift(column);
      return;
    }
    const at = this.columns.findIndex((each) => sameName(each.name, position.after));
    if (at < 0) throw unknownColumn(position.after, this.name);
    this.columns.splice(at + 1, 0, column);
  }

  addColumnKeys(definition: ColumnDefinition): void {
    const part = { column: definition.name, expression: null, length: null, descending: false };
    const bare = {
      at: definition.at,
      name: null,
      parts: [part],
      method: null,
      comment: null,
      invisible: false,
      ifNotExists: false,
      extras: [],
    };
    if (definition.primary) this.addKey({ ...bare, kind: "primary" });
    if (definition.unique) this.addKey({ ...bare, kind: "unique" });
    if (definition.references === null) return;
    this.addForeignKey({
      at: definition.at,
      name: null,
      indexName: null,
      columns: [definition.name],
      references: definition.references,
      ifNotExists: false,
    });
  }

  /** Calls columns by their new names in keys; old ones are in lower case. */
  renameInKeys(renames: ReadonlyMap<string, string>): void {
    const renamed = (name: string) => renames.get(name.toLowerCase()) ?? name;
    this.indexes = this.indexes.map((index) => ({
      ...index,
      parts: index.parts.map((part) => ({ ...part, column: renamed(part.column) })),
    }));
    this.foreignKeys = this.foreignKeys.map((key) => ({
      ...key,
      columns: key.columns.map(renamed),
      references: key.references.table === this.name
        ? { table: this.name, columns: key.references.columns.map(renamed) }
        : key.references,
    }));
  }

  /** Takes columns out of the keys that have them; a key goes with its last column. */
  dropFromKeys(names: readonly string[]): void {
    const gone = (name: string) => names.some((each) => sameName(each, name));
    this.indexes = this.indexes
      .map((index) => ({ ...index, parts: index.parts.filter((part) => !gone(part.column)) }))
      .filter((index) => index.parts.length > 0);
  }

  addKey(key: KeyDefinition): void {
    const index = resolveKey(key, this.columns);
    if (index.kind === "primary") return this.#addPrimaryKey(index);
    this.#dropCovered(index);
    if (index.name !== "" && this.indexes.some((each) => sameName(each.name, index.name))) {
      throw duplicateKeyName(index.name);
    }
    const name = index.name === "" ? freeKeyName(index, this.indexes) : index.name;
    this.indexes.push({ ...index, name });
    if (this.indexes.length > KEYS_MAX) {
      throw sqlError(1069, "42000", `Too many keys specified; max ${KEYS_MAX} keys allowed`);
    }
  }

  /**
   * A key made only to serve a foreign key gives way to one that was asked for, and its name is
   * free before any of the keys that are added together with that one is named.
   */
  makeRoomFor(keys: readonly KeyDefinition[]): void {
    for (const key of keys) this.#dropCovered(resolveKey(key, this.columns));
  }

  #dropCovered(index: IndexModel): void {
    this.indexes = this.indexes.filter((each) =>
      !each.implied || !covers(index, each.parts.map((part) => part.column))
    );
  }

  #addPrimaryKey(index: IndexModel): void {
    if (this.indexes.some((each) => each.kind === "primary")) {
      throw sqlError(1068, "42000", "Multiple primary key defined");
    }
    this.indexes.push(index);
    const named = new Set(index.parts.map((part) => part.column));
    this.columns = this.columns.map((column) =>
      named.has(column.name) ? withoutNull(column) : column
    );
  }

  renameKey(from: string, to: string): void {
    const at = this.indexes.findIndex((index) => sameName(index.name, from));
    const index = this.indexes[at];
    if (index === undefined || index.kind === "primary") {
      throw sqlError(1176, "42000", `Key '${from}' doesn't exist in table '${this.name}'`);
    }
    checkKeyName(to);
    if (!sameName(from, to) && this.indexes.some((each) => sameName(each.name, to))) {
      throw duplicateKeyName(to);
    }
    this.indexes[at] = { ...index, name: to, implied: false };
  }

  dropKey(name: string): void {
    if (!this.indexes.some((index) => sameName(index.name, name))) throw cannotDrop("INDEX", name);
    this.indexes = this.indexes.filter((index) => !sameName(index.name, name));
  }

  addForeignKey(definition: ForeignKeyDefinition): void {
    const key = resolveForeignKey(definition, {
      database: this.#scope.database,
      table: this,
      lookUp: this.#scope.lookUp,
      checks: this.#scope.foreignKeyChecks,
    });
    const name = key.name === "" ? freeForeignKeyName(this.name, this.foreignKeys) : key.name;
    const taken = this.foreignKeys.some((each) => sameName(each.name, name)) ||
      this.#scope.foreignKeyNameTaken(name, this.name);
    if (taken) throw malformedForeignKey(this.#scope.database, this.name, 121);
    this.foreignKeys.push({ ...key, name });
    const said = definition.name ?? definition.indexName;
    const serving = this.indexes.filter((index) => covers(index, key.columns));
    // Of two keys made for the same columns, it is the later that stays.
    const earlier = serving.every((index) =>
      index.implied && index.parts.length === key.columns.length
    );
    if (!earlier) return;
    this.indexes = this.indexes.filter((index) => !serving.includes(index));
    this.#addImpliedKey(key, said);
  }

  #addImpliedKey(key: ForeignKeyModel, name: string | null): void {
    const index: IndexModel = {
      name: name ?? "",
      kind: "index",
      unique: false,
      parts: key.columns.map((column) => ({ column, length: null, descending: false })),
      method: null,
      comment: "",
      invisible: false,
      implied: true,
    };
    const own = index.name === "" ? freeKeyName(index, this.indexes) : index.name;
    if (this.indexes.some((each) => sameName(each.name, own))) throw duplicateKeyName(own);
    this.indexes.push({ ...index, name: own });
  }

  dropForeignKey(name: string): void {
    if (!this.foreignKeys.some((key) => sameName(key.name, name))) {
      throw cannotDrop("FOREIGN KEY", name);
    }
    this.foreignKeys = this.foreignKeys.filter((key) => !sameName(key.name, name));
  }

  addCheck(check: CheckDefinition): void {
    if (!check.enforced) {
      throw unsupported("Cannot add a CHECK that is NOT ENFORCED: it would be none; leave it out");
    }
    const name = check.name ?? this.#freeCheckName();
    if (this.checks.some((each) => sameName(each.name, name))) {
      throw sqlError(1826, "HY000", `Duplicate CHECK constraint name '${name}'`);
    }
    this.checks.push({ name, sql: check.sql });
  }

  #freeCheckName(): string {
    let number = 1;
    while (this.checks.some((each) => sameName(each.name, `CONSTRAINT_${number}`))) number++;
    return `CONSTRAINT_${number}`;
  }

  /** The table as it now is, checked as a whole. */
  finish(): TableModel {
    const table: TableModel = {
      name: this.name,
      serial: this.#identity.serial,
      createdMicros: this.#identity.createdMicros,
      columns: this.columns,
      indexes: sortIndexes(this.indexes, this.columns),
      foreignKeys: this.foreignKeys,
      checks: this.checks,
      charset: this.charset.charset,
      collation: this.charset.collation,
      comment: this.comment,
      options: this.options,
    };
    checkTable(table);
    const rowNumber = rowNumberColumn(table);
    return {
      ...table,
      columns: table.columns.map((column) => ({ ...column, isRowNumber: column === rowNumber })),
    };
  }
}

/** The column that can be SQLite's own row number: an integer that is the whole primary key. */
function rowNumberColumn({ columns, indexes }: TableModel): ColumnModel | null {
  const parts = indexes.find((index) => index.kind === "primary")?.parts ?? [];
  const column = columns.find((each) => each.name === parts[0]?.column);
  if (column === undefined || parts.length !== 1 || column.generated !== null) return null;
  return familyOf(column.type.name) === "integer" ? column : null;
}

/** What a column becomes in a primary key; a default of NULL is then none. */
function withoutNull(column: ColumnModel): ColumnModel {
  const none = column.default?.kind === "null";
  return { ...column, nullable: false, default: none ? null : column.default };
}
