/** Engines on a database of their own in a MariaDB server of the test's. */
import { type Connection, createConnection } from "mysql2/promise";
import type { MariadbServer } from "../../scripts/services/mariadb.ts";
import type { MysqlEngineOptions } from "../../src/adapters/mysql/options.ts";
import { MysqlEngine } from "../../src/adapters/mysql_engine.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import type { EngineFixture } from "../contract/engine_fixture.ts";

/** A connection that knows nothing of minisql, as an operator's or an old program's. */
export async function openAdmin(server: MariadbServer, database?: string): Promise<Connection> {
  const { host, port, user, password } = server;
  const where = database === undefined ? {} : { database };
  return await createConnection({ host, port, user, password, ...where, dateStrings: true });
}

export interface MariadbEngine extends EngineFixture {
  readonly engine: MysqlEngine;
  readonly database: string;
  /** Another engine on the same database; the caller closes it. */
  another(with_?: Partial<MysqlEngineOptions>): Promise<MysqlEngine>;
}

export async function openMariadbEngine(
  server: MariadbServer,
  with_: Partial<MysqlEngineOptions> = {},
): Promise<MariadbEngine> {
  const { host, port, user, password } = server;
  const database = `engine_${crypto.randomUUID().slice(0, 8)}`;
  await administer(server, `CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  const deps = { clock: new SystemClock(), random: new SystemRandom() };
  const options = { server: { host, port }, user, password, database, ...with_ };
  const another = (other: Partial<MysqlEngineOptions> = {}) =>
    MysqlEngine.open(deps, { ...options, ...other });
  const engine = await another();
  return {
    engine,
    database,
    another,
    async close() {
      await engine.close();
      await administer(server, `DROP DATABASE ${database}`);
    },
  };
}

/** Runs statements on a connection of their own. */
export async function administer(server: MariadbServer, ...statements: string[]): Promise<void> {
  const admin = await openAdmin(server);
  try {
    for (const sql of statements) await admin.query(sql);
  } finally {
    await admin.end();
  }
}
