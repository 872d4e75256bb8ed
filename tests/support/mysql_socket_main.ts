/** Prints from where MariaDB sees an engine come that is given its options as JSON. */
import type { MysqlEngineOptions } from "../../src/adapters/mysql/options.ts";
import { MysqlEngine } from "../../src/adapters/mysql_engine.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";

const options: MysqlEngineOptions = JSON.parse(Deno.args[0] ?? "");
const deps = { clock: new SystemClock(), random: new SystemRandom() };
const engine = await MysqlEngine.open(deps, options);
const session = await engine.session();
const sql = "SELECT SUBSTRING_INDEX(HOST, ':', 1) FROM information_schema.PROCESSLIST " +
  "WHERE ID = CONNECTION_ID()";
const { rows } = await session.run(sql, { timeoutMs: 10_000 });
console.log(rows[0]?.[0]);
await engine.close();
