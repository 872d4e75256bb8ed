/** Stories of copies that are lost or missing, and of new ones that take their place. */
import assert from "node:assert/strict";
import type { Answer } from "../../src/protocol/messages.ts";
import { is, type MasterWorld, story } from "../support/master_world.ts";

const REPAIR_AFTER_MS = 20_000;
const upkeep = { repairAfterMs: REPAIR_AFTER_MS, balanceMs: null };

/** Someone who holds the region and does not lead it. */
function follower(cluster: MasterWorld, region: string): number {
  const { replicas, primary } = cluster.region(region);
  const found = replicas.find((rid) => rid !== primary);
  assert.ok(found);
  return found;
}

const verdictOf = async (cluster: MasterWorld): Promise<Answer<"status">["verdict"]> =>
  (await cluster.call("status", {})).verdict;

story("a copy whose server does not come back is replaced, after a while", {
  masters: 1,
  regions: 4,
  upkeep,
}, async (cluster) => {
  const { region, replicas } = await cluster.create("orders");
  const dead = follower(cluster, region);
  cluster.process(cluster.server(dead).host).crash();
  await cluster.world.advance(REPAIR_AFTER_MS);
  assert.ok(cluster.region(region).replicas.includes(dead), "it may come back");
  assert.equal((await verdictOf(cluster)).code, "degraded");
  await cluster.reaches(
    "the dead one is out",
    () => !cluster.region(region).replicas.includes(dead),
  );
  const state = cluster.region(region);
  assert.equal(state.isr.length, 3);
  assert.deepEqual(state.joining, []);
  const [added] = [1, 2, 3, 4].filter((rid) => !replicas.includes(rid));
  await cluster.reaches(
    "it is told",
    () => cluster.world.reporter.eventsOf("replica.added").length === 1,
  );
  const [event] = cluster.world.reporter.eventsOf("replica.added");
  assert.deepEqual([event?.to, event?.instead], [added, dead]);
  assert.equal((await verdictOf(cluster)).code, "ok");
  // What the dead server holds it is to remove when it is back, and no part of the region is.
  cluster.process(cluster.server(dead).host).start();
  await cluster.reaches("nothing is left of it", () => cluster.server(dead).tables.size === 0);
});

story("a server that is back in sync first keeps its place", {
  masters: 1,
  regions: 4,
  upkeep,
  copyMs: 10_000_000,
}, async (cluster) => {
  const { region, replicas } = await cluster.create("orders");
  const dead = follower(cluster, region);
  cluster.process(cluster.server(dead).host).crash();
  await cluster.reaches("another is asked", () => cluster.region(region).replicas.length === 4);
  await cluster.world.advance(1000);
  cluster.cluster.shared.copyMs = 10;
  cluster.process(cluster.server(dead).host).start();
  await cluster.reaches(
    "the other leaves again",
    () => cluster.region(region).replicas.length === 3,
  );
  assert.deepEqual([...cluster.region(region).replicas].sort(), [...replicas].sort());
  await cluster.settled();
  const { jobs } = await cluster.call("jobs", {});
  const job = jobs.find(({ kind }) => kind === "add_replica");
  assert.deepEqual([job?.state, cluster.world.reporter.eventsOf("job.failed").length], [
    "cancelled",
    0,
  ]);
  assert.match(job?.error ?? "", /is back in sync/);
});

story("a table made on too few servers grows as others join, and is written all the while", {
  masters: 1,
  regions: 3,
  copyMs: 5000,
}, async (cluster) => {
  for (const name of ["r2", "r3"]) cluster.process(name).crash();
  await cluster.reaches(
    "one is left",
    () => cluster.cluster.leading?.reign?.view.online.length === 1,
  );
  const { region, replicas } = await cluster.create("orders");
  assert.equal(replicas.length, 1);
  assert.equal((await verdictOf(cluster)).code, "no_tolerance");
  for (const name of ["r2", "r3"]) cluster.process(name).start();
  while (cluster.region(region).isr.length < 3) {
    const { routes } = await cluster.call("locate", { tables: ["orders"] });
    assert.equal(routes[0]?.state, "writable", JSON.stringify(cluster.region(region)));
    await cluster.world.advance(100);
  }
  await cluster.settled();
  assert.equal((await verdictOf(cluster)).code, "ok");
});

