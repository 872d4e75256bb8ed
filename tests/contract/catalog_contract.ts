/** What every Catalog promises, run on each adapter. */
import assert from "node:assert/strict";
import type { Catalog, CatalogChange, CatalogState } from "../../src/ports/catalog.ts";
import { type ErrorCode, MinisqlError } from "../../src/protocol/errors.ts";
import { joined, placement, server, table } from "../support/catalog_records.ts";
import { catalogEventsContract } from "./catalog_events_contract.ts";
import { catalogTamperingContract } from "./catalog_tampering_contract.ts";
import { catalogRecordsContract } from "./catalog_records_contract.ts";

export interface CatalogFixture {
  /** Another catalog on the fixture's one database, as another master would open it. */
  open(): Catalog;
  /** Runs SQL on the database behind the catalogs' backs, in words of MySQL and SQLite alike. */
  sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** From now on the database refuses every row put into the table. */
  refuse(table: string): Promise<void>;
  /** Closes the catalogs opened and removes the database. */
  close(): Promise<void>;
}

export type CatalogTest = (
  what: string,
  body: (catalog: Catalog, fixture: CatalogFixture) => Promise<void>,
) => void;

export function catalogContract(name: string, open: () => Promise<CatalogFixture>): void {
  const bare: CatalogTest = (what, body) =>
    Deno.test(`${name}: ${what}`, async () => {
      const fixture = await open();
      try {
        await body(fixture.open(), fixture);
      } finally {
        await fixture.close();
      }
    });
  const prepared: CatalogTest = (what, body) =>
    bare(what, async (catalog, fixture) => {
      await catalog.prepare();
      await body(catalog, fixture);
    });

  preparing(bare);
  refusing(bare);
  fencing(prepared);
  racing(prepared);
  atomicity(prepared);
  numbers(prepared);
  closing(prepared);
  catalogRecordsContract(prepared);
  catalogEventsContract(prepared);
  catalogTamperingContract(prepared);
}

