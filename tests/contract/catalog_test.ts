/** The Catalog contract on SQLite in memory, SQLite in a file, and MariaDB. */
import { DatabaseSync } from "node:sqlite";
import { openCatalogDatabase, SqliteCatalog } from "../../src/adapters/sqlite_catalog.ts";
import type { MariadbServer } from "../../scripts/services/mariadb.ts";
import { startMariadb } from "../../scripts/services/mariadb.ts";
import { openMariadbCatalogs } from "../support/mariadb_catalogs.ts";
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

Deno.test.afterAll(async () => {
  await mariadb?.stop();
});

catalogContract("MysqlCatalog on MariaDB", async () => {
  mariadb ??= await startMariadb({ name: "catalog-contract" });
  return await openMariadbCatalogs(mariadb);
});
