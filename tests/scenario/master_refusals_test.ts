/** Stories of what the master refuses or passes over, each with its reason. */
import assert from "node:assert/strict";
import { CONTROL_TABLE } from "../../src/adapters/catalog/tables.ts";
import { SimProcess } from "../../src/sim/process.ts";
import { newRegionState, runSimRegion } from "../../src/sim/sim_region.ts";
import { is, story } from "../support/master_world.ts";

story("what a client asks wrongly is told so, and the master lives", {
  masters: 1,
  regions: 2,
}, async (cluster) => {
  await cluster.create("orders");
  const wrong = (table: string, ddl: string) => cluster.call("createTable", { table, ddl });
  await assert.rejects(cluster.create("orders"), is("TABLE_EXISTS", /'orders' already exists/));
  const again = await cluster.create("orders", { ifNotExists: true });
  assert.equal(again.job, null);
  await assert.rejects(cluster.create("t".repeat(65)), is("BAD_REQUEST", /1 to 64 characters/));
  await assert.rejects(
    cluster.create("many", { replicas: 3 }),
    is("UNAVAILABLE", /only 2 servers/),
  );
  await assert.rejects(wrong("a", "CREATE TABLE b (id INT)"), is("BAD_REQUEST", /creates b/));
  await assert.rejects(wrong("a", "CREATE TABLE a (id"), is("SQL", /error in your SQL syntax/));
  await assert.rejects(wrong("a", "DROP TABLE orders"), is("BAD_REQUEST", /not a CREATE TABLE/));
  await assert.rejects(cluster.call("dropTable", { table: "x" }), is("NO_SUCH_TABLE", /'x'/));
  assert.deepEqual(await cluster.call("dropTable", { table: "x", ifExists: true }), { job: null });
  const status = await cluster.call("status", {});
  assert.equal(status.tables, 1);
});

story("without a server a table cannot be created, and the reason is told", {
  masters: 1,
  regions: 1,
}, async (cluster) => {
  cluster.process("r1").crash();
  assert.ok(
    await cluster.world.until(
      () => cluster.cluster.leading?.reign?.view.online.length === 0,
      20_000,
    ),
  );
  await assert.rejects(
    cluster.create("orders"),
    is("UNAVAILABLE", /no region server is online \(1 known\)/),
  );
});

story("a caller of another cluster or protocol is turned away by name", {
  masters: 1,
  regions: 1,
}, async (cluster) => {
  const { network } = cluster.world;
  const link = await cluster.outcome(network.host("client").dial({ host: "m1", port: 9090 }, 1000));
  const hello = { id: 1, op: "hello", protocol: 1, cluster: "other", role: "client", name: "x" };
  link.send(JSON.stringify(hello));
  assert.match(String(await cluster.outcome(link.receive())), /this is cluster sim, not other/);
  const newer = await cluster.outcome(
    network.host("client").dial({ host: "m1", port: 9090 }, 1000),
  );
  newer.send(JSON.stringify({ ...hello, cluster: "sim", protocol: 9 }));
  assert.match(String(await cluster.outcome(newer.receive())), /speaks protocol 1, not 9/);
  link.close();
  newer.close();
});

story("a copied data folder is noticed: one identity, two servers", {
  masters: 1,
  regions: 2,
}, async (cluster) => {
  const [original] = cluster.cluster.regionStates;
  assert.ok(original);
  const copy = newRegionState(original.identity, "copy");
  const twin = new SimProcess(
    cluster.world,
    "copy",
    (around, start) => runSimRegion(copy, around, start + 100, cluster.cluster.shared),
  );
  twin.start();
  assert.ok(await cluster.world.until(() => twin.failure !== null, 20_000));
  is("FORBIDDEN", /identity is in use at r1:9091; was the data folder copied/)(twin.failure);
  const [refused] = cluster.world.reporter.eventsOf("server.refused");
  assert.equal(refused?.host, "copy");
  assert.equal((await cluster.call("status", {})).servers.online, 2);
});

story("a server that comes back changed is refused beside its peers", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  await cluster.create("orders");
  const [state] = cluster.cluster.regionStates;
  assert.ok(state);
  cluster.process("r1").crash();
  await cluster.world.advance(10_000);
  const engine = { vendor: "sqlite", version: "4", settings: {} } as const;
  const elsewhere = { ...state, host: "moved" };
  const changed = new SimProcess(
    cluster.world,
    "moved",
    (around, start) => runSimRegion(elsewhere, around, start + 100, cluster.cluster.shared, engine),
  );
  changed.start();
  assert.ok(await cluster.world.until(() => changed.failure !== null, 20_000));
  is("FORBIDDEN", /shares orders with server \d+, yet its version is 4, not 3/)(changed.failure);
});

story("two masters of one name are told apart by their address", {
  masters: 2,
  regions: 1,
}, async (cluster) => {
  const imposter = cluster.cluster.imposter("elsewhere", "m1");
  imposter.start();
  assert.ok(await cluster.world.until(() => imposter.failure !== null, 20_000));
  is("FORBIDDEN", /another of that name is at m1:9090; give each its own --id/)(imposter.failure);
  await cluster.call("status", {});
});

story("a catalog of a newer version is left alone, and said to be so", {
  masters: 2,
  regions: 2,
}, async (cluster) => {
  await cluster.create("orders");
  cluster.world.catalog.exec(`UPDATE ${CONTROL_TABLE} SET version = 99`);
  cluster.process(cluster.leader).crash();
  assert.ok(await cluster.world.until(() => cluster.cluster.leading !== null, 20_000));
  await assert.rejects(cluster.create("more"), is("UNAVAILABLE", /version 99/));
  const { routes } = await cluster.call("locate", { tables: ["orders"] });
  assert.equal(routes[0]?.state, "writable");
});
