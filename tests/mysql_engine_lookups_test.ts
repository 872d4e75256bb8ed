/** Lookups on MariaDB: that they share their way, and what becomes of them when it is barred. */
import assert from "node:assert/strict";
import { type MariadbServer, startMariadb } from "../scripts/services/mariadb.ts";
import type { Engine, Found } from "../src/ports/engine.ts";
import { assertRefused, refusal } from "./contract/engine_fixture.ts";
import { fillTable, lookup, lookupsOf } from "./contract/engine_lookups.ts";
import { administer, openAdmin, openMariadbEngine } from "./support/mariadb_engines.ts";
import { until, within } from "./support/wait.ts";

let shared: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await shared?.stop();
});

interface Place {
  readonly engine: Engine;
  readonly database: string;
  readonly server: MariadbServer;
}

function placeTest(what: string, body: (place: Place) => Promise<void>): void {
  Deno.test(`mysql engine: lookups: ${what}`, async () => {
    shared ??= await startMariadb({ name: "engine-lookups" });
    const { engine, database, close } = await openMariadbEngine(shared);
    try {
      await fillTable(engine);
      await body({ engine, database, server: shared });
    } finally {
      await close();
    }
  });
}

/** The server's connections to a database, and what they are at. */
async function threads({ server, database }: Place): Promise<readonly [number, string][]> {
  const admin = await openAdmin(server);
  try {
    const sql = "SELECT ID, COALESCE(INFO, '') FROM information_schema.PROCESSLIST " +
      `WHERE DB = '${database}'`;
    const [rows] = await admin.query({ sql, rowsAsArray: true });
    return rows as unknown as readonly [number, string][];
  } finally {
    await admin.end();
  }
}

async function kill({ server }: Place, list: readonly (readonly [number, string])[]) {
  const kills = list.map(([id]) => administer(server, `KILL ${id}`).catch(() => {}));
  await Promise.all(kills);
}

function many(engine: Engine, count: number): Promise<Found[]> {
  const lookups = lookupsOf(engine);
  return Promise.all(Array.from({ length: count }, (_, at) => lookups.find(lookup(at % 50))));
}

placeTest("many at once need few connections", async (place) => {
  const before = (await threads(place)).length;
  const found = await many(place.engine, 200);
  assert.ok(found.every(({ rows: [row] }, at) => row?.[0] === at % 50));
  const more = (await threads(place)).length - before;
  assert.ok(more <= 200 / 8 + 1, `${more} connections more`);
});

placeTest("connections that the server has closed are opened anew", async (place) => {
  for (let round = 0; round < 10; round++) {
    await many(place.engine, 40);
    await kill(place, await threads(place));
  }
  assert.equal((await many(place.engine, 40)).length, 40);
});

placeTest("a packet whose connection is lost is sent once more", async (place) => {
  const admin = await openAdmin(place.server, place.database);
  await admin.query("LOCK TABLES t WRITE");
  const found = many(place.engine, 20);
  await until("they wait", async () => (await blocked(place)).length > 1);
  await kill(place, await blocked(place));
  await until("they wait again", async () => (await blocked(place)).length > 1);
  await admin.query("UNLOCK TABLES");
  assert.equal((await within("their ends", found)).length, 20);
  await admin.end();
});

async function blocked(place: Place): Promise<readonly [number, string][]> {
  return (await threads(place)).filter(([, info]) => info.startsWith("SELECT id, v FROM t"));
}

placeTest(
  "a table that is locked keeps its own waiting, none longer than it wants",
  async (place) => {
    const { engine, server, database } = place;
    await fillTable(engine, "u");
    const lookups = lookupsOf(engine);
    const admin = await openAdmin(server, database);
    await admin.query("LOCK TABLES t WRITE");
    const giveUp = new AbortController();
    const patient = many(engine, 10);
    const hasty = lookups.find(lookup(1, { signal: giveUp.signal }));
    const limited = lookups.find(lookup(2, { timeoutMs: 300 }));
    const others = Promise.all([1, 2, 3].map((id) => lookups.find(lookup(id, { table: "u" }))));
    assert.equal((await within("those in the other table", others)).length, 3);
    giveUp.abort();
    await assertRefused(within("who gave up", hasty), "CANCELLED");
    const { code } = await refusal(within("whose time was up", limited));
    assert.equal(code, "TIMEOUT");
    await admin.query("UNLOCK TABLES");
    assert.equal((await within("the others", patient)).length, 10);
    await admin.end();
  },
);

placeTest("closing the engine ends those that wait", async (place) => {
  const admin = await openAdmin(place.server, place.database);
  await admin.query("LOCK TABLES t WRITE");
  const waiting = lookupsOf(place.engine).find(lookup(1));
  waiting.catch(() => {});
  await until("it waits", async () => (await blocked(place)).length > 0);
  await within("the close", place.engine.close());
  await assertRefused(within("its end", waiting), "UNAVAILABLE");
  await admin.end();
});
