/** What every Catalog promises of its events, run on each adapter. */
import assert from "node:assert/strict";
import type { Catalog, CatalogChange } from "../../src/ports/catalog.ts";
import type { ClusterEvent } from "../../src/protocol/events.ts";
import { AWKWARD_TEXT, joined, MOMENT } from "../support/catalog_records.ts";
import type { CatalogTest } from "./catalog_contract.ts";

export function catalogEventsContract(test: CatalogTest): void {
  order(test);
  content(test);
}

function add(rid: number): CatalogChange {
  return { change: "event.add", at: MOMENT + rid, event: joined(rid) };
}

async function ids(catalog: Catalog, after = 0, limit = 100): Promise<readonly number[]> {
  return (await catalog.events({ after, limit })).map(({ id }) => id);
}

function order(test: CatalogTest): void {
  test("events are numbered in the order of writing, whoever writes", async (one, fixture) => {
    const two = fixture.open();
    await one.apply(1, [add(1), add(2)]);
    await two.apply(2, [add(3)]);
    await two.apply(2, [add(4)]);
    const events = await one.events({ after: 0, limit: 100 });
    assert.deepEqual(
      events,
      [1, 2, 3, 4].map((n) => ({ id: n, at: MOMENT + n, what: joined(n) })),
    );
  });

  test("a query gives the newest so many after an id, in rising order", async (catalog) => {
    await catalog.apply(1, Array.from({ length: 10 }, (_, n) => add(n + 1)));
    assert.deepEqual(await ids(catalog, 0, 3), [8, 9, 10]);
    assert.deepEqual(await ids(catalog, 8, 100), [9, 10]);
    assert.deepEqual(await ids(catalog, 3, 2), [9, 10]);
    assert.deepEqual(await ids(catalog, 10), []);
    assert.deepEqual(await ids(catalog, 0, 0), []);
    assert.deepEqual(await ids(catalog, Number.MAX_SAFE_INTEGER), []);
  });

  test("pruning keeps the newest, counted at its place among the changes", async (catalog) => {
    await catalog.apply(1, Array.from({ length: 10 }, (_, n) => add(n + 1)));
    await catalog.apply(1, [{ change: "event.prune", keep: 4 }]);
    assert.deepEqual(await ids(catalog), [7, 8, 9, 10]);
    await catalog.apply(1, [add(11), { change: "event.prune", keep: 2 }, add(12)]);
    assert.deepEqual(await ids(catalog), [10, 11, 12]);
    await catalog.apply(1, [{ change: "event.prune", keep: 100 }]);
    assert.deepEqual(await ids(catalog), [10, 11, 12]);
    await catalog.apply(1, [{ change: "event.prune", keep: 0 }]);
    await catalog.apply(1, [add(13)]);
    assert.deepEqual(await ids(catalog), [13]);
  });
}

function content(test: CatalogTest): void {
  test("an event comes back with all its fields, and none that it lacks", async (catalog) => {
    const failover = {
      event: "region.failover",
      region: "r1",
      epoch: 4,
      from: null,
      to: 2,
      seq: Number.MAX_SAFE_INTEGER,
      reason: AWKWARD_TEXT.join("|"),
    } as const satisfies ClusterEvent;
    const events: readonly ClusterEvent[] = [
      failover,
      { ...failover, from: 1, outageMs: 0.25 },
      { event: "server.joined", rid: 1, host: "h", port: 1, zone: "", returned: { a: [1, null] } },
      {
        event: "copy.diverged",
        region: "r1",
        rid: 1,
        seq: 2,
        votes: "",
        reason: "",
        verifiedAt: null,
      },
    ];
    await catalog.apply(1, events.map((event, n) => ({ change: "event.add", at: n + 0.5, event })));
    const read = await catalog.events({ after: 0, limit: 10 });
    assert.deepEqual(read, events.map((what, n) => ({ id: n + 1, at: n + 0.5, what })));
  });

  test("events that cannot be understood are left out", async (catalog, fixture) => {
    const changes = [1, 2, 3, 4, 5].map((rid): CatalogChange => ({
      change: "event.add",
      at: rid,
      event: joined(rid),
    }));
    await catalog.apply(1, changes);
    await fixture.sql("UPDATE `events` SET `event` = 'server.rewired' WHERE `id` = 1");
    await fixture.sql("UPDATE `events` SET `details` = '{}' WHERE `id` = 2");
    await fixture.sql("UPDATE `events` SET `details` = 'null' WHERE `id` = 3");
    await fixture.sql("UPDATE `events` SET `details` = '{\"rid\"' WHERE `id` = 4");
    const events = await catalog.events({ after: 0, limit: 10 });
    assert.deepEqual(events, [{ id: 5, at: 5, what: joined(5) }]);
  });
}