story("with two copies, the one that is counted on leaves only when another is there", {
  masters: 1,
  regions: 3,
  upkeep,
}, async (cluster) => {
  const { region } = await cluster.create("orders", { replicas: 2 });
  const dead = follower(cluster, region);
  cluster.process(cluster.server(dead).host).crash();
  await cluster.world.advance(REPAIR_AFTER_MS / 2);
  assert.ok(cluster.region(region).isr.some(({ rid }) => rid === dead), "never below two");
  assert.equal((await verdictOf(cluster)).code, "read_only");
  await cluster.reaches(
    "the dead one is out",
    () => !cluster.region(region).replicas.includes(dead),
  );
  assert.equal(cluster.region(region).isr.length, 2);
  assert.equal((await verdictOf(cluster)).code, "ok");
});

story("a server that dies while it copies makes room for another", {
  masters: 1,
  regions: 5,
  upkeep,
  copyMs: 10_000_000,
}, async (cluster) => {
  const { region, replicas } = await cluster.create("orders");
  const dead = follower(cluster, region);
  cluster.process(cluster.server(dead).host).crash();
  await cluster.reaches("one is asked", () => cluster.region(region).replicas.length === 4);
  const first = cluster.region(region).replicas.find((rid) => !replicas.includes(rid)) ?? 0;
  cluster.process(cluster.server(first).host).crash();
  cluster.cluster.shared.copyMs = 10;
  await cluster.reaches("another has copied", () => {
    const { replicas: now, isr } = cluster.region(region);
    return isr.length === 3 && !now.includes(first) && !now.includes(dead);
  }, 120_000);
  const [failed] = cluster.world.reporter.eventsOf("job.failed");
  assert.match(failed?.reason ?? "", new RegExp(`Server ${first} is offline`));
});

story("the next master goes on with a repair, and does not begin another", {
  masters: 2,
  regions: 4,
  upkeep,
  copyMs: 10_000_000,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  const dead = follower(cluster, region);
  cluster.process(cluster.server(dead).host).crash();
  await cluster.reaches("one is asked", () => cluster.region(region).replicas.length === 4);
  cluster.process(cluster.leader).crash();
  cluster.cluster.shared.copyMs = 10;
  await cluster.reaches(
    "the dead one is out",
    () => !cluster.region(region).replicas.includes(dead),
  );
  await cluster.reaches(
    "it is told",
    () => cluster.world.reporter.eventsOf("replica.added").length === 1,
  );
  assert.equal(cluster.world.reporter.eventsOf("replica.adding").length, 1);
});

story("where no server is free, or nobody leads, nothing is begun", {
  masters: 1,
  regions: 3,
  upkeep,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  cluster.process(cluster.server(follower(cluster, region)).host).crash();
  await cluster.world.advance(2 * REPAIR_AFTER_MS);
  const kinds = async () => (await cluster.call("jobs", {})).jobs.map(({ kind }) => kind);
  assert.deepEqual(await kinds(), ["create_table"]);
  assert.equal(cluster.region(region).replicas.length, 3);
});

story("a create whose servers never come back takes others", {
  masters: 1,
  regions: 5,
}, async (cluster) => {
  // They look alive to the coordination service, and cannot be reached by the master.
  const unreached = [1, 2];
  const hosts = unreached.map((rid) => cluster.server(rid).host);
  for (const host of hosts) cluster.world.network.part("m1", host);
  const { replicas } = await cluster.create("orders");
  assert.ok(replicas.every((rid) => !unreached.includes(rid)), replicas.join(", "));
  assert.equal((await cluster.call("locate", { tables: ["orders"] })).routes[0]?.state, "writable");
  for (const host of hosts) cluster.world.network.mend("m1", host);
  await cluster.settled();
  for (const rid of unreached) assert.equal(cluster.server(rid).tables.size, 0);
});

story("a create that no server takes fails in time with the reason, and is finished later", {
  masters: 1,
  regions: 1,
}, async (cluster) => {
  cluster.world.network.part("m1", "r1");
  await assert.rejects(cluster.create("orders"), is("TIMEOUT", /no answer within/));
  cluster.world.network.mend("m1", "r1");
  await cluster.settled();
  const { tables } = await cluster.call("meta", {});
  assert.deepEqual(tables.map(({ name, state }) => [name, state]), [["orders", "writable"]]);
});
