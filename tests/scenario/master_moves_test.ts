/** Stories of regions that move: reads go on, writes pause for the hand-over only, nothing is lost. */
import assert from "node:assert/strict";
import { is, type MasterWorld, story } from "../support/master_world.ts";

const NEVER_MS = 10_000_000;

/** Somebody who does not hold the region. */
function stranger(cluster: MasterWorld, region: string): number {
  const { replicas } = cluster.region(region);
  const found = cluster.cluster.regionStates.flatMap(({ rids }) => [...rids])
    .find((rid) => !replicas.includes(rid));
  assert.ok(found);
  return found;
}

async function primaryOf(cluster: MasterWorld, region: string): Promise<number> {
  await cluster.settled();
  return cluster.region(region).primary ?? 0;
}

story("a region moves with its primary, and is read and written all the while", {
  masters: 1,
  regions: 4,
  copyMs: 3000,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  await cluster.create("items", { beside: "orders" });
  const from = await primaryOf(cluster, region);
  const to = stranger(cluster, region);
  const { job } = await cluster.call("moveRegion", { table: "orders", from, to });
  const isOver = () => cluster.cluster.leading?.reign?.view.job(job)?.state !== "running";
  while (!isOver()) {
    const { routes } = await cluster.call("locate", { tables: ["orders"] });
    assert.equal(routes[0]?.state, "writable");
    assert.ok((routes[0]?.slaves.length ?? 0) >= 2, JSON.stringify(routes[0]));
    await cluster.world.advance(20);
  }
  const { replicas, primary, joining } = cluster.region(region);
  assert.deepEqual([replicas.includes(from), primary, joining], [false, to, []]);
  assert.equal(cluster.server(from).tables.size, 0);
  assert.deepEqual([...cluster.server(to).tables.keys()].sort(), ["items", "orders"]);
  const [started] = cluster.world.reporter.eventsOf("move.started");
  const [finished] = cluster.world.reporter.eventsOf("move.finished");
  assert.deepEqual([started?.from, started?.to], [from, to]);
  assert.deepEqual([finished?.region, finished?.pauseMs], [region, 5]);
  await cluster.settled();
});

story("the only copy of a table moves, and is written while it is copied", {
  masters: 1,
  regions: 2,
  copyMs: 3000,
}, async (cluster) => {
  const { region } = await cluster.create("orders", { replicas: 1 });
  const from = await primaryOf(cluster, region);
  const { job, to } = await cluster.call("moveRegion", { table: "orders" });
  await cluster.world.advance(100);
  assert.deepEqual(cluster.region(region).joining, [to]);
  const { routes } = await cluster.call("locate", { tables: ["orders"] });
  assert.equal(routes[0]?.state, "writable");
  assert.equal((await cluster.jobEnds(job)).state, "done");
  const { replicas, isr, primary } = cluster.region(region);
  assert.deepEqual([replicas, isr.map(({ rid }) => rid), primary], [[to], [to], to]);
  assert.equal(cluster.server(from).tables.size, 0);
});

story("only the primary's role moves, where that is asked for", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  const { region, replicas } = await cluster.create("orders");
  const from = await primaryOf(cluster, region);
  const { job, to } = await cluster.call("moveRegion", { region, role: true });
  assert.equal((await cluster.jobEnds(job)).state, "done");
  assert.equal(cluster.region(region).primary, to);
  assert.notEqual(to, from);
  assert.deepEqual(cluster.region(region).replicas, replicas);
});

story("a move can be called off until the new copy is in sync", {
  masters: 1,
  regions: 4,
  copyMs: NEVER_MS,
}, async (cluster) => {
  const { region, replicas } = await cluster.create("orders");
  const { job, to } = await cluster.call("moveRegion", { region });
  await cluster.reaches("it copies", () => cluster.region(region).replicas.length === 4);
  await cluster.reaches("how far it is can be seen", () => {
    const progress = cluster.cluster.leading?.reign?.view.job(job)?.progress;
    return JSON.stringify(progress) ===
      JSON.stringify({ phase: `server ${to}: rows copied`, done: 1, of: 2 });
  });
  await cluster.call("cancelJob", { job });
  const ended = await cluster.jobEnds(job);
  assert.deepEqual([ended.state, ended.error], ["cancelled", "It was cancelled"]);
  assert.deepEqual(cluster.region(region).replicas, replicas);
  assert.deepEqual(await cluster.call("cancelJob", { job }), { state: "cancelled" });
  await cluster.settled();
});

story("what one master has begun to take back the next one takes back to the end", {
  masters: 2,
  regions: 4,
  copyMs: NEVER_MS,
}, async (cluster) => {
  const { region, replicas } = await cluster.create("orders");
  const { job, to } = await cluster.call("moveRegion", { region });
  await cluster.reaches("it copies", () => cluster.region(region).replicas.length === 4);
  // It does not hear that it is to remove what it has copied.
  for (const { name } of cluster.cluster.masters) {
    cluster.world.network.part(name, cluster.server(to).host);
  }
  await cluster.call("cancelJob", { job });
  await cluster.reaches("it leaves", () => cluster.region(region).replicas.length === 3);
  await cluster.call("stepDown", {});
  await cluster.reaches("another leads", () => cluster.cluster.leading !== null);
  assert.equal((await cluster.jobEnds(job)).state, "cancelled");
  assert.deepEqual(cluster.region(region).replicas, replicas);
});

