/** The Engine port on a database in memory, for one process. A tiny part of MySQL's SQL, quickly. */
import type {
  Engine,
  EngineInfo,
  EngineSession,
  Fingerprint,
  Found,
  Lookup,
  Lookups,
  StandIn,
  TableSchema,
} from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { standInSql } from "../../sql/stand_in.ts";
import { noSuchTable } from "../sqlite/schema_errors.ts";
import type { TableModel } from "../sqlite/schema_model.ts";
import { tableSchema } from "../sqlite/schema_port.ts";
import { DATABASE, type MemoryDatabase } from "./database.ts";
import { MemorySession } from "./session.ts";
import { type Content, count, fingerprintOf, type Table } from "./table.ts";

const INFO: EngineInfo = {
  vendor: "sqlite",
  version: "memory",
  settings: { collation: "utf8mb4_general_ci", time_zone: "+00:00" },
};

const OWN_LIMIT_MS = 60_000;

export class MemoryEngine implements Engine {
  readonly info = INFO;
  readonly lookups: Lookups = { find: (lookup) => this.#find(lookup) };
  readonly #database: MemoryDatabase;
  readonly #schemas = new WeakMap<TableModel, TableSchema>();
  readonly #own = new Set<MemorySession>();
  #closed = false;

  constructor(database: MemoryDatabase) {
    this.#database = database;
  }

  async session(): Promise<EngineSession> {
    return await this.#open();
  }

  /** Tables never change, so a database that begins with those of another costs nothing. */
  async sessionWith(standIns: readonly StandIn[]): Promise<EngineSession> {
    await this.#reach();
    const branch = this.#database.branch(standIns.map(({ name }) => name));
    const session = this.#keep(new MemorySession(branch, [this.#database]));
    for (const standIn of standIns) {
      await session.run(`CREATE TABLE ${standInSql(standIn)}`, { timeoutMs: OWN_LIMIT_MS });
    }
    return session;
  }

  async #find({ sql, table, kept, ...limit }: Lookup): Promise<Found> {
    const session = await this.#open();
    try {
      const { columns, rows } = await session.run(sql, limit);
      return { columns, rows, kept: kept ? await session.fingerprint(table) : null };
    } catch (error) {
      if (!(error instanceof MinisqlError) || error.code !== "OUTCOME_UNKNOWN") throw error;
      throw new MinisqlError("UNAVAILABLE", error.message, { cause: error });
    } finally {
      await session.close();
    }
  }

  async #open(): Promise<MemorySession> {
    await this.#reach();
    return this.#keep(new MemorySession(this.#database));
  }

  #keep(session: MemorySession): MemorySession {
    this.#own.add(session);
    if (this.#own.size > 16) {
      for (const each of this.#own) if (!each.usable) this.#own.delete(each);
    }
    return session;
  }

  async #reach(): Promise<void> {
    await this.#database.pause();
    if (this.#closed || !this.#database.up) {
      throw new MinisqlError("UNAVAILABLE", "Cannot reach the database: connection refused");
    }
  }

  async tables(): Promise<readonly string[]> {
    await this.#reach();
    return [...this.#database.tables.keys()].filter((name) => !name.startsWith("_minisql")).sort();
  }

  async schema(table: string): Promise<TableSchema | null> {
    await this.#reach();
    const found = this.#database.tables.get(table);
    if (found === undefined) return null;
    const known = this.#schemas.get(found.model) ?? tableSchema(found.model, 1n);
    this.#schemas.set(found.model, known);
    return known;
  }

  async maintainFingerprint(table: string): Promise<Fingerprint> {
    const kept = await this.#set(table, ({ model, rows }) => count(model, rows));
    const fingerprint = kept === null ? null : fingerprintOf(kept);
    if (fingerprint === null) throw noSuchTable(DATABASE, table);
    return fingerprint;
  }

  async forgetFingerprint(table: string): Promise<void> {
    await this.#set(table, () => null);
  }

  async #set(name: string, content: (table: Table) => Content | null): Promise<Table | null> {
    const session = await this.#open();
    try {
      return await session.alone((tables) => {
        const table = tables.get(name);
        if (table === undefined) return { tables, value: null };
        const value = { ...table, content: content(table) };
        return { tables: new Map(tables).set(name, value), value };
      });
    } finally {
      await session.close();
    }
  }

  async makeDurable(): Promise<void> {
    await this.#reach();
    this.#database.makeDurable();
  }

  async ping(_timeoutMs: number): Promise<void> {
    await this.#reach();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const session of this.#own) await session.close();
  }
}
