/** The embedded engine: MySQL's everyday SQL on SQLite, in a file or in memory. */
import type { Clock } from "../../ports/clock.ts";
import type {
  Engine,
  EngineInfo,
  EngineSession,
  Fingerprint,
  StandIn,
  TableSchema,
} from "../../ports/engine.ts";
import type { Random } from "../../ports/random.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { quoteName } from "../../sql/names.ts";
import { standInSql } from "../../sql/stand_in.ts";
import { type CoreOptions, EngineCore } from "./engine_core.ts";
import { dropFingerprint, keepFingerprint, keptFingerprint } from "./fingerprint.ts";
import { countContent } from "./fingerprint_count.ts";
import { noSuchTable } from "./schema_errors.ts";
import { tableSchema } from "./schema_port.ts";
import { SqliteSession } from "./session.ts";
import { Facts } from "./session_facts.ts";
import type { SqliteStore } from "./store.ts";
import { FileStore, type Synchronous } from "./store_file.ts";
import { MemoryStore } from "./store_memory.ts";
import { PrivateStore } from "./store_private.ts";
import { SQL_MODE } from "./translate_system_variable.ts";

export interface SqliteEngineOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What DATABASE() says; `minisql` where nothing is said. */
  readonly database?: string;
  /** A file, made where it is missing; in memory where none is named. */
  readonly path?: string;
  /** Of a file. `normal` where nothing is said: the replication log is what must not lose. */
  readonly synchronous?: Synchronous;
  /** How long a writer waits for another one. */
  readonly lockWaitMs?: number;
  /**
   * How often somebody wanted an end of what keeps the process busy. SQLite runs in one go what
   * gives no rows, and hears of nothing else meanwhile; it asks this now and then.
   */
  readonly interrupts?: () => number;
}

/** innodb_lock_wait_timeout, where nothing else is said. */
const LOCK_WAIT_MS = 50_000;
/** For what the engine does by itself. */
const OWN_LIMIT_MS = 3_600_000;

export class SqliteEngine implements Engine {
  readonly #core: EngineCore;
  readonly #options: CoreOptions;
  readonly #store: SqliteStore;
  readonly #sessions = new Set<SqliteSession>();
  readonly info: EngineInfo;
  readonly lookups = null;
  #closed = false;

  /** Opens the database. Raises `UNAVAILABLE` where it cannot be read or written. */
  constructor(options: SqliteEngineOptions) {
    const { clock, random, database = "minisql", lockWaitMs = LOCK_WAIT_MS } = options;
    this.#store = options.path === undefined
      ? new MemoryStore(random.id())
      : new FileStore(options.path, options.synchronous ?? "normal");
    const { interrupts } = options;
    this.#options = {
      ...{ clock, random, database, lockWaitMs },
      ...(interrupts === undefined ? {} : { interrupts }),
    };
    this.#core = new EngineCore(this.#store, this.#options);
    this.info = infoOf(this.#store);
  }

  async session(): Promise<EngineSession> {
    this.#check();
    const session = new SqliteSession(this.#core, (closed) => this.#sessions.delete(closed));
    this.#sessions.add(session);
    return await Promise.resolve(session);
  }

  /** What SQLite has of tables for one session, no snapshot sees: so it gets a database to itself. */
  async sessionWith(standIns: readonly StandIn[]): Promise<EngineSession> {
    this.#check();
    const snapshot = this.#store.snapshot();
    let store: PrivateStore;
    try {
      store = new PrivateStore(snapshot.connection);
    } finally {
      snapshot.release();
    }
    const session = new SqliteSession(new EngineCore(store, this.#options), (closed) => {
      this.#sessions.delete(closed);
      store.close();
    });
    this.#sessions.add(session);
    try {
      const options = { timeoutMs: OWN_LIMIT_MS, context: { foreignKeyChecks: false } };
      for (const standIn of standIns) {
        await session.run(`DROP TABLE IF EXISTS ${quoteName(standIn.name)}`, options);
        await session.run(`CREATE TABLE ${standInSql(standIn)}`, options);
      }
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  async tables(): Promise<readonly string[]> {
    this.#check();
    const names = this.#store.writer.schemas.names();
    return await Promise.resolve(names.filter((name) => !name.startsWith("_minisql")));
  }

  async schema(table: string): Promise<TableSchema | null> {
    this.#check();
    const { writer } = this.#store;
    const model = writer.schemas.table(table);
    if (model === null) return await Promise.resolve(null);
    return tableSchema(model, this.#core.nextId(writer, model));
  }

  async maintainFingerprint(table: string): Promise<Fingerprint> {
    return await this.#writing(async (facts) => {
      const { writer } = this.#store;
      const model = writer.schemas.table(table);
      if (model === null) throw noSuchTable(this.#core.database, table);
      const connection = () => writer;
      const content = await countContent(this.#core, model, { facts, connection, range: null });
      keepFingerprint(writer, model, content);
      return keptFingerprint(writer, model) ?? content;
    });
  }

  async forgetFingerprint(table: string): Promise<void> {
    await this.#writing(() => {
      const { writer } = this.#store;
      dropFingerprint(writer, writer.schemas.table(table));
      return Promise.resolve();
    });
  }

  /** Does something in a transaction of the engine's own. */
  async #writing<T>(action: (facts: Facts) => Promise<T>): Promise<T> {
    this.#check();
    const facts = new Facts(this.#core, { lastInsertId: 0n, rowCount: -1n }, {
      timeoutMs: OWN_LIMIT_MS,
    });
    await this.#core.begin(true, { deadline: facts.deadline });
    try {
      this.#store.writer.state.begin(facts);
      const value = await action(facts);
      this.#core.commit();
      return value;
    } catch (error) {
      if (this.#store.writer.isInTransaction) this.#core.rollback();
      throw error;
    }
  }

  async makeDurable(): Promise<void> {
    this.#check();
    await this.#store.makeDurable();
  }

  async ping(_timeoutMs: number): Promise<void> {
    this.#check();
    await Promise.resolve();
    this.#store.writer.all("SELECT 1");
  }

  #check(): void {
    if (this.#closed) {
      throw new MinisqlError("UNAVAILABLE", `Cannot use ${this.#store.where}: it is closed`);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    for (const session of [...this.#sessions]) await session.close();
    this.#closed = true;
    this.#store.close();
  }
}

function infoOf(store: SqliteStore): EngineInfo {
  const [[version] = []] = store.writer.all("SELECT sqlite_version()");
  return {
    vendor: "sqlite",
    version: String(version),
    settings: {
      sql_mode: SQL_MODE,
      collation: "utf8mb4_general_ci",
      time_zone: "+00:00",
      tx_isolation: "REPEATABLE-READ",
      lower_case_table_names: "0",
    },
  };
}
