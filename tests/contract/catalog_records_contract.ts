/** What every Catalog promises of the records it keeps, run on each adapter. */
import assert from "node:assert/strict";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import type { Catalog, CatalogChange, CatalogState } from "../../src/ports/catalog.ts";
import type { JobRecord } from "../../src/protocol/model.ts";
import {
  AWKWARD_JSON,
  AWKWARD_MOMENTS,
  AWKWARD_TEXT,
  grant,
  job,
  MOMENT,
  placement,
  server,
  table,
  user,
} from "../support/catalog_records.ts";
import type { CatalogTest } from "./catalog_contract.ts";

export function catalogRecordsContract(test: CatalogTest): void {
  roundTrips(test);
  awkwardValues(test);
  largeRecords(test);
  keys(test);
  sameKeys(test);
  jobs(test);
  scale(test);
}

/** Applies the changes and reads all back. */
export async function putAll(catalog: Catalog, ...changes: CatalogChange[]): Promise<CatalogState> {
  await catalog.apply(1, changes);
  return await catalog.load();
}

function roundTrips(test: CatalogTest): void {
  test("every kind of record comes back as it was put", async (catalog) => {
    const state = await putAll(
      catalog,
      { change: "server.put", server: server(1) },
      { change: "table.put", table: table("orders") },
      { change: "placement.put", placement: placement("r1", 1) },
      { change: "job.put", job: job("j1") },
      { change: "user.put", user: user("ann") },
      { change: "grant.put", grant: grant("ann") },
    );
    assert.deepEqual(state, {
      term: 1,
      servers: [server(1)],
      tables: [table("orders")],
      placements: [placement("r1", 1)],
      jobs: [job("j1")],
      users: [user("ann")],
      grants: [grant("ann")],
      faults: [],
    });
  });

  test("text comes back character for character", async (catalog) => {
    const records = AWKWARD_TEXT.map((text, n) => ({
      server: server(n + 1, {
        host: `h${text}`,
        zone: text.slice(0, 64),
        engine: { vendor: "mysql", version: text, settings: { [text]: text } },
      }),
      table: table(`t${n}`, { ddl: text }),
      user: user(`u${n}`, { secret: text }),
      job: job(`j${n}`, { subject: text, error: text }),
    }));
    const state = await putAll(
      catalog,
      ...records.flatMap(({ server, table, user, job }): CatalogChange[] => [
        { change: "server.put", server },
        { change: "table.put", table },
        { change: "user.put", user },
        { change: "job.put", job },
      ]),
    );
    assert.deepEqual(state.servers, records.map((each) => each.server));
    assert.deepEqual(state.tables, records.map((each) => each.table));
    assert.deepEqual(state.users, records.map((each) => each.user));
    assert.deepEqual(state.jobs, records.map((each) => each.job));
  });
}

function awkwardValues(test: CatalogTest): void {
  test("JSON comes back as it was, whatever it is", async (catalog) => {
    const jobs = AWKWARD_JSON.map((value, n) =>
      job(`j${n + 10}`, { request: value, progress: { value } })
    );
    const state = await putAll(
      catalog,
      ...jobs.map((job) => ({ change: "job.put", job }) as const),
    );
    assert.deepEqual(state.jobs, jobs);
  });

  test("moments come back as the very same numbers", async (catalog) => {
    const random = new SeededRandom(7);
    const moments = [
      ...AWKWARD_MOMENTS,
      ...Array.from({ length: 200 }, () => MOMENT * random.next()),
      ...Array.from({ length: 100 }, () => random.next() * 10 ** Math.floor(random.next() * 300)),
    ];
    const records = moments.map((since, n) => placement("r1", n + 1, since));
    const changes = records.map((each) => ({ change: "placement.put", placement: each }) as const);
    const { placements } = await putAll(catalog, ...changes);
    assert.deepEqual(placements, records);
  });
}

function largeRecords(test: CatalogTest): void {
  test("records as large as they may be come back whole", async (catalog) => {
    const long = "ä".repeat(64);
    const large = server(Number.MAX_SAFE_INTEGER - 1, {
      host: "h".repeat(255),
      port: 65_535,
      zone: "🦊".repeat(32),
      engine: { vendor: "sqlite", version: "v".repeat(128), settings: { a: "s".repeat(4096) } },
      load: {
        reads: Number.MAX_SAFE_INTEGER,
        writes: 0,
        rows: 1,
        bytes: 2 ** 52,
        lag: 3,
        verifiedAgeMs: 0.5,
      },
    });
    const tables = [
      table(long, { region: "r".repeat(64), ddl: "x".repeat(1024 * 1024) }),
      table("n".repeat(64), { ddl: "'\\🦊".repeat(200_000) }),
    ];
    const account = user("u".repeat(80), { secret: "s".repeat(512) });
    const right = grant("u".repeat(80), { scope: long, privilege: "admin" });
    const work = job("j".repeat(64), { subject: "🦊".repeat(128), error: "e".repeat(100_000) });
    const state = await putAll(
      catalog,
      { change: "server.put", server: large },
      ...tables.map((table) => ({ change: "table.put", table }) as const),
      { change: "user.put", user: account },
      { change: "grant.put", grant: right },
      { change: "job.put", job: work },
    );
    assert.deepEqual(state.servers, [large]);
    assert.deepEqual(state.tables, tables.toSorted((a, b) => a.name < b.name ? -1 : 1));
    assert.deepEqual([state.users, state.grants, state.jobs], [[account], [right], [work]]);
  });
}

