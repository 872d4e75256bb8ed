/** The client of masters finds the one that leads, and waits for one to be elected. */
import assert from "node:assert/strict";
import { is, MasterWorld } from "../../tests/support/master_world.ts";
import { MasterClient } from "./master_client.ts";

function clientOf(cluster: MasterWorld, masters: readonly string[]): MasterClient {
  const { clock, random, network } = cluster.world;
  return new MasterClient({ clock, random, network: network.host("client") }, {
    masters: masters.map((host) => ({ host, port: 9090 })),
    greeting: { cluster: "sim", role: "client", name: "test" },
  });
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
