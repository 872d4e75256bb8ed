/** Masters of the built program on real ZooKeeper and MariaDB, killed and held while they lead. */
import assert from "node:assert/strict";
import type { Membership } from "../../src/region/membership.ts";
import { TermGuard } from "../../src/cluster/term_guard.ts";
import { Binary } from "../support/binary.ts";
import { is } from "../support/master_world.ts";
import { RealCluster, SESSION_MS } from "../support/real_cluster.ts";
import { until } from "../support/wait.ts";

const KILLS = 20;
const REGIONS_AT_ONCE = 100;
/** Beside the session's time: noticing, reading catalog and tree, and two busy processors. */
const TAKEOVER_MS = SESSION_MS + 1000;

async function identities(cluster: RealCluster, count: number): Promise<readonly Membership[]> {
  const ids = Array.from({ length: count }, (_, i) => i.toString(16).padStart(32, "0"));
  return await Promise.all(ids.map((id) => cluster.joinRegion(id)));
}

Deno.test("masters: twenty kills, and always one leads and every registration is kept", async () => {
  await using binary = await Binary.build("archive");
  await using cluster = await RealCluster.start(binary);
  for (const name of ["m1", "m2", "m3"]) await cluster.startMaster(name);
  const regions = await identities(cluster, 3);
  let { name: leader } = await cluster.elected();
  await cluster.online(3);
  const numbers = regions.map(({ rid }) => rid);
  const took: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    await cluster.kill(leader);
    const next = await cluster.elected();
    took.push(next.ms);
    assert.notEqual(next.name, leader);
    await cluster.startMaster(leader);
    leader = next.name;
    const { servers } = await cluster.call(leader, "servers", {});
    assert.deepEqual(servers.map(({ rid }) => rid), [...numbers].sort());
  }
  await cluster.online(3);
  assert.deepEqual(regions.map(({ rid }) => rid), numbers);
  const sorted = took.toSorted((a, b) => a - b).map(Math.round);
  console.log(`takeover: median ${sorted[KILLS / 2]} ms, longest ${sorted.at(-1)} ms`);
  assert.ok((sorted.at(-1) ?? 0) <= TAKEOVER_MS, `${sorted}`);
});

Deno.test("masters: one held past its session does not act on its old term", async () => {
  await using binary = await Binary.build("archive");
  await using cluster = await RealCluster.start(binary);
  for (const name of ["m1", "m2"]) await cluster.startMaster(name);
  const terms = new TermGuard();
  await cluster.joinRegion("a".repeat(32), terms);
  await cluster.online(1);
  const { name: held } = await cluster.elected();
  const { master: { term } } = await cluster.call(held, "status", {});
  const process = cluster.masters.find(({ name }) => name === held);
  assert.ok(process);
  process.child.kill("SIGSTOP");
  // It is asked to act while it is held, and finds the request when it wakes.
  const ddl = "CREATE TABLE zombie (id INT PRIMARY KEY)";
  const asked = cluster.call(held, "createTable", { table: "zombie", ddl }, 20_000);
  const refused = assert.rejects(asked, is("NOT_MASTER", /./));
  const others = cluster.masters.filter(({ name }) => name !== held).map(({ name }) => name);
  const leads = async () => {
    const status = await cluster.call(others[0] ?? "", "status", {}).catch(() => null);
    return status !== null && status.master.term > term;
  };
  await until("another leads", leads, 10_000);
  const create = { table: "orders", ddl: ddl.replace("zombie", "orders") };
  await until("it knows the new term", () => terms.highest > term, 10_000);
  await cluster.call(others[0] ?? "", "createTable", create);
  process.child.kill("SIGCONT");
  await refused;
  assert.deepEqual(await cluster.active(), others);
  const { tables } = await cluster.call(others[0] ?? "", "meta", {});
  assert.deepEqual(tables.map(({ name }) => name), ["orders"]);
});

Deno.test("masters: a hundred servers registering at once get a hundred numbers", async () => {
  await using binary = await Binary.build("archive");
  await using cluster = await RealCluster.start(binary);
  await cluster.startMaster("m1");
  await cluster.elected();
  const regions = await identities(cluster, REGIONS_AT_ONCE);
  await cluster.online(REGIONS_AT_ONCE);
  assert.equal(new Set(regions.map(({ rid }) => rid)).size, REGIONS_AT_ONCE);
});

Deno.test("masters: a catalog that is gone is missed, told of, and found again", async () => {
  await using binary = await Binary.build("archive");
  await using cluster = await RealCluster.start(binary);
  const { name, log } = await cluster.startMaster("m1");
  await cluster.joinRegion("b".repeat(32));
  await cluster.online(1);
  const ddl = "CREATE TABLE orders (id INT PRIMARY KEY)";
  await cluster.call(name, "createTable", { table: "orders", ddl });
  await cluster.mariadb.kill();
  const more = { table: "more", ddl: ddl.replace("orders", "more") };
  await assert.rejects(
    cluster.call(name, "createTable", more, 15_000),
    is("UNAVAILABLE", /Cannot reach the catalog, so nothing is registered, created or dropped/),
  );
  const { routes } = await cluster.call(name, "locate", { tables: ["orders"] });
  assert.equal(routes[0]?.state, "writable");
  await cluster.mariadb.restart();
  const back = async () => (await cluster.call(name, "status", {})).catalog === "ok";
  await until("the catalog is found again", back, 20_000);
  await cluster.call(name, "createTable", more, 15_000);
  assert.match(log(), /"event":"catalog.lost"/);
  assert.match(log(), /"event":"catalog.back"/);
});

Deno.test("masters: SIGTERM hands over at once and ends with 0", async () => {
  await using binary = await Binary.build("archive");
  await using cluster = await RealCluster.start(binary);
  for (const name of ["m1", "m2"]) await cluster.startMaster(name);
  const { name: first } = await cluster.elected();
  const leaving = cluster.masters.find(({ name }) => name === first);
  assert.ok(leaving);
  const asked = performance.now();
  leaving.child.kill("SIGTERM");
  const next = async () => (await cluster.active()).some((name) => name !== first);
  await until("the other leads", next, 10_000);
  const ms = performance.now() - asked;
  assert.ok(ms < SESSION_MS, `${ms} ms: it waited for the session to end`);
  assert.equal((await leaving.child.status).code, 0);
});
