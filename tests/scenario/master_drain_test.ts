/** Stories of servers that are emptied, to be turned off for a while or for good. */
import assert from "node:assert/strict";
import { Paths } from "../../src/cluster/paths.ts";
import { is, type MasterWorld, story } from "../support/master_world.ts";

const paths = new Paths();

const statusOf = async (cluster: MasterWorld, rid: number) =>
  (await cluster.call("servers", {})).servers.find((server) => server.rid === rid)?.status;

const nodeStatus = ({ world }: MasterWorld, rid: number) =>
  JSON.parse(world.coordinator.tree.get(paths.server(rid))?.data ?? "{}").status;

story("a server is emptied one region after the other, and then it may go", {
  masters: 1,
  regions: 4,
}, async (cluster) => {
  for (const table of ["a", "b", "c", "d"]) await cluster.create(table);
  await cluster.settled();
  const held = cluster.server(1).tables.size;
  assert.ok(held > 0);
  const { job, regions } = await cluster.call("drain", { rid: 1 });
  assert.equal(regions, held);
  assert.equal(await statusOf(cluster, 1), "draining");
  const ended = await cluster.jobEnds(job ?? "");
  assert.equal(ended.state, "done");
  assert.equal(cluster.world.reporter.eventsOf("move.finished").length, held);
  assert.equal(cluster.server(1).tables.size, 0);
  assert.equal(await statusOf(cluster, 1), "drained");
  await cluster.reaches("others see it", () => nodeStatus(cluster, 1) === "drained");
  assert.equal(cluster.world.reporter.eventsOf("server.drained").length, 1);
  assert.deepEqual(await cluster.call("drain", { rid: 1 }), { job: null, regions: 0 });
  // It stays so whatever happens to it, and gets nothing new.
  cluster.process(cluster.server(1).host).crash();
  await cluster.world.advance(10_000);
  assert.equal(await statusOf(cluster, 1), "drained");
  cluster.process(cluster.server(1).host).start();
  await cluster.reaches("it is back", () => nodeStatus(cluster, 1) === "drained");
  assert.ok(!(await cluster.create("e")).replicas.includes(1));
  assert.deepEqual((await cluster.call("status", {})).verdict.code, "ok");
});

story("a drain is taken back, and regions come again", {
  masters: 1,
  regions: 4,
  copyMs: 10_000_000,
}, async (cluster) => {
  await cluster.create("orders", { replicas: 2 });
  const rid = (await cluster.call("regions", {})).regions[0]?.replicas[1] ?? 0;
  const { job } = await cluster.call("drain", { rid });
  await cluster.reaches(
    "a region moves",
    () => cluster.world.reporter.eventsOf("move.started").length === 1,
  );
  await cluster.reaches("others see it", () => nodeStatus(cluster, rid) === "draining");
  await cluster.call("drain", { rid, undo: true });
  assert.equal((await cluster.jobEnds(job ?? "")).state, "cancelled");
  assert.equal(await statusOf(cluster, rid), "online");
  await cluster.reaches("others see that too", () => nodeStatus(cluster, rid) === "online");
  await cluster.settled();
  assert.ok((await cluster.call("regions", {})).regions[0]?.replicas.includes(rid));
  const { jobs } = await cluster.call("jobs", {});
  assert.ok(jobs.every(({ state, kind }) => state === "cancelled" || kind === "create_table"));
});

story("a drained server is put to use again", { masters: 1, regions: 3 }, async (cluster) => {
  const { job } = await cluster.call("drain", { rid: 2 });
  await cluster.jobEnds(job ?? "");
  await cluster.call("drain", { rid: 2, undo: true });
  assert.equal(await statusOf(cluster, 2), "online");
  assert.equal(cluster.world.reporter.eventsOf("server.undrained").length, 1);
  assert.ok((await cluster.create("orders")).replicas.includes(2));
});

story("a drain that has nowhere to go says what it waits for, and goes on when it can", {
  masters: 1,
  regions: 4,
}, async (cluster) => {
  cluster.process("r4").crash();
  await cluster.reaches(
    "three are left",
    () => cluster.cluster.leading?.reign?.view.online.length === 3,
  );
  const { region, replicas } = await cluster.create("orders");
  const [rid = 0] = replicas;
  const { job } = await cluster.call("drain", { rid });
  await cluster.world.advance(5000);
  const { jobs } = await cluster.call("jobs", {});
  const { progress } = jobs.find(({ id }) => id === job) ?? {};
  assert.deepEqual(progress, {
    phase: `no other server is online that could take ${region}`,
    done: 0,
    of: 1,
  });
  cluster.process("r4").start();
  assert.equal((await cluster.jobEnds(job ?? "")).state, "done");
});

story("a server that dies while it is emptied is repaired around at once, and ends drained", {
  masters: 2,
  regions: 4,
  copyMs: 2000,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  await cluster.settled();
  const { primary } = cluster.region(region);
  const rid = cluster.region(region).replicas.find((each) => each !== primary) ?? 0;
  const { job } = await cluster.call("drain", { rid });
  cluster.process(cluster.server(rid).host).crash();
  cluster.process(cluster.leader).crash();
  await cluster.reaches("another leads", () => cluster.cluster.leading !== null);
  assert.equal((await cluster.jobEnds(job ?? "")).state, "done");
  assert.equal(await statusOf(cluster, rid), "drained");
  assert.ok(!cluster.region(region).replicas.includes(rid));
  assert.equal(cluster.region(region).isr.length, 3);
});

story("copies on their way to a server that is to be emptied go elsewhere", {
  masters: 1,
  regions: 5,
  copyMs: 10_000_000,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  const { job, to } = await cluster.call("moveRegion", { region });
  await cluster.reaches("it copies", () => cluster.region(region).replicas.length === 4);
  const drained = await cluster.call("drain", { rid: to });
  assert.equal((await cluster.jobEnds(job)).error, `Server ${to} is being drained`);
  assert.equal((await cluster.jobEnds(drained.job ?? "")).state, "done");
  assert.equal(cluster.region(region).replicas.length, 3);
});

story("there is no draining of what is not there", { masters: 1, regions: 1 }, async (cluster) => {
  await assert.rejects(
    cluster.call("drain", { rid: 9 }),
    is("BAD_REQUEST", /There is no server 9/),
  );
});
