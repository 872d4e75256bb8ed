/** The Engine contract on the embedded engine, in memory and in a file. */
import { SqliteEngine } from "../../src/adapters/sqlite/engine.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import { engineContract } from "./engine_contract.ts";
import type { EngineCapabilities } from "./engine_fixture.ts";

const CAN: EngineCapabilities = {
  slowSql: "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c",
  rowLocks: false,
  refusedTypes: [
    "latin1",
    "utf16",
    "other charsets",
    "compressed",
    "geometry",
    "uuid",
    "inet6",
    "inet4",
  ],
};

engineContract({
  name: "SqliteEngine in memory",
  can: CAN,
  open() {
    const engine = new SqliteEngine({ clock: new SystemClock(), random: new SystemRandom() });
    return Promise.resolve({ engine, close: () => engine.close() });
  },
});

engineContract({
  name: "SqliteEngine in a file",
  can: CAN,
  async open() {
    const folder = await Deno.makeTempDir({ prefix: "minisql-sqlite-" });
    const engine = new SqliteEngine({
      clock: new SystemClock(),
      random: new SystemRandom(),
      path: `${folder}/data.sqlite`,
    });
    return {
      engine,
      async close() {
        await engine.close();
        await Deno.remove(folder, { recursive: true });
      },
    };
  },
});
