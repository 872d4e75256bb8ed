/** The Engine port on MySQL and MariaDB: one database, kept with fingerprints. */
import type { Clock } from "../ports/clock.ts";
import type {
  Engine,
  EngineInfo,
  EngineSession,
  Fingerprint,
  StandIn,
  TableSchema,
} from "../ports/engine.ts";
import type { Random } from "../ports/random.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { standInSql } from "../sql/stand_in.ts";
import { Channel } from "./mysql/channel.ts";
import { ChannelPool } from "./mysql/channel_pool.ts";
import { Control } from "./mysql/control.ts";
import { CREATE_FLUSH_TABLE, makeDurable } from "./mysql/durable.ts";
import { CREATE_TABLE } from "./mysql/fingerprint_rows.ts";
import { MysqlLink } from "./mysql/link.ts";
import { MysqlLookups } from "./mysql/lookups.ts";
import { forget, maintain } from "./mysql/maintenance.ts";
import { MysqlSession } from "./mysql/mysql_session.ts";
import {
  DEFAULT_LIMITS,
  type MysqlEngineOptions,
  type MysqlLimits,
  placeOf,
} from "./mysql/options.ts";
import { readTable } from "./mysql/schema_reader.ts";
import { askFacts, type Dialect, type ServerFacts, settingsOf } from "./mysql/server_facts.ts";
import { setupStatements, toldPins } from "./mysql/session_pins.ts";
import { checkServer } from "./mysql/start_check.ts";
import { contextSetter } from "./mysql/statement_context.ts";
import { TriggerMender } from "./mysql/trigger_mender.ts";

export interface MysqlEngineDeps {
  readonly clock: Clock;
  readonly random: Random;
}

interface EngineParts extends MysqlEngineDeps {
  readonly options: MysqlEngineOptions;
  readonly limits: MysqlLimits;
  readonly control: Control;
  readonly mender: TriggerMender;
}

const TABLES = "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA=DATABASE() " +
  "AND TABLE_TYPE IN ('BASE TABLE','SYSTEM VERSIONED') AND TABLE_NAME NOT LIKE '\\_minisql%'";

export class MysqlEngine implements Engine {
  readonly info: EngineInfo;
  readonly lookups: MysqlLookups;
  readonly #parts: EngineParts;
  readonly #facts: ServerFacts;
  readonly #pool: ChannelPool;
  readonly #sessions = new Set<MysqlSession>();
  #opening = 0;
  #isClosed = false;
  #lastMaintenance: Promise<unknown> = Promise.resolve();

