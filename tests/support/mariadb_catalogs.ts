/** Catalogs on a database of their own in a MariaDB server of the test's. */
import { createConnection, type RowDataPacket } from "mysql2";
import type { MariadbServer } from "../../scripts/services/mariadb.ts";
import type { MysqlCatalogOptions } from "../../src/adapters/catalog/mysql_options.ts";
import { MysqlCatalog } from "../../src/adapters/mysql_catalog.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import type { CatalogFixture } from "../contract/catalog_contract.ts";

export interface MariadbCatalogs extends CatalogFixture {
  readonly database: string;
  open(with_?: Partial<MysqlCatalogOptions>): MysqlCatalog;
  /** Ends the fixture's own connection, for the server to be stopped; `sql` opens a new one. */
  detach(): Promise<void>;
}

/** A connection for a test that looks at the server from outside, whatever its defaults. */
export async function openAdmin(server: MariadbServer): Promise<Admin> {
  const { host, port, user, password } = server;
  const plain = createConnection({ host, port, user, password, supportBigNumbers: true });
  const admin = plain.promise();
  await admin.query("SET SESSION TRANSACTION READ WRITE");
  await admin.query("SET autocommit = 1, sql_select_limit = 100000, sql_safe_updates = 0");
  return admin;
}

export type Admin = ReturnType<ReturnType<typeof createConnection>["promise"]>;

async function openIn(server: MariadbServer, database: string): Promise<Admin> {
  const admin = await openAdmin(server);
  await admin.query(`USE ${database}`);
  return admin;
}

export async function openMariadbCatalogs(server: MariadbServer): Promise<MariadbCatalogs> {
  const { host, port, user, password } = server;
  const database = `catalog_${crypto.randomUUID().slice(0, 8)}`;
  const first = await openAdmin(server);
  await first.query(`CREATE DATABASE ${database}`);
  await first.end();
  let held: Promise<Admin> | null = null;
  const admin = () => held ??= openIn(server, database);
  const detach = async () => {
    await (await held)?.end();
    held = null;
  };
  const opened: MysqlCatalog[] = [];
  return {
    database,
    open(with_ = {}) {
      const options = { server: { host, port }, user, password, database, timeoutMs: 20_000 };
      const catalog = new MysqlCatalog({ clock: new SystemClock() }, { ...options, ...with_ });
      opened.push(catalog);
      return catalog;
    },
    async sql(text) {
      const [rows] = await (await admin()).query<RowDataPacket[]>(text);
      return rows;
    },
    async refuse(table) {
      await (await admin()).query(
        `CREATE TRIGGER refuse BEFORE INSERT ON \`${table}\` FOR EACH ROW ` +
          "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused by the test'",
      );
    },
    async close() {
      await Promise.all(opened.map((catalog) => catalog.close()));
      await (await admin()).query(`DROP DATABASE IF EXISTS ${database}`);
      await detach();
    },
    detach,
  };
}
