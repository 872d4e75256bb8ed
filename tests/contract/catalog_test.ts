/** The Catalog contract on SQLite in memory, on SQLite in a file, and on MariaDB. */
import { DatabaseSync } from "node:sqlite";
import { openCatalogDatabase, SqliteCatalog } from "../../src/adapters/sqlite_catalog.ts";
import { type MariadbServer, startMariadb } from "../../scripts/services/mariadb.ts";
import { openAdmin, openMariadbCatalogs } from "../support/mariadb_catalogs.ts";
import { catalogContract, type CatalogFixture } from "./catalog_contract.ts";

function sqliteFixture(
  open: () => DatabaseSync,
  remove: () => Promise<void>,
): CatalogFixture {
  const databases = [open()];
  const [first] = databases as [DatabaseSync];
  return {
    open() {
      const database = open();
      if (database !== first) databases.push(database);
      return new SqliteCatalog(database);
    },
    sql: (text) => Promise.try(() => first.prepare(text).all()),
    refuse(table) {
      first.exec(
        `CREATE TRIGGER refuse BEFORE INSERT ON \`${table}\` ` +
          "BEGIN SELECT RAISE(ABORT, 'refused by the test'); END",
      );
      return Promise.resolve();
    },
    async close() {
      for (const database of databases) database.close();
      await remove();
    },
  };
}

catalogContract("SqliteCatalog in memory", () => {
  const database = openCatalogDatabase(":memory:");
  return Promise.resolve(sqliteFixture(() => database, () => Promise.resolve()));
});

catalogContract("SqliteCatalog in a file", async () => {
  const folder = await Deno.makeTempDir({ prefix: "minisql-catalog-" });
  return sqliteFixture(
    () => openCatalogDatabase(`${folder}/catalog.db`),
    () => Deno.remove(folder, { recursive: true }),
  );
});

let mariadb: MariadbServer | null = null;
/** Its defaults are those that an old or odd server may have, and none may matter. */
let odd: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await mariadb?.stop();
  await odd?.stop();
});

catalogContract("MysqlCatalog on MariaDB", async () => {
  mariadb ??= await startMariadb({ name: "catalog-contract" });
  return await openMariadbCatalogs(mariadb);
});

catalogContract("MysqlCatalog on MariaDB of odd defaults", async () => {
  odd ??= await startOdd();
  return await openMariadbCatalogs(odd);
});

async function startOdd(): Promise<MariadbServer> {
  const server = await startMariadb({
    name: "catalog-odd",
    settings: {
      "sql-mode": "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH",
      "character-set-server": "latin1",
      "collation-server": "latin1_swedish_ci",
      "autocommit": "0",
      "transaction-isolation": "READ-UNCOMMITTED",
      "default-time-zone": "-11:00",
      "default-storage-engine": "MyISAM",
      "innodb-default-row-format": "compact",
      "lower-case-table-names": "1",
      "completion-type": "CHAIN",
      "max-statement-time": "30",
    },
  });
  const admin = await openAdmin(server);
  for (const setting of ["sql_select_limit = 3", "sql_safe_updates = 1", "tx_read_only = 1"]) {
    await admin.query(`SET GLOBAL ${setting}`);
  }
  await admin.end();
  return server;
}
