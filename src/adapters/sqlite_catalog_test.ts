/** The SQLite catalog's own faults: files that are locked, full, foreign or gone. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { joined, table } from "../../tests/support/catalog_records.ts";
import type { CatalogChange } from "../ports/catalog.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { openCatalogDatabase, SqliteCatalog } from "./sqlite_catalog.ts";

function isUnavailable(words: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof MinisqlError, String(error));
    assert.equal(error.code, "UNAVAILABLE");
    assert.match(error.message, words);
    return true;
  };
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "minisql-sqlite-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function put(name: string, ddl = ""): CatalogChange {
  return { change: "table.put", table: table(name, { ddl }) };
}

Deno.test("SqliteCatalog: a file keeps everything until it is opened again", async () => {
  await inFolder(async (folder) => {
    const first = openCatalogDatabase(`${folder}/c.db`);
    const catalog = new SqliteCatalog(first);
    await catalog.prepare();
    await catalog.apply(3, [put("t"), { change: "event.add", at: 1, event: joined(1) }]);
    await catalog.nextRid(3);
    const before = await catalog.load();
    first.close();
    const second = openCatalogDatabase(`${folder}/c.db`);
    const again = new SqliteCatalog(second);
    await again.prepare();
    assert.deepEqual(await again.load(), before);
    assert.equal(await again.nextRid(3), 2);
    assert.equal((await again.events({ after: 0, limit: 9 })).length, 1);
    second.close();
  });
});

Deno.test("SqliteCatalog: another's lock refuses writes in time, and lets reads through", async () => {
  await inFolder(async (folder) => {
    const database = openCatalogDatabase(`${folder}/c.db`);
    const other = new DatabaseSync(`${folder}/c.db`);
    const catalog = new SqliteCatalog(database);
    await catalog.prepare();
    other.exec("BEGIN IMMEDIATE");
    const start = performance.now();
    const locked = isUnavailable(/^Cannot change the catalog: database is locked$/);
    await assert.rejects(catalog.apply(1, [put("t")]), locked);
    assert.ok(performance.now() - start < 2_000, "it does not block for long");
    assert.equal((await catalog.load()).term, 0);
    assert.deepEqual(await catalog.events({ after: 0, limit: 1 }), []);
    other.exec("ROLLBACK");
    await catalog.apply(1, [put("t")]);
    other.close();
    database.close();
  });
});

Deno.test("SqliteCatalog: when the disk is full nothing has changed, and it goes on with less", async () => {
  await inFolder(async (folder) => {
    const database = openCatalogDatabase(`${folder}/c.db`);
    const catalog = new SqliteCatalog(database);
    await catalog.prepare();
    await catalog.apply(1, [put("kept")]);
    const before = await catalog.load();
    database.exec("PRAGMA max_page_count = 60");
    const full = isUnavailable(/^Cannot change the catalog: database or disk is full$/);
    await assert.rejects(catalog.apply(2, [put("a"), put("b", "x".repeat(1_000_000))]), full);
    assert.deepEqual(await catalog.load(), before);
    await catalog.apply(2, [put("a")]);
    assert.equal((await catalog.load()).tables.length, 2);
    database.close();
  });
});

Deno.test("SqliteCatalog: what is no database, or nowhere, is told with its path", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/text.db`, "This is no database.".repeat(1_000));
    for (const name of ["text.db", "missing/c.db", "."]) {
      assert.throws(
        () => openCatalogDatabase(`${folder}/${name}`),
        isUnavailable(new RegExp(`^Cannot open the catalog in ${folder}/${name}: `)),
      );
    }
  });
});

Deno.test("SqliteCatalog: a database that its opener closed is unavailable, not a crash", async () => {
  const database = openCatalogDatabase(":memory:");
  const catalog = new SqliteCatalog(database);
  await catalog.prepare();
  database.close();
  await assert.rejects(catalog.load(), isUnavailable(/^Cannot read the catalog: /));
  await assert.rejects(catalog.apply(1, []), isUnavailable(/^Cannot change the catalog: /));
  await catalog.close();
});

Deno.test("SqliteCatalog: catalogs on one database in memory see each other", async () => {
  const database = openCatalogDatabase(":memory:");
  const [one, two] = [new SqliteCatalog(database), new SqliteCatalog(database)];
  await one.prepare();
  await one.apply(1, [put("t")]);
  await one.close();
  assert.equal((await two.load()).tables.length, 1);
  database.close();
});