function keys(test: CatalogTest): void {
  test("a put replaces the whole record, a delete takes only its own", async (catalog) => {
    await putAll(
      catalog,
      { change: "server.put", server: server(1) },
      { change: "server.put", server: server(2) },
      { change: "table.put", table: table("a") },
      { change: "table.put", table: table("b") },
      { change: "placement.put", placement: placement("r1", 1) },
      { change: "placement.put", placement: placement("r1", 2) },
      { change: "placement.put", placement: placement("r2", 1) },
      { change: "grant.put", grant: grant("ann", { privilege: "read" }) },
      { change: "grant.put", grant: grant("ann", { privilege: "write" }) },
      { change: "user.put", user: user("ann") },
      { change: "job.put", job: job("j1", { error: "no" }) },
    );
    const state = await putAll(
      catalog,
      { change: "server.put", server: server(1, { status: "offline", zone: "b" }) },
      { change: "server.delete", rid: 2 },
      { change: "table.delete", name: "a" },
      { change: "placement.delete", region: "r1", rid: 1 },
      { change: "grant.delete", grant: grant("ann", { privilege: "read" }) },
      { change: "user.delete", name: "ann" },
      { change: "job.put", job: job("j1") },
    );
    assert.deepEqual(state.servers, [server(1, { status: "offline", zone: "b" })]);
    assert.deepEqual(state.tables, [table("b")]);
    assert.deepEqual(state.placements, [placement("r1", 2), placement("r2", 1)]);
    assert.deepEqual(state.grants, [grant("ann", { privilege: "write" })]);
    assert.deepEqual([state.users, state.jobs], [[], [job("j1")]]);
  });

  test("deleting what is not there is no error", async (catalog) => {
    const state = await putAll(
      catalog,
      { change: "server.delete", rid: 1 },
      { change: "table.delete", name: "t" },
      { change: "placement.delete", region: "r1", rid: 1 },
      { change: "job.delete", id: "j" },
      { change: "user.delete", name: "u" },
      { change: "grant.delete", grant: grant("u") },
    );
    assert.deepEqual(state.faults, []);
  });
}

function sameKeys(test: CatalogTest): void {
  test("of several changes to one key the last counts", async (catalog) => {
    const state = await putAll(
      catalog,
      { change: "table.put", table: table("a", { state: "creating" }) },
      { change: "table.put", table: table("b") },
      { change: "table.delete", name: "b" },
      { change: "table.delete", name: "c" },
      { change: "table.put", table: table("c") },
      { change: "table.put", table: table("a", { state: "ready" }) },
    );
    assert.deepEqual(state.tables, [table("a"), table("c")]);
  });

  test("names that look alike to a collation are different keys", async (catalog) => {
    const names = ["A", "a", "Ä", "ä", "a\u0308", "ss", "ß", "ı", "i", "I", "a\u0301", " a"];
    const state = await putAll(
      catalog,
      ...names.map((name) => ({ change: "table.put", table: table(name) }) as const),
      ...names.map((name) => ({ change: "user.put", user: user(name) }) as const),
    );
    assert.deepEqual(new Set(state.tables.map(({ name }) => name)), new Set(names));
    assert.equal(state.users.length, names.length);
    const left = await putAll(catalog, { change: "table.delete", name: "A" });
    assert.deepEqual(left.tables.length, names.length - 1);
    assert.ok(left.tables.some(({ name }) => name === "a"));
  });
}

function jobs(test: CatalogTest): void {
  test("an error that is absent and one that is null are told apart", async (catalog) => {
    const jobs = [job("a"), job("b", { error: null }), job("c", { error: "" })];
    const state = await putAll(
      catalog,
      ...jobs.map((job) => ({ change: "job.put", job }) as const),
    );
    assert.deepEqual(state.jobs, jobs);
    assert.equal("error" in (state.jobs[0] as JobRecord), false);
  });

  test("all running jobs are read, and the hundred latest of the others", async (catalog) => {
    const running = Array.from({ length: 150 }, (_, n) => job(`r${n}`, { created: n }));
    const ended = Array.from(
      { length: 150 },
      (_, n) => job(`e${n}`, { state: "done", created: 1000 + n, updated: n }),
    );
    const all = [...ended, ...running];
    const state = await putAll(catalog, ...all.map((job) => ({ change: "job.put", job }) as const));
    assert.deepEqual(state.jobs, [...running, ...ended.slice(50)]);
  });
}

function scale(test: CatalogTest): void {
  test("ten thousand tables on three servers each are put and read", async (catalog) => {
    const changes = Array.from({ length: 10_000 }, (_, n): CatalogChange[] => [
      {
        change: "table.put",
        table: table(`table_${n}`, { region: `r${n}`, ddl: "x".repeat(500) }),
      },
      ...[1, 2, 3].map((rid) =>
        ({ change: "placement.put", placement: placement(`r${n}`, rid) }) as const
      ),
    ]).flat();
    const start = performance.now();
    await catalog.apply(1, changes);
    const written = performance.now();
    const { tables, placements } = await catalog.load();
    const read = performance.now();
    assert.deepEqual([tables.length, placements.length], [10_000, 30_000]);
    const deletes = tables.map(({ name }) => ({ change: "table.delete", name }) as const);
    await catalog.apply(1, deletes);
    const deleted = performance.now();
    assert.equal((await catalog.load()).tables.length, 0);
    console.log(
      `10,000 tables and 30,000 placements: put in ${Math.round(written - start)} ms, ` +
        `read in ${Math.round(read - written)} ms, tables deleted in ` +
        `${Math.round(deleted - read)} ms`,
    );
  });
}
