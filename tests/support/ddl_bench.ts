/** Statements on tables run by the embedded engine's own half for them, without its sessions. */
import { SqliteConnection } from "../../src/adapters/sqlite/connection.ts";
import { executeDdl } from "../../src/adapters/sqlite/ddl.ts";
import type { DdlOutcome } from "../../src/adapters/sqlite/ddl_context.ts";
import { sqlName } from "../../src/adapters/sqlite/ddl_sql.ts";
import { createSchemaTable } from "../../src/adapters/sqlite/schema.ts";
import { AutoIncrement } from "../../src/adapters/sqlite/schema_auto_increment.ts";
import { showStatement } from "../../src/adapters/sqlite/show.ts";
import { translateDefinition } from "../../src/adapters/sqlite/translate_definition.ts";
import type { SqlValue } from "../../src/adapters/sqlite/types.ts";
import { presentCell } from "../../src/adapters/sqlite/types_present.ts";
import { storeValue } from "../../src/adapters/sqlite/types_store.ts";
import type { Cell, Row } from "../../src/protocol/values.ts";
import { parseDdl } from "../../src/sql/ddl/parser.ts";

export class DdlBench implements Disposable {
  readonly connection: SqliteConnection;
  readonly autoIncrement = new AutoIncrement();
  foreignKeyChecks = true;

  constructor(location = ":memory:") {
    this.connection = new SqliteConnection(location, "the test's database");
    createSchemaTable(this.connection.db);
  }

  get context() {
    return {
      db: this.connection.runner,
      schemas: this.connection.schemas,
      autoIncrement: this.autoIncrement,
      database: "here",
      foreignKeyChecks: this.foreignKeyChecks,
      nowMicros: 1_600_000_000_000_000,
      translate: translateDefinition("here"),
    };
  }

  ddl(sql: string): DdlOutcome {
    const statement = parseDdl(sql);
    if (statement === null) throw new Error(`Not a statement on tables: ${sql}`);
    return executeDdl(this.context, statement);
  }

  show(sql: string): readonly Row[] {
    const rows = showStatement(this.context, sql);
    if (rows === null) throw new Error(`Not a statement that shows: ${sql}`);
    return rows.rows;
  }

  /** Stores rows of given values, as an INSERT on all columns that are not generated does. */
  insert(name: string, ...rows: readonly (readonly SqlValue[])[]): void {
    const table = this.connection.schemas.table(name);
    if (table === null) throw new Error(`No table ${name}`);
    const columns = table.columns.filter((column) => column.generated === null);
    rows.forEach((values, at) => {
      const stored = columns.map((column, place) => {
        const given = values[place] ?? null;
        const draws = column.autoIncrement && (given === null || given === 0n);
        const value = draws ? this.autoIncrement.next(this.context.db, table) : given;
        const kept = storeValue(column, value, { row: at + 1 });
        if (column.autoIncrement) {
          this.autoIncrement.note(this.context.db, table, BigInt(String(kept)));
        }
        return kept;
      });
      const names = columns.map((column) => sqlName(column.name)).join(", ");
      const marks = columns.map(() => "?").join(", ");
      this.connection.run(`INSERT INTO ${sqlName(name)} (${names}) VALUES (${marks})`, ...stored);
    });
  }

  /** The rows of a table as a client would see them, in the order of their first column. */
  rows(name: string): readonly (readonly Cell[])[] {
    const table = this.connection.schemas.table(name);
    if (table === null) throw new Error(`No table ${name}`);
    const names = table.columns.map((column) => sqlName(column.name));
    return this.connection.all(`SELECT ${names.join(", ")} FROM ${sqlName(name)} ORDER BY 1`)
      .map((row) =>
        row.map((value, at) => {
          const column = table.columns[at];
          return column === undefined ? null : presentCell(column.type, value);
        })
      );
  }

  [Symbol.dispose](): void {
    this.connection.close();
  }
}