  private constructor(parts: EngineParts, facts: ServerFacts, info: EngineInfo) {
    this.#parts = parts;
    this.#facts = facts;
    this.info = info;
    this.#pool = new ChannelPool(parts.clock, parts.limits, () => this.#channel());
    this.lookups = new MysqlLookups(parts, this.#pool, () => this.#channel());
    if (facts.vendor === "mariadb") parts.mender.start(this.#pool);
  }

  /**
   * Resolves when the server is known to let us do all that is needed. `UNAVAILABLE` where it
   * cannot be reached, `UNSUPPORTED` where it or its settings will not do; both say what to change.
   */
  static async open(deps: MysqlEngineDeps, options: MysqlEngineOptions): Promise<MysqlEngine> {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    const control = new Control(deps.clock, options, limits);
    const mender = new TriggerMender();
    const parts: EngineParts = { ...deps, options, limits, control, mender };
    try {
      await control.open();
      const link = await MysqlLink.open(deps.clock, options, limits.connectMs);
      const channel = new Channel(link, parts);
      try {
        return await MysqlEngine.#openOn(channel, parts);
      } finally {
        await channel.close();
      }
    } catch (error) {
      await control.close();
      throw error;
    }
  }

  static async #openOn(channel: Channel, parts: EngineParts): Promise<MysqlEngine> {
    const facts = await askFacts(channel);
    for (const sql of setupStatements(facts)) await channel.command(sql);
    const settings = await settingsOf(channel, facts, toldPins());
    await checkServer(channel, facts, parts.options);
    for (const sql of [CREATE_TABLE, CREATE_FLUSH_TABLE]) await channel.command(sql);
    const { vendor, version } = facts;
    return new MysqlEngine(parts, facts, { vendor, version, settings });
  }

  async session(): Promise<EngineSession> {
    const { clock, limits, options, random } = this.#parts;
    if (this.#sessions.size + this.#opening >= limits.sessionsMax) {
      throw new MinisqlError(
        "UNAVAILABLE",
        `Cannot open a session: ${limits.sessionsMax} are open, as many as may be`,
      );
    }
    this.#opening++;
    try {
      const channel = await this.#channel();
      const session: MysqlSession = new MysqlSession({
        clock,
        channel,
        context: contextSetter(this.#dialect, random),
        dialect: this.#dialect,
        database: options.database,
        packetMax: Number(this.#facts.variables.get("max_allowed_packet")),
        schema: (table) => this.schema(table),
        onClose: () => this.#sessions.delete(session),
      });
      this.#sessions.add(session);
      return session;
    } finally {
      this.#opening--;
    }
  }

  async sessionWith(standIns: readonly StandIn[]): Promise<EngineSession> {
    const session = await this.session();
    try {
      const options = { timeoutMs: this.#parts.limits.connectMs };
      for (const standIn of standIns) {
        await session.run(`CREATE TEMPORARY TABLE ${standInSql(standIn)}`, options);
      }
      return session;
    } catch (error) {
      await session.close();
      if (!(error instanceof MinisqlError) || error.code !== "SQL") throw error;
      const why = `Cannot make a temporary table in the database: ${error.message}`;
      throw new MinisqlError("UNSUPPORTED", why, { cause: error });
    }
  }

  async tables(): Promise<readonly string[]> {
    const { rows } = await this.#pool.use((channel) => channel.command(TABLES));
    return rows.map(([name]) => String(name)).sort();
  }

  async schema(table: string): Promise<TableSchema | null> {
    const { vendor } = this.#facts;
    const facts = await this.#pool.use((channel) =>
      readTable(channel, this.#stored(table), vendor)
    );
    return facts?.schema ?? null;
  }

  async maintainFingerprint(table: string): Promise<Fingerprint> {
    const { limits, options: { database } } = this.#parts;
    const deps = { vendor: this.#facts.vendor, dialect: this.#dialect, database, limits };
    return await this.#maintenance((channel) => maintain(channel, this.#stored(table), deps));
  }

  async forgetFingerprint(table: string): Promise<void> {
    await this.#maintenance((channel) => forget(channel, this.#stored(table), this.#facts.vendor));
  }

  async makeDurable(): Promise<void> {
    await this.#maintenance(makeDurable);
  }

  async ping(timeoutMs: number): Promise<void> {
    const { clock, options } = this.#parts;
    const late = Promise.withResolvers<never>();
    const callOff = clock.after(timeoutMs, () => {
      const message = `Cannot reach MySQL at ${placeOf(options)}: no answer within ${timeoutMs} ms`;
      late.reject(new MinisqlError("UNAVAILABLE", message));
    });
    const answer = this.#pool.use((channel) => channel.ask("DO 0", { timeoutMs }));
    answer.catch(() => {});
    try {
      await Promise.race([answer, late.promise]);
    } catch (error) {
      if (error instanceof MinisqlError && error.code === "UNAVAILABLE") throw error;
      const message = `Cannot reach MySQL at ${placeOf(options)}: ${(error as Error).message}`;
      throw new MinisqlError("UNAVAILABLE", message, { cause: error });
    } finally {
      callOff();
    }
  }

  /** Closes every session with it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([...this.#sessions].map((session) => session.close()));
    await this.#parts.mender.stop();
    await this.lookups.close();
    await this.#pool.close();
    await this.#parts.control.close();
  }

  get #dialect(): Dialect {
    return this.#parts.options.dialect ?? this.#facts.vendor;
  }

  /** A table's name as the server keeps it. */
  #stored(table: string): string {
    return this.#facts.variables.get("lower_case_table_names") === "0"
      ? table
      : table.toLowerCase();
  }

  /** A connection with all that is pinned. */
  async #channel(): Promise<Channel> {
    const { clock, options, limits } = this.#parts;
    if (this.#isClosed) {
      throw new MinisqlError("UNAVAILABLE", "Cannot use the engine: it was closed");
    }
    const link = await MysqlLink.open(clock, options, limits.connectMs);
    const channel = new Channel(link, this.#parts);
    try {
      const timeoutMs = limits.connectMs;
      for (const sql of setupStatements(this.#facts)) await channel.ask(sql, { timeoutMs });
      return channel;
    } catch (error) {
      await channel.close();
      throw error;
    }
  }

  /** One after the other, since triggers are numbered and tables may change names between them. */
  async #maintenance<T>(action: (channel: Channel) => Promise<T>): Promise<T> {
    const run = () => this.#pool.use(action);
    const mine = this.#lastMaintenance.then(run, run);
    this.#lastMaintenance = mine.catch(() => {});
    return await mine;
  }
}
