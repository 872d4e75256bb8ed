/** Puts a statement's context into its session for that statement, and no longer. */
import type { RunOptions } from "../../ports/engine.ts";
import type { Random } from "../../ports/random.ts";
import { CARRIER } from "./counter.ts";
import { COPYING_SQL_MODE } from "./session_pins.ts";
import type { Dialect } from "./server_facts.ts";

type Settings = Readonly<Record<string, string>>;

/** RAND's seeds are numbers below 2^30. */
const SEED_END = 2 ** 30;
const MENTIONS_RAND = /\brand\b/i;

/** What a statement is run with. */
export interface Framing extends Pick<RunOptions, "context" | "copying"> {
  /** The number it carries when its changes to fingerprints are counted. */
  readonly counter: bigint | null;
}

/** What earlier statements have left in the session, by their context. */
export interface Leftovers {
  readonly settings: Settings;
  /** RAND() goes on from seeds that were given. */
  readonly isSeeded: boolean;
}

export interface Framed {
  /** The engine's own statements that go before it. */
  readonly before: readonly string[];
  /** The statement, as it is to be sent. */
  readonly sql: string;
  /** What the session holds from then on. */
  readonly leftovers: Leftovers;
}

export const NOTHING_LEFT: Leftovers = { settings: {}, isSeeded: false };

/** What to send for a statement, so that it runs with its context and nobody else's. */
export type ContextSetter = (sql: string, framing: Framing, leftovers: Leftovers) => Framed;

export function contextSetter(dialect: Dialect, random: Random): ContextSetter {
  return dialect === "mariadb"
    ? inStatement
    : (sql, framing, leftovers) => inSession(sql, framing, leftovers, random);
}

function settingsOf({ context = {}, copying }: Framing): Record<string, string> {
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
function inStatement(sql: string, framing: Framing, leftovers: Leftovers): Framed {
  const settings = settingsOf(framing);
  if (framing.counter !== null) settings[CARRIER] = framing.counter.toString();
  const list = assignments(settings);
  return { before: [], sql: list === "" ? sql : `SET STATEMENT ${list} FOR ${sql}`, leftovers };
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
function inSession(
  sql: string,
  framing: Framing,
  { settings, isSeeded }: Leftovers,
  random: Random,
): Framed {
  const wanted = settingsOf(framing);
  if (framing.counter !== null) wanted["@_minisql_counter"] = framing.counter.toString();
  const isGiven = "rand_seed1" in wanted;
  // Seeds given once go on giving the same numbers, so later statements get drawn ones.
  const isDrawn = !isGiven && isSeeded && MENTIONS_RAND.test(sql);
  if (isDrawn) {
    wanted.rand_seed1 = String(Math.floor(random.next() * SEED_END));
    wanted.rand_seed2 = String(Math.floor(random.next() * SEED_END));
  }
  const changes: Record<string, string> = { ...wanted };
  for (const name of Object.keys(settings)) {
    const value = DEFAULTS[name];
    if (!(name in wanted) && value !== undefined) changes[name] = value;
  }
  const before: string[] = [];
  if ("sql_mode" in wanted && !("sql_mode" in settings)) {
    before.push("SET @_minisql_sql_mode = @@SESSION.sql_mode");
  }
  const list = assignments(changes);
  if (list !== "") before.push(`SET ${list}`);
  const leftovers = { settings: wanted, isSeeded: isGiven || (isSeeded && !isDrawn) };
  return { before, sql, leftovers };
}

function assignments(settings: Settings): string {
  return Object.entries(settings).map(([name, value]) => `${name}=${value}`).join();
}
