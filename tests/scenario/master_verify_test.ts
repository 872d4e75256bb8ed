/** Stories of copies that are made to prove what they hold. */
import assert from "node:assert/strict";
import { is, type MasterWorld, story } from "../support/master_world.ts";

async function verdicts(cluster: MasterWorld, table: string): Promise<Record<number, string>> {
  const { tables } = await cluster.call("verifyTables", { table });
  assert.deepEqual(tables.map((each) => each.table), [table]);
  return Object.fromEntries(tables[0]?.copies.map(({ rid, verdict }) => [rid, verdict]) ?? []);
}

story("copies that agree say so, with what they have counted", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  await cluster.create("more");
  const { tables } = await cluster.call("verifyTables", {});
  assert.deepEqual(tables.map(({ table }) => table), ["more", "orders"]);
  const fingerprint = { rows: 3, sum: "17", schema: "00000000" };
  const [copy] = tables[1]?.copies ?? [];
  assert.equal(tables[1]?.region, region);
  assert.deepEqual({ ...copy, rid: 0 }, {
    ...{ rid: 0, verdict: "agrees", why: null, rows: 3, seq: 7, ms: 1 },
    ...{ kept: fingerprint, counted: fingerprint },
  });
  await assert.rejects(cluster.call("verifyTables", { table: "x" }), is("NO_SUCH_TABLE", /'x'/));
});

story("a copy that differs is named, whatever the difference", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  const { replicas } = await cluster.create("orders");
  const [first = 0, second = 0, third = 0] = replicas;
  cluster.server(second).damaged.add("orders");
  const { tables } = await cluster.call("verifyTables", { table: "orders" });
  const found = tables[0]?.copies.find(({ rid }) => rid === second);
  assert.equal(found?.verdict, "differs");
  assert.match(found?.why ?? "", /somebody changed them beside minisql/);
  cluster.server(second).damaged.clear();
  // The primary itself may be the odd one.
  cluster.server(first).diverged.add("orders");
  assert.deepEqual(await verdicts(cluster, "orders"), {
    [first]: "differs",
    [second]: "agrees",
    [third]: "agrees",
  });
});

story("copies at different positions are compared where all have been", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  const { replicas } = await cluster.create("orders");
  const [first = 0, second = 0, third = 0] = replicas;
  cluster.server(third).behind = 2;
  const all = { [first]: "agrees", [second]: "agrees", [third]: "agrees" };
  assert.deepEqual(await verdicts(cluster, "orders"), all);
  cluster.server(third).diverged.add("orders");
  assert.deepEqual(await verdicts(cluster, "orders"), { ...all, [third]: "differs" });
});

story("a copy that cannot be asked, or is still being made, is told apart", {
  masters: 1,
  regions: 4,
  copyMs: 10_000_000,
}, async (cluster) => {
  const { region, replicas } = await cluster.create("orders");
  const away = replicas[2] ?? 0;
  const { to } = await cluster.call("moveRegion", { region, from: replicas[1] ?? 0 });
  await cluster.reaches("it copies", () => cluster.region(region).replicas.length === 4);
  cluster.world.network.part("m1", cluster.server(away).host);
  const found = await verdicts(cluster, "orders");
  assert.deepEqual([found[away], found[to], found[replicas[0] ?? 0]], [
    "unreachable",
    "behind",
    "agrees",
  ]);
});