/** The error, checked for its code and words. */
export function isFault(code: ErrorCode, words: RegExp = /./) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof MinisqlError, `not a MinisqlError: ${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}

const EMPTY: CatalogState = {
  term: 0,
  servers: [],
  tables: [],
  placements: [],
  jobs: [],
  users: [],
  grants: [],
  faults: [],
};

function preparing(test: CatalogTest): void {
  test("a catalog just prepared is empty", async (catalog) => {
    await catalog.prepare();
    assert.deepEqual(await catalog.load(), EMPTY);
    assert.deepEqual(await catalog.events({ after: 0, limit: 10 }), []);
  });

  test("preparing again changes nothing", async (catalog, fixture) => {
    await catalog.prepare();
    await catalog.apply(3, [{ change: "table.put", table: table("t") }]);
    await catalog.nextRid(3);
    const before = await catalog.load();
    await catalog.prepare();
    await fixture.open().prepare();
    assert.deepEqual(await catalog.load(), before);
    assert.equal(await catalog.nextRid(3), 2);
  });

  test("several that prepare at once all find it prepared", async (_, fixture) => {
    const catalogs = Array.from({ length: 4 }, () => fixture.open());
    await Promise.all(catalogs.map((each) => each.prepare()));
    const rids = await Promise.all(catalogs.map((each) => each.nextRid(1)));
    assert.deepEqual(rids.toSorted(), [1, 2, 3, 4]);
  });

  test("a table that is missing is made, and the others are kept", async (catalog, fixture) => {
    await catalog.prepare();
    await catalog.apply(1, [
      { change: "table.put", table: table("t") },
      { change: "placement.put", placement: placement("r1", 1) },
    ]);
    await fixture.sql("DROP TABLE `placements`");
    await assert.rejects(catalog.load(), isFault("UNAVAILABLE", /placements/));
    await catalog.prepare();
    const { tables, placements } = await catalog.load();
    assert.deepEqual([tables.map(({ name }) => name), placements], [["t"], []]);
  });

  test("a lost control row comes back, and no number is given again", async (catalog, fixture) => {
    await catalog.prepare();
    await catalog.apply(4, [
      { change: "server.put", server: server(7) },
      { change: "event.add", at: 1, event: joined(7) },
    ]);
    await fixture.sql("DELETE FROM `catalog_control`");
    await assert.rejects(catalog.load(), isFault("UNAVAILABLE", /catalog_control.*init\.sql/));
    await assert.rejects(catalog.apply(4, []), isFault("UNAVAILABLE", /catalog_control/));
    await catalog.prepare();
    assert.equal(await catalog.nextRid(4), 8);
    await catalog.apply(4, [{ change: "event.add", at: 2, event: joined(8) }]);
    const events = await catalog.events({ after: 0, limit: 10 });
    assert.deepEqual(events.map(({ id }) => id), [1, 2]);
  });
}

/** Every call of a catalog, each by itself. */
function calls(catalog: Catalog, term: number): readonly (() => Promise<unknown>)[] {
  return [
    () => catalog.load(),
    () => catalog.claim(term),
    () => catalog.apply(term, [{ change: "table.put", table: table("t") }]),
    () => catalog.nextRid(term),
  ];
}

function refusing(test: CatalogTest): void {
  test("an unprepared catalog is unavailable", async (catalog) => {
    for (const call of [...calls(catalog, 1), () => catalog.events({ after: 0, limit: 1 })]) {
      await assert.rejects(call, isFault("UNAVAILABLE"));
    }
  });

  test("tables of a newer version are refused and left as they are", async (catalog, fixture) => {
    await catalog.prepare();
    await catalog.apply(1, [{ change: "table.put", table: table("kept") }]);
    await fixture.sql("DROP TABLE `placements`");
    await fixture.sql("UPDATE `catalog_control` SET `version` = 9");
    const newer = isFault("UNSUPPORTED", /version 9.*version 1/);
    await assert.rejects(catalog.prepare(), newer);
    await fixture.sql(
      "CREATE TABLE `placements` (`region` INTEGER, `rid` INTEGER, `since_ms` INTEGER)",
    );
    await assert.rejects(catalog.prepare(), newer);
    for (const call of calls(catalog, 2)) await assert.rejects(call, newer);
    const [control] = await fixture.sql("SELECT `version`, `term` FROM `catalog_control`");
    assert.deepEqual({ ...control }, { version: 9, term: 1 });
    assert.equal((await fixture.sql("SELECT `name` FROM `tables`")).length, 1);
  });

  test("other tables of the same names are refused and left alone", async (catalog, fixture) => {
    await fixture.sql("CREATE TABLE `users` (`name` INTEGER, `email` INTEGER)");
    await assert.rejects(catalog.prepare(), isFault("UNSUPPORTED", /users has no column secret/));
    await assert.rejects(fixture.sql("SELECT * FROM `catalog_control`"));
  });
}

function fencing(test: CatalogTest): void {
  test("a claim refuses every older term from then on", async (old, fixture) => {
    const young = fixture.open();
    await old.claim(5);
    await old.claim(5);
    await young.claim(6);
    const deposed = isFault("STALE_EPOCH", /term 5.*term 6/);
    await assert.rejects(old.claim(5), deposed);
    await assert.rejects(old.nextRid(5), deposed);
    await assert.rejects(old.apply(5, []), deposed);
    const changes: readonly CatalogChange[] = [
      { change: "table.put", table: table("t") },
      { change: "event.add", at: 1, event: joined(1) },
    ];
    await assert.rejects(old.apply(5, changes), deposed);
    assert.deepEqual(await old.load(), { ...EMPTY, term: 6 });
    assert.deepEqual(await old.events({ after: 0, limit: 10 }), []);
    assert.equal(await young.nextRid(6), 1);
  });

  test("a write of a higher term is as good as a claim", async (catalog, fixture) => {
    const other = fixture.open();
    await catalog.apply(8, []);
    await assert.rejects(other.apply(7, []), isFault("STALE_EPOCH"));
    assert.equal(await other.nextRid(9), 1);
    await assert.rejects(catalog.claim(8), isFault("STALE_EPOCH"));
    assert.equal((await catalog.load()).term, 9);
  });
}

function racing(test: CatalogTest): void {
  test("once a claim is made no older write happens, however they race", async (_, fixture) => {
    const masters = [fixture.open(), fixture.open()] as const;
    for (let term = 1; term <= 20; term++) {
      const old = masters[term % 2 === 0 ? 0 : 1];
      const young = masters[term % 2 === 0 ? 1 : 0];
      await old.claim(term);
      const name = (n: number) => `t_${term}_${n}`;
      const put = (n: number) => old.apply(term, [{ change: "table.put", table: table(name(n)) }]);
      const writes = Promise.allSettled(Array.from({ length: 5 }, (_, n) => put(n)));
      await young.claim(term + 1);
      const late = Promise.allSettled([put(5)]);
      const outcomes = [...await writes, ...await late];
      assert.equal(outcomes[5]?.status, "rejected");
      const { tables } = await young.load();
      const made = tables.map((each) => each.name).filter((each) => each.startsWith(`t_${term}_`));
      const done = outcomes.flatMap(({ status }, n) => status === "fulfilled" ? [name(n)] : []);
      assert.deepEqual(made, done);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") isFault("STALE_EPOCH")(outcome.reason);
      }
    }
  });
}

function atomicity(test: CatalogTest): void {
  test("a change that fails takes all the others with it", async (catalog, fixture) => {
    await catalog.apply(1, [{ change: "table.put", table: table("before") }]);
    const before = await catalog.load();
    await fixture.refuse("placements");
    await assert.rejects(
      catalog.apply(2, [
        { change: "server.put", server: server(5) },
        { change: "table.put", table: table("t") },
        { change: "table.delete", name: "before" },
        { change: "event.add", at: 1, event: joined(5) },
        { change: "placement.put", placement: placement("r1", 5) },
        { change: "user.delete", name: "nobody" },
      ]),
      isFault("UNAVAILABLE", /refused by the test/),
    );
    assert.deepEqual(await catalog.load(), before);
    assert.deepEqual(await catalog.events({ after: 0, limit: 10 }), []);
    assert.equal(await catalog.nextRid(1), 1);
  });

  test("a reader sees all of a write or nothing of it", async (writer, fixture) => {
    const reader = fixture.open();
    let writing = true;
    const writes = (async () => {
      for (let n = 1; n <= 60; n++) {
        await writer.apply(n, [
          { change: "table.put", table: table("t", { created: n }) },
          { change: "placement.put", placement: placement("r1", 1, n) },
          { change: "server.put", server: server(1, { created: n }) },
        ]);
      }
      writing = false;
    })();
    while (writing) {
      const { term, tables, placements, servers } = await reader.load();
      const seen = [tables[0]?.created ?? 0, placements[0]?.since ?? 0, servers[0]?.created ?? 0];
      assert.deepEqual(seen, [term, term, term]);
    }
    await writes;
  });

  test("what was applied is read by every other catalog at once", async (catalog, fixture) => {
    const other = fixture.open();
    for (let n = 0; n < 20; n++) {
      await catalog.apply(1, [
        { change: "table.put", table: table(`t${n}`) },
        { change: "event.add", at: n, event: joined(1) },
      ]);
      assert.equal((await other.events({ after: 0, limit: 100 })).length, n + 1);
      if (n % 3 === 0) assert.equal((await other.load()).tables.length, n + 1);
    }
  });
}

function numbers(test: CatalogTest): void {
  test("server numbers begin at 1 and rise", async (catalog) => {
    assert.deepEqual(
      [await catalog.nextRid(1), await catalog.nextRid(1), await catalog.nextRid(2)],
      [1, 2, 3],
    );
  });

  test("a hundred callers on two connections draw a hundred numbers", async (one, fixture) => {
    const two = fixture.open();
    const draws = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? one : two).nextRid(1));
    const rids = await Promise.all(draws);
    assert.deepEqual(rids.toSorted((a, b) => a - b), Array.from({ length: 100 }, (_, n) => n + 1));
  });

  test("a number in use or once in use is never drawn", async (catalog) => {
    await catalog.apply(1, [{ change: "server.put", server: server(41) }]);
    await catalog.apply(1, [{ change: "server.delete", rid: 41 }]);
    assert.equal(await catalog.nextRid(1), 42);
  });

  test("when the numbers are used up it says so", async (catalog) => {
    await catalog.apply(1, [{ change: "server.put", server: server(Number.MAX_SAFE_INTEGER) }]);
    await assert.rejects(catalog.nextRid(1), isFault("UNSUPPORTED", /server numbers/));
  });
}

function closing(test: CatalogTest): void {
  test("a closed catalog is unavailable, and closing again is fine", async (catalog) => {
    await catalog.load();
    await catalog.close();
    await catalog.close();
    const closed = isFault("UNAVAILABLE", /closed/);
    for (const call of [...calls(catalog, 1), () => catalog.prepare()]) {
      await assert.rejects(call, closed);
    }
  });

  test("closing waits for calls under way", async (catalog, fixture) => {
    const ended: string[] = [];
    const calls = [
      catalog.apply(1, [{ change: "table.put", table: table("t") }]).then(() => ended.push("put")),
      catalog.nextRid(1).then((rid) => ended.push(`rid ${rid}`)),
      catalog.load().then(() => ended.push("load")),
    ];
    await catalog.close();
    assert.deepEqual(ended.toSorted(), ["load", "put", "rid 1"]);
    await Promise.all(calls);
    assert.equal((await fixture.open().load()).tables.length, 1);
  });
}
