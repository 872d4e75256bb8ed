/** Puts a statement's context into its session for that statement, and no longer. */
import type { RunOptions } from "../../ports/engine.ts";
import type { Random } from "../../ports/random.ts";
import type { Channel } from "./channel.ts";
import { CARRIER } from "./counter.ts";
import { COPYING_SQL_MODE } from "./session_pins.ts";
import type { Dialect } from "./server_facts.ts";

type Settings = Readonly<Record<string, string>>;

/** RAND's seeds are numbers below 2^30. */
const SEED_END = 2 ** 30;
const MENTIONS_RAND = /\brand\b/i;

export interface ContextSetter {
  /**
   * Prepares the session for a statement and returns the text to send. `counter` is the number it
   * carries when its changes to fingerprints are counted.
   */
  framed(sql: string, options: RunOptions, counter: bigint | null): Promise<string>;
}

export function contextSetter(dialect: Dialect, channel: Channel, random: Random): ContextSetter {
  return dialect === "mariadb" ? new MariadbContext() : new MysqlContext(channel, random);
}

function settingsOf({ context = {}, copying }: RunOptions): Record<string, string> {
  const settings: Record<string, string> = {};
  const { timestampMicros, insertId, lastInsertId, randSeed1, randSeed2 } = context;
  if (timestampMicros !== undefined) settings.timestamp = secondsOf(timestampMicros);
  if (insertId !== undefined) settings.insert_id = digits(insertId);
  if (lastInsertId !== undefined) settings.last_insert_id = digits(lastInsertId);
  if (randSeed1 !== undefined) settings.rand_seed1 = digits(randSeed1);
  if (randSeed2 !== undefined) settings.rand_seed2 = digits(randSeed2);
  if (context.foreignKeyChecks === false) settings.foreign_key_checks = "0";
  if (copying === true) settings.sql_mode = `'${COPYING_SQL_MODE}'`;
  return settings;
}

function digits(value: string | number): string {
  return BigInt(value).toString();
}

function secondsOf(micros: number): string {
  const fraction = String(micros % 1_000_000).padStart(6, "0");
  return `${Math.floor(micros / 1_000_000)}.${fraction}`;
}

/** MariaDB sets variables for one statement in the statement itself. */
class MariadbContext implements ContextSetter {
  framed(sql: string, options: RunOptions, counter: bigint | null): Promise<string> {
    const settings = settingsOf(options);
    if (counter !== null) settings[CARRIER] = counter.toString();
    const list = assignments(settings);
    return Promise.resolve(list === "" ? sql : `SET STATEMENT ${list} FOR ${sql}`);
  }
}

/** What brings a variable back to what a new session has. */
const DEFAULTS: Settings = {
  timestamp: "DEFAULT",
  insert_id: "0",
  last_insert_id: "0",
  foreign_key_checks: "1",
  sql_mode: "@_minisql_sql_mode",
  "@_minisql_counter": "NULL",
};

/** MySQL: set before the statement, and set back before the next one that wants it otherwise. */
class MysqlContext implements ContextSetter {
  readonly #channel: Channel;
  readonly #random: Random;
  #current: Settings = {};
  #isSeeded = false;

  constructor(channel: Channel, random: Random) {
    this.#channel = channel;
    this.#random = random;
  }

  async framed(sql: string, options: RunOptions, counter: bigint | null): Promise<string> {
    const wanted = settingsOf(options);
    if (counter !== null) wanted["@_minisql_counter"] = counter.toString();
    this.#seed(sql, wanted);
    const changes: Record<string, string> = { ...wanted };
    for (const name of Object.keys(this.#current)) {
      const value = DEFAULTS[name];
      if (!(name in wanted) && value !== undefined) changes[name] = value;
    }
    if ("sql_mode" in wanted && !("sql_mode" in this.#current)) {
      await this.#channel.command("SET @_minisql_sql_mode = @@SESSION.sql_mode");
    }
    const list = assignments(changes);
    if (list !== "") await this.#channel.command(`SET ${list}`);
    this.#current = wanted;
    return sql;
  }

  /** Seeds given once go on giving the same numbers, so later statements get drawn ones. */
  #seed(sql: string, wanted: Record<string, string>): void {
    if ("rand_seed1" in wanted) {
      this.#isSeeded = true;
    } else if (this.#isSeeded && MENTIONS_RAND.test(sql)) {
      const draw = () => String(Math.floor(this.#random.next() * SEED_END));
      wanted.rand_seed1 = draw();
      wanted.rand_seed2 = draw();
      this.#isSeeded = false;
    }
  }
}

function assignments(settings: Settings): string {
  return Object.entries(settings).map(([name, value]) => `${name}=${value}`).join();
}