story("what cannot be cancelled says so", { masters: 1, regions: 4 }, async (cluster) => {
  await assert.rejects(cluster.call("cancelJob", { job: "x" }), is("BAD_REQUEST", /no such job/));
  const { region } = await cluster.create("orders");
  const from = await primaryOf(cluster, region);
  const { job } = await cluster.call("moveRegion", { region, from });
  // It is in sync, and the old primary does not hear that it is to hand over.
  cluster.world.network.part("m1", cluster.server(from).host);
  await cluster.reaches(
    "the old one is to leave",
    () =>
      JSON.stringify(cluster.cluster.leading?.reign?.view.job(job)?.progress).includes("settled"),
  );
  await assert.rejects(cluster.call("cancelJob", { job }), is("UNSUPPORTED", /brought to its end/));
  cluster.world.network.mend("m1", cluster.server(from).host);
  assert.equal((await cluster.jobEnds(job)).state, "done");
});

story("the next master finishes a move, wherever this one was", {
  masters: 3,
  regions: 4,
  copyMs: 2000,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  const from = await primaryOf(cluster, region);
  const { job, to } = await cluster.call("moveRegion", { region, from });
  await cluster.reaches("it copies", () => cluster.region(region).replicas.length === 4);
  await cluster.call("stepDown", {});
  await cluster.reaches("the role has moved", () => cluster.region(region).primary === to);
  await cluster.call("stepDown", {});
  await cluster.reaches("another leads", () => cluster.cluster.leading !== null);
  assert.equal((await cluster.jobEnds(job)).state, "done");
  await cluster.settled();
  assert.ok(!cluster.region(region).replicas.includes(from));
  assert.equal(cluster.world.reporter.eventsOf("move.started").length, 1);
});

story("a move whose target dies is taken back", {
  masters: 1,
  regions: 4,
  copyMs: NEVER_MS,
}, async (cluster) => {
  const { region, replicas } = await cluster.create("orders");
  const { job, to } = await cluster.call("moveRegion", { region });
  await cluster.reaches("it copies", () => cluster.region(region).replicas.length === 4);
  cluster.process(cluster.server(to).host).crash();
  const ended = await cluster.jobEnds(job);
  assert.equal(ended.state, "failed");
  assert.match(ended.error ?? "", new RegExp(`Server ${to} is offline`));
  assert.deepEqual(cluster.region(region).replicas, replicas);
});

story("the old copy stays while the new one is away again", {
  masters: 1,
  regions: 3,
  upkeep: { repairAfterMs: NEVER_MS, balanceMs: null },
}, async (cluster) => {
  const { region } = await cluster.create("orders", { replicas: 2 });
  const from = await primaryOf(cluster, region);
  const { job, to } = await cluster.call("moveRegion", { region, from });
  cluster.world.network.part("m1", cluster.server(from).host);
  await cluster.reaches(
    "the old one is to leave",
    () =>
      JSON.stringify(cluster.cluster.leading?.reign?.view.job(job)?.progress).includes("settled"),
  );
  cluster.process(cluster.server(to).host).crash();
  await cluster.reaches(
    "the new one is out of the set",
    () => !cluster.region(region).isr.some(({ rid }) => rid === to),
  );
  cluster.world.network.mend("m1", cluster.server(from).host);
  await cluster.world.advance(20_000);
  assert.ok(cluster.region(region).replicas.includes(from));
  assert.equal((await cluster.call("locate", { tables: ["orders"] })).routes[0]?.state, "writable");
  cluster.process(cluster.server(to).host).start();
  assert.equal((await cluster.jobEnds(job)).state, "done");
  assert.ok(!cluster.region(region).replicas.includes(from));
});

story("a table that is dropped does not wait for its move", {
  masters: 1,
  regions: 4,
  copyMs: NEVER_MS,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  const { job } = await cluster.call("moveRegion", { region });
  await cluster.reaches("it copies", () => cluster.region(region).replicas.length === 4);
  await cluster.call("dropTable", { table: "orders" });
  assert.match((await cluster.jobEnds(job)).error ?? "", /orders is being dropped/);
  await cluster.settled();
  for (const { tables } of cluster.cluster.regionStates) assert.equal(tables.size, 0);
});

story("a move that makes no sense is refused with the reason", {
  masters: 1,
  regions: 5,
  copyMs: NEVER_MS,
}, async (cluster) => {
  const { region, replicas } = await cluster.create("orders");
  const [from = 0, other = 0] = replicas;
  const move = (request: object) => cluster.call("moveRegion", request);
  const to = stranger(cluster, region);
  const cases: readonly (readonly [object, string, RegExp])[] = [
    [{}, "BAD_REQUEST", /name either a region or a table/],
    [{ region, table: "orders" }, "BAD_REQUEST", /name either/],
    [{ table: "nothing" }, "NO_SUCH_TABLE", /'nothing' doesn't exist/],
    [{ region: "nothing" }, "BAD_REQUEST", /none of that name/],
    [{ region, from: to }, "BAD_REQUEST", new RegExp(`server ${to} holds no copy of it`)],
    [{ region, from, to: other }, "BAD_REQUEST", new RegExp(`${other} holds a copy of it already`)],
    [{ region, from, to: 77 }, "BAD_REQUEST", /There is no server 77/],
    [{ region, from: other, role: true }, "BAD_REQUEST", /is not its primary/],
    [{ region, role: true, to }, "BAD_REQUEST", /is not in sync with it/],
  ];
  await cluster.settled();
  assert.equal(cluster.region(region).primary, from);
  for (const [request, code, message] of cases) {
    await assert.rejects(move(request), is(code, message), JSON.stringify(request));
  }
  const { job } = await cluster.call("moveRegion", { region, from, to });
  await assert.rejects(move({ region }), is("UNAVAILABLE", /move region is under way \(job j/));
  await cluster.call("cancelJob", { job });
  await cluster.jobEnds(job);
  cluster.process(cluster.server(to).host).crash();
  await cluster.world.advance(10_000);
  await assert.rejects(move({ region, from, to }), is("BAD_REQUEST", /is offline/));
});
