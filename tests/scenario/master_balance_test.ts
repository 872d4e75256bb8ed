/** Stories of servers that have far more to do than others. */
import assert from "node:assert/strict";
import type { RegionState } from "../../src/protocol/model.ts";
import { type MasterWorld, story } from "../support/master_world.ts";

const BALANCE_MS = 5000;
const upkeep = { balanceMs: BALANCE_MS, balanceThreshold: 10 };

const moved = ({ world }: MasterWorld) => world.reporter.eventsOf("move.finished").length;

/** Tables with one copy each, all on one server, and another server with nothing. */
async function lopsided(cluster: MasterWorld, tables: readonly string[]): Promise<RegionState[]> {
  const [, ...others] = cluster.cluster.regions;
  for (const other of others) other.crash();
  await cluster.reaches(
    "one is left",
    () => cluster.cluster.leading?.reign?.view.online.length === 1,
  );
  const states: RegionState[] = [];
  for (const table of tables) {
    const { region } = await cluster.create(table, { replicas: 1 });
    states.push(cluster.region(region));
  }
  for (const other of others) other.start();
  await cluster.settled();
  return states;
}

story("regions leave a server that has far more to do than another, as few as it takes", {
  masters: 1,
  regions: 2,
  upkeep,
}, async (cluster) => {
  const regions = await lopsided(cluster, ["a", "b", "c", "d"]);
  const [busy = 0] = regions[0]?.replicas ?? [];
  const [a, b, c, d] = regions.map(({ region }) => region);
  cluster.server(busy).visits = { [a ?? ""]: 100, [b ?? ""]: 60, [c ?? ""]: 30, [d ?? ""]: 10 };
  await cluster.reaches("one has moved", () => moved(cluster) === 1);
  assert.ok(!cluster.region(a ?? "").replicas.includes(busy), "100 against 100");
  const [event] = cluster.world.reporter.eventsOf("move.started");
  assert.match(event?.reason ?? "", new RegExp(`server ${busy} has far more to do than server`));
  // Now the load has gone along, and comes to the same on the other side: it stays there.
  cluster.server(busy).visits = {};
  const [to = 0] = cluster.region(a ?? "").replicas;
  cluster.server(to).visits = { [a ?? ""]: 300 };
  await cluster.world.advance(5 * BALANCE_MS);
  assert.equal(moved(cluster), 1);
});

story("where both hold a region, the primary's role moves, and soon not back", {
  masters: 1,
  regions: 2,
  upkeep,
}, async (cluster) => {
  const names = ["a", "b"];
  const regions: string[] = [];
  for (const name of names) regions.push((await cluster.create(name)).region);
  await cluster.settled();
  // Both are led by one server.
  const [first = "", second = ""] = regions;
  const busy = cluster.region(first).primary ?? 0;
  if (cluster.region(second).primary !== busy) {
    const { job } = await cluster.call("moveRegion", { region: second, role: true });
    await cluster.jobEnds(job);
  }
  const before = moved(cluster);
  cluster.server(busy).visits = { [first]: 60, [second]: 50 };
  await cluster.reaches("a role has moved", () => moved(cluster) > before);
  assert.deepEqual(
    regions.map((region) => cluster.region(region).primary === busy),
    [false, true],
    "60 leaves 50",
  );
  assert.ok(regions.every((region) => cluster.region(region).replicas.length === 2));
  const other = cluster.region(first).primary ?? 0;
  cluster.server(busy).visits = {};
  cluster.server(other).visits = { [first]: 60, [second]: 1 };
  await cluster.world.advance(5 * BALANCE_MS);
  assert.equal(moved(cluster), before + 1);
});

story("little to do, a draining server, or the switch turned off: nothing moves", {
  masters: 1,
  regions: 3,
  upkeep,
}, async (cluster) => {
  const [state] = await lopsided(cluster, ["a", "b"]);
  const [busy = 0] = state?.replicas ?? [];
  const visits = (each: number) =>
    Object.fromEntries([...cluster.cluster.shared.logs.keys()].map((region) => [region, each]));
  cluster.server(busy).visits = visits(4);
  await cluster.world.advance(5 * BALANCE_MS);
  assert.equal(moved(cluster), 0, "8 a second is below the threshold");
  for (const rid of [1, 2, 3]) {
    if (rid === busy) continue;
    const { job } = await cluster.call("drain", { rid });
    await cluster.jobEnds(job ?? "");
  }
  cluster.server(busy).visits = visits(400);
  await cluster.world.advance(5 * BALANCE_MS);
  assert.equal(moved(cluster), 0, "no other server takes regions");
});

story("with the balancer off nothing moves by itself", {
  masters: 1,
  regions: 2,
  upkeep: { ...upkeep, balanceMs: null },
}, async (cluster) => {
  const regions = await lopsided(cluster, ["a", "b"]);
  const [busy = 0] = regions[0]?.replicas ?? [];
  cluster.server(busy).visits = Object.fromEntries(regions.map(({ region }) => [region, 500]));
  await cluster.world.advance(10 * BALANCE_MS);
  assert.equal(moved(cluster), 0);
});
