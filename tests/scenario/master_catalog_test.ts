/** Stories of a catalog that fails in awkward moments, and of masters that hand over meanwhile. */
import assert from "node:assert/strict";
import { Paths } from "../../src/cluster/paths.ts";
import type { Catalog, CatalogChange } from "../../src/ports/catalog.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import { is, story } from "../support/master_world.ts";

type Apply = Catalog["apply"];

/** Calls of `apply` that hold such a change go another way. */
function detour(match: (change: CatalogChange) => boolean, way: (sound: Apply) => Apply) {
  return (sound: Catalog): Catalog => ({
    ...sound,
    apply: (term, changes) =>
      changes.some(match) ? way(sound.apply)(term, changes) : sound.apply(term, changes),
  });
}

{
  const failures = [
    new MinisqlError("OUTCOME_UNKNOWN", "Cannot tell how it ended: the answer was lost"),
    new MinisqlError("UNAVAILABLE", "Cannot reach the catalog: away"),
  ];
  const recordsCreate = (each: CatalogChange) =>
    each.change === "job.put" && each.job.state === "running";
  const catalog = detour(recordsCreate, (apply) => async (term, changes) => {
    const failure = failures.shift();
    if (failure?.code !== "UNAVAILABLE") await apply(term, changes);
    if (failure !== undefined) throw failure;
  });
  story("a create that was recorded before the catalog went is not said to have failed", {
    masters: 1,
    regions: 2,
    defects: { catalog },
  }, async (cluster) => {
    await assert.rejects(cluster.create("orders"), is("OUTCOME_UNKNOWN", /away/));
    await cluster.settled();
    assert.equal((await cluster.call("meta", {})).tables.length, 1);
  });
}

story("of a short loss of the catalog both the beginning and the end are told", {
  masters: 1,
  regions: 1,
}, async (cluster) => {
  const { world } = cluster;
  const told = () =>
    (["catalog.lost", "catalog.back"] as const).map((name) => world.reporter.eventsOf(name).length);
  assert.deepEqual(told(), [0, 0]);
  cluster.cluster.catalogFaults.away = true;
  await assert.rejects(cluster.create("orders"), is("UNAVAILABLE", /away/));
  cluster.cluster.catalogFaults.away = false;
  await world.advance(10_000);
  assert.deepEqual(told(), [1, 1]);
});

{
  const hold = { on: false };
  const catalog = detour(
    (each) => each.change === "event.add",
    (apply) => (term, changes) => hold.on ? new Promise(() => {}) : apply(term, changes),
  );
  story("a catalog that takes no events does not hold up the next master", {
    masters: 2,
    regions: 1,
    defects: { catalog },
  }, async (cluster) => {
    const { leader } = cluster;
    hold.on = true;
    await cluster.create("orders");
    await cluster.call("stepDown", {});
    assert.ok(await cluster.world.until(() => cluster.leader !== "", 1000));
    assert.notEqual(cluster.leader, leader);
  });
}

{
  const slow = { fail: (_error: Error) => {}, begun: false };
  const catalog = detour(
    (each) => each.change === "event.add" && each.event.event === "table.created",
    (apply) => async (term, changes) => {
      if (slow.begun) return await apply(term, changes);
      slow.begun = true;
      await new Promise<void>((_, reject) => slow.fail = reject);
    },
  );
  story("events that had to wait are kept in the order in which they happened", {
    masters: 1,
    regions: 1,
    defects: { catalog },
  }, async (cluster) => {
    await cluster.create("orders");
    await cluster.world.advance(500);
    await cluster.call("dropTable", { table: "orders" });
    await cluster.world.advance(500);
    slow.fail(new MinisqlError("UNAVAILABLE", "Cannot reach the catalog: away"));
    await cluster.world.advance(5000);
    const { events } = await cluster.call("events", {});
    const names = events.map(({ what }) => what.event);
    const tables = names.filter((name) => name.startsWith("table."));
    assert.deepEqual(tables, ["table.created", "table.dropped"]);
  });
}

story("a master that has been deposed writes nothing more", {
  masters: 2,
  regions: 2,
}, async (cluster) => {
  await cluster.create("orders");
  const reign = cluster.cluster.leading?.reign;
  assert.ok(reign);
  reign.depose("for the test");
  const writes = [
    reign.zk.deleteTable("orders"),
    reign.zk.deleteServer(1),
    reign.zk.putTable("other", { region: "r", schemaHash: "" }),
  ];
  for (const { status } of await cluster.outcome(Promise.allSettled(writes))) {
    assert.equal(status, "rejected");
  }
  assert.ok(cluster.world.coordinator.tree.get(new Paths().table("orders")) !== null);
});

story("what the coordination service fails to tell is no defect of the master", {
  masters: 1,
  regions: 1,
}, async (cluster) => {
  const { faults } = cluster.world.coordinator;
  const path = new Paths().candidates;
  faults.refuse({ op: "children", path }, "refused");
  await assert.rejects(cluster.call("status", {}), is("UNAVAILABLE", /Cannot list the masters/));
  assert.equal((await cluster.call("status", {})).masters, 1);
});
