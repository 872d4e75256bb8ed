/** The Engine contract on MariaDB. */
import { type MariadbServer, startMariadb } from "../../scripts/services/mariadb.ts";
import { openMariadbEngine } from "../support/mariadb_engines.ts";
import { engineContract } from "./engine_contract.ts";

let mariadb: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await mariadb?.stop();
});

engineContract({
  name: "MysqlEngine on MariaDB",
  can: { slowSql: "SELECT SLEEP(60)", rowLocks: true, refusedTypes: [] },
  async open() {
    const settings = { "innodb-lock-wait-timeout": "1" };
    mariadb ??= await startMariadb({ name: "engine-contract", settings });
    return await openMariadbEngine(mariadb);
  },
});
