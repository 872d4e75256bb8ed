/** The MySQL catalog when its server dies, freezes, comes back, or loses what it was told. */
import assert from "node:assert/strict";
import { type MariadbServer, startMariadb } from "../scripts/services/mariadb.ts";
import type { Catalog, CatalogChange } from "../src/ports/catalog.ts";
import { MinisqlError } from "../src/protocol/errors.ts";
import { isFault } from "./contract/catalog_contract.ts";
import { joined, table } from "./support/catalog_records.ts";
import {
  type MariadbCatalogs,
  openAdmin,
  openMariadbCatalogs,
} from "./support/mariadb_catalogs.ts";
import { MysqlProxy, type Verdict } from "./support/mysql_proxy.ts";
import { until, within } from "./support/wait.ts";

let mariadb: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await mariadb?.stop();
});

type Body = (catalogs: MariadbCatalogs, server: MariadbServer) => Promise<void>;

function test(what: string, body: Body): void {
  Deno.test(`MysqlCatalog: ${what}`, async () => {
    mariadb ??= await startMariadb({ name: "catalog-faults" });
    const catalogs = await openMariadbCatalogs(mariadb);
    try {
      await body(catalogs, mariadb);
    } finally {
      await catalogs.close();
    }
  });
}

function put(name: string): CatalogChange {
  return { change: "table.put", table: table(name) };
}

async function names(catalog: Catalog): Promise<readonly string[]> {
  return (await catalog.load()).tables.map(({ name }) => name);
}

/** Every call of a catalog, each by itself. */
function calls(catalog: Catalog): Readonly<Record<string, () => Promise<unknown>>> {
  return {
    prepare: () => catalog.prepare(),
    claim: () => catalog.claim(1),
    load: () => catalog.load(),
    apply: () => catalog.apply(1, [put("t")]),
    nextRid: () => catalog.nextRid(1),
    events: () => catalog.events({ after: 0, limit: 10 }),
  };
}

test("a server that restarted while nobody asked is not noticed", async (catalogs, server) => {
  const catalog = catalogs.open();
  await catalog.prepare();
  await catalog.apply(1, [put("before")]);
  await catalog.load();
  await catalogs.detach();
  await server.restart();
  await catalog.apply(1, [put("after")]);
  assert.deepEqual(await names(catalog), ["after", "before"]);
});

test("a killed connection is replaced, without an error", async (catalogs) => {
  const catalog = catalogs.open();
  await catalog.prepare();
  await catalog.load();
  for (let n = 0; n < 3; n++) {
    const others = await catalogs.sql(
      "SELECT id FROM information_schema.PROCESSLIST WHERE db = DATABASE() " +
        "AND id <> CONNECTION_ID()",
    );
    assert.equal(others.length, 2);
    for (const { id } of others) await catalogs.sql(`KILL ${id}`);
    await catalog.apply(1, [put(`t${n}`)]);
    assert.equal((await names(catalog)).length, n + 1);
  }
});

test("calls on a dead server fail at once, and go on when it is back", async (catalogs, server) => {
  const catalog = catalogs.open();
  await catalog.prepare();
  await catalog.apply(1, [put("kept")]);
  await catalogs.detach();
  await server.kill();
  try {
    for (const [name, call] of Object.entries(calls(catalog))) {
      const words = new RegExp(`^Cannot .*127\\.0\\.0\\.1:${server.port} cannot be reached: `);
      await within(name, assert.rejects(call, isFault("UNAVAILABLE", words)), 5_000);
    }
  } finally {
    await server.restart();
  }
  assert.deepEqual(await names(catalog), ["kept"]);
  assert.equal(await catalog.nextRid(1), 1);
});

