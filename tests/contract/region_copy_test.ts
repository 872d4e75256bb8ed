/** Copying a region, between two MariaDB servers and between two embedded engines. */
import { type MariadbServer, startMariadb } from "../../scripts/services/mariadb.ts";
import { SqliteEngine } from "../../src/adapters/sqlite/engine.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import { openMariadbEngine } from "../support/mariadb_engines.ts";
import { regionCopyContract } from "./region_copy_contract.ts";

let servers: readonly [MariadbServer, MariadbServer] | null = null;

Deno.test.afterAll(async () => {
  await Promise.all((servers ?? []).map((server) => server.stop()));
});

async function mariadbs(): Promise<readonly [MariadbServer, MariadbServer]> {
  servers ??= [
    await startMariadb({ name: "copy-source" }),
    await startMariadb({ name: "copy-target" }),
  ];
  return servers;
}

regionCopyContract({
  name: "copy on MariaDB",
  refusedTypes: [],
  miscount: "UPDATE _minisql_fingerprint SET row_sum = 5",
  manyRows: 200_000,
  async open() {
    const [from, to] = await mariadbs();
    const [source, target] = [await openMariadbEngine(from), await openMariadbEngine(to)];
    return {
      source: source.engine,
      target: target.engine,
      async close() {
        await source.close();
        await target.close();
      },
    };
  },
});

regionCopyContract({
  name: "copy on SQLite",
  refusedTypes: [
    "latin1",
    "utf16",
    "other charsets",
    "compressed",
    "geometry",
    "uuid",
    "inet6",
    "inet4",
    "wide keys",
    "zero dates in keys",
  ],
  miscount: null,
  manyRows: 40_000,
  open() {
    const engine = () => new SqliteEngine({ clock: new SystemClock(), random: new SystemRandom() });
    const [source, target] = [engine(), engine()];
    return Promise.resolve({
      source,
      target,
      async close() {
        await source.close();
        await target.close();
      },
    });
  },
});
