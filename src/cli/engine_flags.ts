/** Flags that say which database a region server keeps its copies in, and that database. */
import { type MysqlEngineOptions, placeOf } from "../adapters/mysql/options.ts";
import { MysqlEngine } from "../adapters/mysql_engine.ts";
import { SqliteEngine } from "../adapters/sqlite/engine.ts";
import type { Clock } from "../ports/clock.ts";
import type { Engine } from "../ports/engine.ts";
import type { Random } from "../ports/random.ts";
import { DatabaseUrl } from "./database_url.ts";
import type { ConfigOf, FlagTable } from "./flags.ts";
import type { Environment } from "./read_config.ts";
import { UsageError } from "./usage_error.ts";

const SECTION = "Database";

export const ENGINE_FLAGS = {
  engine: {
    kind: "choice",
    values: ["mysql", "sqlite"],
    default: "mysql",
    section: SECTION,
    help:
      "Where copies are kept: a MySQL or MariaDB server, see --mysql, or a file in the data folder",
  },
  mysql: {
    kind: "text",
    default: "mysql://minisql@127.0.0.1/minisql_data",
    value: "URL",
    section: SECTION,
    help: "The database of this server, which keeps it for itself: " +
      "mysql://user@host:port/database, or with ?socket=PATH",
  },
  "mysql-password": {
    kind: "secret",
    value: "PASSWORD",
    section: SECTION,
    help: "The password of the database's user",
  },
  "mysql-ca": {
    kind: "text",
    value: "FILE",
    section: SECTION,
    help: "Certificates to trust, in PEM; with it the connection to the database is TLS",
  },
} as const satisfies FlagTable;

/** What the database is called where its address does not say. */
const DATABASE = "minisql_data";
const SQLITE_FILE = "data.sqlite";

export interface OpenedEngine {
  readonly engine: Engine;
  /** What it is, for people. */
  readonly name: string;
}

export interface EngineDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** A database that is described and not yet opened. */
export interface EngineSource {
  /** Raises `UNAVAILABLE` or `UNSUPPORTED` where it cannot be used, saying what to change. */
  open(deps: EngineDeps, folder: { at(name: string): string }): Promise<OpenedEngine>;
}

/** Reads the flags; nothing is opened or made before all of them are known to be right. */
export function engineSource(
  config: ConfigOf<typeof ENGINE_FLAGS>,
  environment: Environment,
): EngineSource {
  if (config.engine === "sqlite") return { open: openSqlite };
  const place = DatabaseUrl.mysql("mysql", config.mysql).mysqlPlace(DATABASE);
  const ca = config.mysqlCa === null ? null : readCertificates(config.mysqlCa, environment);
  const options = {
    ...place,
    password: config.mysqlPassword ?? place.password,
    ...(ca === null ? {} : { tls: { ca } }),
  };
  return { open: (deps) => openMysql(deps, options) };
}

function openSqlite(
  deps: EngineDeps,
  folder: { at(name: string): string },
): Promise<OpenedEngine> {
  const path = folder.at(SQLITE_FILE);
  return Promise.resolve({ engine: new SqliteEngine({ ...deps, path }), name: path });
}

async function openMysql(deps: EngineDeps, options: MysqlEngineOptions): Promise<OpenedEngine> {
  const engine = await MysqlEngine.open(deps, options);
  return { engine, name: `${engine.info.vendor} ${options.database} at ${placeOf(options)}` };
}

function readCertificates(file: string, environment: Environment): string {
  try {
    return environment.readFile(file);
  } catch (error) {
    throw new UsageError(`Cannot use --mysql-ca="${file}": ${(error as Error).message}`);
  }
}
