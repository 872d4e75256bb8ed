/** The tables of a database as MySQL sees them, kept beside SQLite's own schema. */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { ForeignKeyModel, TableModel } from "./schema_model.ts";

/** What is needed of a connection. */
export type Runner = Pick<DatabaseSync, "exec" | "prepare">;

/** A foreign key that refers to some table, and the table that has it. */
export interface Reference {
  readonly table: TableModel;
  readonly key: ForeignKeyModel;
}

/** All tables at one moment. */
export interface Schemas {
  readonly tables: ReadonlyMap<string, TableModel>;
  /** By the name of the table referred to. */
  readonly references: ReadonlyMap<string, readonly Reference[]>;
}

/**
 * One row a table, and one named `` whose counter rises with every change: reading it tells whether
 * what was read before still holds, in whatever snapshot the connection is.
 */
const CREATE = `CREATE TABLE IF NOT EXISTS _minisql_schema (
  name TEXT PRIMARY KEY,
  model TEXT NOT NULL,
  next_id INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO _minisql_schema (name, model, next_id) VALUES ('', '', 0)`;

/** Makes the table that schemas are kept in, where it is not there yet. */
export function createSchemaTable(db: Runner): void {
  db.exec(CREATE);
}

/** Reads and changes the schemas over one connection. */
export class SchemaStore {
  readonly #db: Runner;
  #version: StatementSync | null = null;
  #seen = -1;
  /** The text of each model as it was last read. */
  #texts = new Map<string, string>();
  #schemas: Schemas = { tables: new Map(), references: new Map() };

  /** `createSchemaTable` must have been called on the database, by whatever connection. */
  constructor(db: Runner) {
    this.#db = db;
  }

  /** The schemas that the connection sees now, inside its transaction where it has one open. */
  current(): Schemas {
    this.#version ??= this.#db.prepare("SELECT next_id FROM _minisql_schema WHERE name = ''");
    const version = Number(this.#version.get()?.["next_id"] ?? 0);
    if (version !== this.#seen) {
      this.#read();
      this.#seen = version;
    }
    return this.#schemas;
  }

  /** Reads anew what comes next: what was changed has been rolled back. */
  forget(): void {
    this.#seen = -1;
  }

  /** The table of exactly this name: names of tables differ by case, as on Linux. */
  table(name: string): TableModel | null {
    return this.current().tables.get(name) ?? null;
  }

  /** Names of all tables, sorted. */
  names(): readonly string[] {
    return [...this.current().tables.keys()].sort();
  }

  /** The foreign keys that refer to a table, its own among them. */
  referencing(name: string): readonly Reference[] {
    return this.current().references.get(name) ?? [];
  }

  /** A number that no table of this database ever had. Call it in the transaction that uses it. */
  newSerial(): number {
    this.#bump();
    this.current();
    return this.#seen;
  }

  /** Keeps a table's model, under its name. */
  save(table: TableModel): void {
    this.#db.prepare(
      `INSERT INTO _minisql_schema (name, model, next_id) VALUES (?, ?, 1)
        ON CONFLICT (name) DO UPDATE SET model = excluded.model`,
    ).run(table.name, JSON.stringify(table));
    this.#bump();
  }

  remove(name: string): void {
    this.#db.prepare("DELETE FROM _minisql_schema WHERE name = ?").run(name);
    this.#bump();
  }

  /** Keeps a renamed table's model under its new name; its AUTO_INCREMENT counter goes with it. */
  rename(from: string, table: TableModel): void {
    this.#db.prepare("UPDATE _minisql_schema SET name = ?, model = ? WHERE name = ?")
      .run(table.name, JSON.stringify(table), from);
    this.#bump();
  }

  #bump(): void {
    this.#db.exec("UPDATE _minisql_schema SET next_id = next_id + 1 WHERE name = ''");
  }

  #read(): void {
    const rows = this.#db.prepare("SELECT name, model FROM _minisql_schema WHERE name <> ''").all();
    const tables = new Map<string, TableModel>();
    const texts = new Map<string, string>();
    for (const row of rows) {
      const name = String(row["name"]);
      const text = String(row["model"]);
      const known = this.#texts.get(name) === text ? this.#schemas.tables.get(name) : undefined;
      tables.set(name, known ?? JSON.parse(text));
      texts.set(name, text);
    }
    this.#texts = texts;
    this.#schemas = { tables, references: referencesOf(tables) };
  }
}

function referencesOf(
  tables: ReadonlyMap<string, TableModel>,
): ReadonlyMap<string, readonly Reference[]> {
  const references = new Map<string, Reference[]>();
  for (const table of tables.values()) {
    for (const key of table.foreignKeys) {
      const known = references.get(key.references.table) ?? [];
      known.push({ table, key });
      references.set(key.references.table, known);
    }
  }
  return references;
}
