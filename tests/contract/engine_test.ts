/** The Engine contract on MariaDB, in its own dialect and, where they differ, in MySQL's. */
import { type MariadbServer, startMariadb } from "../../scripts/services/mariadb.ts";
import { openMariadbEngine } from "../support/mariadb_engines.ts";
import { engineContract } from "./engine_contract.ts";
import { deadlineContract } from "./engine_deadlines.ts";
import { fingerprintContract } from "./engine_fingerprints.ts";
import type { EngineContract } from "./engine_fixture.ts";
import { lookupContract } from "./engine_lookups.ts";
import { statementContract } from "./engine_statements.ts";
import { booksContract } from "./engine_books.ts";
import { togetherContract } from "./engine_together.ts";
import { transactionContract } from "./engine_transactions.ts";
import { workloadContract } from "./engine_workload.ts";

let mariadb: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await mariadb?.stop();
});

async function server(): Promise<MariadbServer> {
  const settings = { "innodb-lock-wait-timeout": "1" };
  mariadb ??= await startMariadb({ name: "engine-contract", settings });
  return mariadb;
}

const can = { slowSql: "SELECT SLEEP(60)", rowLocks: true, refusedTypes: [] };

const own: EngineContract = {
  name: "MysqlEngine on MariaDB",
  can,
  open: async () => await openMariadbEngine(await server()),
};

engineContract(own);
lookupContract(own);

const asMysql: EngineContract = {
  name: "MysqlEngine in MySQL's dialect",
  can,
  open: async () => await openMariadbEngine(await server(), { dialect: "mysql" }),
};

statementContract(asMysql);
transactionContract(asMysql);
booksContract(asMysql);
togetherContract(asMysql);
deadlineContract(asMysql);
fingerprintContract(asMysql);
workloadContract(asMysql);
lookupContract(asMysql);
