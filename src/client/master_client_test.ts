/** The client of masters finds the one that leads, and waits for one to be elected. */
import assert from "node:assert/strict";
import { is, MasterWorld } from "../../tests/support/master_world.ts";
import { MasterClient } from "./master_client.ts";
import { MasterFinder } from "./master_finder.ts";

function clientOf(
  cluster: MasterWorld,
  masters: readonly string[],
  finder: MasterFinder | null = null,
): MasterClient {
  const { clock, random, network } = cluster.world;
  return new MasterClient({ clock, random, network: network.host("client") }, {
    masters: masters.map((host) => ({ host, port: 9090 })),
    finder,
    greeting: { cluster: "sim", role: "client", name: "test" },
  });
}

function finderOf({ world }: MasterWorld, root?: string): MasterFinder {
  return new MasterFinder(world.coordinator.client("client"), root);
}

Deno.test("master client: a standby's word leads to the active one", async () => {
  const cluster = await MasterWorld.start({ masters: 3, regions: 1 });
  const standby = ["m1", "m2", "m3"].find((name) => name !== cluster.leader) ?? "";
  const client = clientOf(cluster, [standby]);
  const status = await cluster.outcome(client.call("status", {}, { timeoutMs: 1000 }));
  assert.equal(status.master.id, cluster.leader);
  client.close();
  await cluster.close();
});

Deno.test("master client: a call made while the leader dies is served by the next", async () => {
  const cluster = await MasterWorld.start({ masters: 2, regions: 1 });
  const client = clientOf(cluster, ["m1", "m2"]);
  const { leader } = cluster;
  await cluster.outcome(client.call("status", {}, { timeoutMs: 1000 }));
  cluster.process(leader).crash();
  const status = await cluster.outcome(client.call("status", {}, { timeoutMs: 20_000 }));
  assert.notEqual(status.master.id, leader);
  client.close();
  await cluster.close();
});

Deno.test("master client: with nobody there the last reason comes when the time is up", async () => {
  const cluster = await MasterWorld.start({ masters: 1, regions: 1 });
  cluster.process("m1").crash();
  const client = clientOf(cluster, ["m1", "nobody"]);
  const started = cluster.world.clock.now();
  await assert.rejects(
    cluster.outcome(client.call("status", {}, { timeoutMs: 5000 })),
    is("UNAVAILABLE", /connection refused|no connection|no answer/),
  );
  const took = cluster.world.clock.now() - started;
  assert.ok(took <= 7100, `${took} ms`);
  client.close();
  await cluster.close();
});

Deno.test("master client: that one stands by tells more than that another is dead", async () => {
  for (const isDeadLast of [true, false]) {
    const cluster = await MasterWorld.start({ masters: 2, regions: 1 });
    const { leader } = cluster;
    const standby = leader === "m1" ? "m2" : "m1";
    const client = clientOf(cluster, isDeadLast ? [standby, leader] : [leader, standby]);
    cluster.process(leader).crash();
    await assert.rejects(
      cluster.outcome(client.call("status", {}, { timeoutMs: 500 })),
      is("NOT_MASTER", /stands by/),
    );
    client.close();
    await cluster.close();
  }
});

Deno.test("master client: a refusal is passed on at once", async () => {
  const cluster = await MasterWorld.start({ masters: 1, regions: 1 });
  const client = clientOf(cluster, ["m1"]);
  await assert.rejects(
    cluster.outcome(client.call("dropTable", { table: "x" }, { timeoutMs: 5000 })),
    is("NO_SUCH_TABLE", /'x'/),
  );
  client.close();
  await cluster.close();
});

Deno.test("master client: the leader is found in the coordination service, and the next one", async () => {
  const cluster = await MasterWorld.start({ masters: 3, regions: 1 });
  const finder = finderOf(cluster);
  const client = clientOf(cluster, [], finder);
  const { leader } = cluster;
  const first = await cluster.outcome(client.call("status", {}, { timeoutMs: 1000 }));
  assert.equal(first.master.id, leader);
  cluster.process(leader).crash();
  const second = await cluster.outcome(client.call("status", {}, { timeoutMs: 20_000 }));
  assert.notEqual(second.master.id, leader);
  client.close();
  await cluster.outcome(finder.close());
  await cluster.close();
});

Deno.test("master client: whoever is named is asked first, and in vain", async () => {
  const cluster = await MasterWorld.start({ masters: 2, regions: 1 });
  const finder = finderOf(cluster);
  const client = clientOf(cluster, ["nobody"], finder);
  const status = await cluster.outcome(client.call("status", {}, { timeoutMs: 5000 }));
  assert.equal(status.master.id, cluster.leader);
  client.close();
  await cluster.outcome(finder.close());
  await cluster.close();
});

Deno.test("master client: where no master is known, or nothing can be asked, that is said in time", async () => {
  const cluster = await MasterWorld.start({ masters: 1, regions: 1 });
  const elsewhere = finderOf(cluster, "/elsewhere");
  const lost = clientOf(cluster, [], elsewhere);
  await assert.rejects(
    cluster.outcome(lost.call("status", {}, { timeoutMs: 1000 })),
    is("UNAVAILABLE", /no master has ever been under \/elsewhere/),
  );
  cluster.world.coordinator.faults.partition("client", "silent");
  const finder = finderOf(cluster);
  const client = clientOf(cluster, [], finder);
  const started = cluster.world.clock.now();
  await assert.rejects(
    cluster.outcome(client.call("status", {}, { timeoutMs: 1000 })),
    is("UNAVAILABLE", /Cannot find a master/),
  );
  const took = cluster.world.clock.now() - started;
  assert.ok(took <= 1100, `${took} ms`);
  cluster.world.coordinator.faults.heal("client");
  lost.close();
  client.close();
  await cluster.outcome(Promise.all([elsewhere.close(), finder.close()]));
  await cluster.close();
});