test(
  "a server killed under calls: done is done, failed never happened",
  async (catalogs, server) => {
    const catalog = catalogs.open();
    const other = catalogs.open();
    await catalog.prepare();
    for (let round = 0; round < 5; round++) {
      const name = (n: number) => `t_${round}_${n}`;
      const writes = Array.from(
        { length: 100 },
        (_, n) => (n % 2 === 0 ? catalog : other).apply(1, [put(name(n)), put(`${name(n)}_too`)]),
      );
      const settled = Promise.allSettled(writes);
      await catalogs.detach();
      await writes[round * 8];
      await server.kill();
      const outcomes = await within("all writes end", settled);
      await server.restart();
      const kept = new Set(await names(catalog));
      outcomes.forEach((outcome, n) => {
        const there = [kept.has(name(n)), kept.has(`${name(n)}_too`)];
        if (outcome.status === "fulfilled") assert.deepEqual(there, [true, true]);
        else {
          const error: unknown = outcome.reason;
          assert.ok(error instanceof MinisqlError, String(error));
          assert.match(error.code, /^(UNAVAILABLE|OUTCOME_UNKNOWN)$/);
          if (error.code === "UNAVAILABLE") assert.deepEqual(there, [false, false]);
          else assert.equal(there[0], there[1]);
        }
      });
      assert.ok(outcomes.some(({ status }) => status === "rejected"), "the kill came too late");
    }
  },
);

test("calls on a frozen server end in time, and go on when it thaws", async (catalogs, server) => {
  const catalog = catalogs.open({ timeoutMs: 700 });
  const fresh = catalogs.open({ timeoutMs: 700 });
  await catalog.prepare();
  await catalog.load();
  server.pause();
  try {
    const start = performance.now();
    for (const each of [catalog, fresh]) {
      const all = Object.values(calls(each)).map((call) =>
        assert.rejects(call, isFault("UNAVAILABLE", /no answer within 700 ms|took all the time/))
      );
      await within("all calls end", Promise.all(all), 2_700);
    }
    assert.ok(performance.now() - start > 1_300, "they waited as long as they may");
    await within("it closes", fresh.close(), 3_000);
  } finally {
    server.resume();
  }
  assert.equal(await catalog.nextRid(1), 1);
  assert.deepEqual(await names(catalog), []);
});

test("closing does not wait for a frozen server for long", async (catalogs, server) => {
  const catalog = catalogs.open();
  await catalog.prepare();
  server.pause();
  try {
    await within("it closes", catalog.close(), 3_000);
  } finally {
    server.resume();
  }
});

/** Runs with a catalog that reaches the server through a proxy. */
function proxied(
  what: string,
  body: (catalog: Catalog, proxy: MysqlProxy, direct: Catalog) => Promise<void>,
): void {
  test(what, async (catalogs, server) => {
    const proxy = new MysqlProxy(server);
    const address = { host: "127.0.0.1", port: proxy.port };
    const catalog = catalogs.open({ server: address, timeoutMs: 500 });
    const direct = catalogs.open();
    try {
      await direct.prepare();
      await body(catalog, proxy, direct);
      await catalog.close();
    } finally {
      await proxy.close();
    }
  });
}

/** Gives the verdict to the first piece that holds the word, and lets the rest pass. */
function once(word: string, verdict: Verdict): (sent: string) => Verdict {
  let given = false;
  return (sent) => {
    if (given || !sent.includes(word)) return "forward";
    given = true;
    return verdict;
  };
}

const UNKNOWN = isFault("OUTCOME_UNKNOWN", /^Cannot tell whether it was possible to /);

for (
  const { verdict, happened } of [
    { verdict: "cut", happened: false },
    { verdict: "cut_answer", happened: true },
    { verdict: "stall", happened: false },
  ] as const
) {
  proxied(
    `${verdict} at COMMIT: the outcome is unknown, again makes it so`,
    async (catalog, proxy, direct) => {
      const changes: readonly CatalogChange[] = [put("t"), {
        change: "event.add",
        at: 1,
        event: joined(1),
      }];
      await catalog.load();
      proxy.judge = once("COMMIT", verdict);
      await within("it ends", assert.rejects(catalog.apply(3, changes), UNKNOWN), 2_500);
      assert.deepEqual(await names(direct), happened ? ["t"] : []);
      await catalog.apply(3, changes);
      assert.deepEqual(await names(direct), ["t"]);
      proxy.judge = once("COMMIT", verdict);
      await assert.rejects(catalog.nextRid(3), UNKNOWN);
      assert.equal(await catalog.nextRid(3), happened ? 2 : 1);
      proxy.judge = once("COMMIT", verdict);
      await assert.rejects(catalog.claim(4), UNKNOWN);
      assert.equal((await direct.load()).term, happened ? 4 : 3);
    },
  );
}

