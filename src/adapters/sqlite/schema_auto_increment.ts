/** The numbers that AUTO_INCREMENT columns give out: they only rise, and a rollback keeps no gap shut. */
import type { Runner } from "./schema.ts";
import { autoIncrementColumn, type TableModel } from "./schema_model.ts";
import { integerRange } from "./types.ts";

/**
 * The counters of one database, shared by its sessions. As in InnoDB, a number given out is never
 * given again, though its transaction be rolled back; the counter on disk is behind only by what
 * such transactions drew, which a restart may then give out again.
 */
export class AutoIncrement {
  readonly #next = new Map<string, bigint>();

  /** The number that the next row gets: at least 1. */
  next(db: Runner, table: TableModel): bigint {
    const kept = this.#kept(db, table.name);
    const drawn = this.#next.get(table.name) ?? 1n;
    return kept > drawn ? kept : drawn;
  }

  /**
   * A row was stored with `used`, drawn or said. Call it in the transaction that stored it; with
   * `known`, what `next` said before in that transaction.
   */
  note(db: Runner, table: TableModel, used: bigint, known: bigint | null = null): void {
    const next = known ?? this.next(db, table);
    if (used < next) return;
    this.#set(db, table, used + 1n);
  }

  /** `drawn` was given out for a row that was not stored after all. */
  lose(table: TableModel, drawn: bigint): void {
    const next = this.#next.get(table.name) ?? 1n;
    if (drawn >= next) this.#next.set(table.name, drawn + 1n);
  }

  /**
   * ALTER TABLE … AUTO_INCREMENT = `to`, or TRUNCATE with 1: down too, but never to a number that a
   * row has.
   */
  reset(db: Runner, table: TableModel, to: bigint): void {
    const column = autoIncrementColumn(table);
    if (column === null) return;
    const name = `"${column.name.replaceAll('"', '""')}"`;
    const source = `"${table.name.replaceAll('"', '""')}"`;
    const statement = db.prepare(`SELECT max(${name}) AS top FROM ${source}`);
    statement.setReadBigInts(true);
    const top = statement.get()?.["top"];
    // Numbers beyond SQLite's integers are text.
    const largest = typeof top === "bigint" || typeof top === "string" ? BigInt(top) : 0n;
    const least = largest > 0n ? largest + 1n : 1n;
    this.#next.delete(table.name);
    this.#set(db, table, to > least ? to : least);
  }

  /** A table is no more, or begins anew. */
  forget(name: string): void {
    this.#next.delete(name);
  }

  rename(from: string, to: string): void {
    const next = this.#next.get(from);
    this.#next.delete(from);
    this.#next.delete(to);
    if (next !== undefined) this.#next.set(to, next);
  }

  /** The largest number the column has room for; drawing one above is MySQL's error 167 or 1467. */
  static largest(table: TableModel): bigint {
    const column = autoIncrementColumn(table);
    return column === null ? 0n : integerRange(column.type).max;
  }

  #kept(db: Runner, name: string): bigint {
    const statement = db.prepare("SELECT next_id FROM _minisql_schema WHERE name = ?");
    statement.setReadBigInts(true);
    const next = statement.get(name)?.["next_id"];
    return typeof next === "bigint" ? next : 1n;
  }

  #set(db: Runner, table: TableModel, next: bigint): void {
    this.#next.set(table.name, next);
    const largest = 2n ** 63n - 1n;
    db.prepare("UPDATE _minisql_schema SET next_id = ? WHERE name = ?")
      .run(next > largest ? largest : next, table.name);
  }
}