for (
  const word of ["START TRANSACTION", "FOR UPDATE", "REPLACE INTO", "UPDATE `catalog_control`"]
) {
  proxied(
    `cut at ${word}: on a fresh connection nothing has changed`,
    async (catalog, proxy, direct) => {
      proxy.judge = once(word, "cut");
      await assert.rejects(catalog.apply(2, [put("t")]), isFault("UNAVAILABLE"));
      const { tables, term } = await direct.load();
      assert.deepEqual([tables, term], [[], 0]);
    },
  );

  proxied(
    `cut at ${word}: on a used connection it is done anew, once`,
    async (catalog, proxy, direct) => {
      await catalog.apply(1, []);
      proxy.judge = once(word, "cut");
      await catalog.apply(2, [put("t")]);
      assert.deepEqual(await names(direct), ["t"]);
      proxy.judge = (sent) => sent.includes(word) ? "cut" : "forward";
      await assert.rejects(catalog.apply(3, [put("u")]), isFault("UNAVAILABLE"));
      assert.deepEqual(await names(direct), ["t"]);
    },
  );

  proxied(
    `stall at ${word}: it ends in time and nothing has changed`,
    async (catalog, proxy, direct) => {
      await catalog.apply(1, []);
      proxy.judge = once(word, "stall");
      const words = /no answer within 500 ms/;
      const stalled = assert.rejects(catalog.apply(2, [put("t")]), isFault("UNAVAILABLE", words));
      await within("it ends", stalled, 2_500);
      const { tables, term } = await direct.load();
      assert.deepEqual([tables, term], [[], 1]);
      await catalog.apply(2, [put("t")]);
    },
  );
}

proxied("a cut while reading is made good, or unavailable", async (catalog, proxy) => {
  await catalog.load();
  proxy.judge = once("placements", "cut_answer");
  assert.equal((await catalog.load()).term, 0);
  proxy.judge = (sent) => sent.includes("placements") ? "cut" : "forward";
  await assert.rejects(catalog.load(), isFault("UNAVAILABLE"));
});

proxied("a closed catalog leaves no connection behind", async (catalog, proxy) => {
  await catalog.apply(1, []);
  await catalog.load();
  assert.equal(proxy.connections, 2);
  await catalog.close();
  await until("the connections are gone", () => proxy.connections === 0);
});

/** Resolves once some write asks for the row that another holds. */
async function someoneAsks(catalogs: MariadbCatalogs): Promise<void> {
  await until("a write asks for the control row", async () => {
    const asking = await catalogs.sql(
      "SELECT ID FROM information_schema.PROCESSLIST " +
        "WHERE DB = DATABASE() AND INFO LIKE 'SELECT % FOR UPDATE'",
    );
    return asking.length > 0;
  });
}

test("a claim that comes in the middle of a write refuses it", async (catalogs, server) => {
  const old = catalogs.open();
  await old.prepare();
  await old.claim(1);
  const young = await openAdmin(server);
  try {
    await young.query(`USE ${catalogs.database}`);
    await young.query("START TRANSACTION");
    await young.query("UPDATE `catalog_control` SET `term` = 2");
    const refused = assert.rejects(old.apply(1, [put("t")]), isFault("STALE_EPOCH", /term 2/));
    await someoneAsks(catalogs);
    await young.query("COMMIT");
    await refused;
    const { tables, term } = await old.load();
    assert.deepEqual([tables, term], [[], 2]);
  } finally {
    await young.end();
  }
});

test(
  "a write that waits for another's lock ends in time, and says so",
  async (catalogs, server) => {
    const catalog = catalogs.open({ timeoutMs: 2_500 });
    await catalog.prepare();
    const other = await openAdmin(server);
    try {
      await other.query(`USE ${catalogs.database}`);
      await other.query("START TRANSACTION");
      await other.query("SELECT * FROM `catalog_control` FOR UPDATE");
      const words = /another connection to .* holds it.*Lock wait timeout/;
      const refused = assert.rejects(catalog.apply(1, [put("t")]), isFault("UNAVAILABLE", words));
      await someoneAsks(catalogs);
      assert.deepEqual(await names(catalog), [], "reads do not wait");
      await within("it ends", refused, 4_500);
      await other.query("COMMIT");
      await catalog.apply(1, [put("t")]);
    } finally {
      await other.end();
    }
  },
);
