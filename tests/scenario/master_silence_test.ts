/** Stories of silence: whose it is, and what a master may conclude from it. */
import assert from "node:assert/strict";
import { TransportSession } from "../../src/adapters/coordinator/session.ts";
import type { Catalog } from "../../src/ports/catalog.ts";
import type { Coordinator, Session } from "../../src/ports/coordinator.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import { SimProcess } from "../../src/sim/process.ts";
import { newRegionState, runSimRegion } from "../../src/sim/sim_region.ts";
import { type MasterWorld, story } from "../support/master_world.ts";

const evictions = ({ world }: MasterWorld) => world.reporter.eventsOf("server.evicted").length;

story("a master that comes without a catalog evicts nobody for not registering", {
  masters: 2,
  regions: 3,
}, async (cluster) => {
  await cluster.create("orders");
  cluster.cluster.catalogFaults.away = true;
  cluster.process(cluster.leader).crash();
  assert.ok(await cluster.world.until(() => cluster.cluster.leading !== null, 20_000));
  await cluster.world.advance(30_000);
  assert.equal(evictions(cluster), 0);
  const { routes } = await cluster.call("locate", { tables: ["orders"] });
  assert.equal(routes[0]?.state, "writable");
  cluster.cluster.catalogFaults.away = false;
  await cluster.world.advance(30_000);
  assert.equal(evictions(cluster), 0);
  assert.equal((await cluster.call("status", {})).servers.online, 3);
});

story("a master that stood still holds nobody's silence against them", {
  masters: 1,
  regions: 3,
  silenceMs: 1500,
}, async (cluster) => {
  cluster.process("m1").pause();
  await cluster.world.advance(2000);
  cluster.process("m1").resume();
  await cluster.world.advance(10_000);
  assert.deepEqual(cluster.world.reporter.eventsOf("master.deposed"), []);
  assert.equal(evictions(cluster), 0);
});

story("a master that hears none of those who live makes way for one that may", {
  masters: 2,
  regions: 3,
}, async (cluster) => {
  await cluster.create("orders");
  const { leader } = cluster;
  for (const { name } of cluster.cluster.regions) cluster.world.network.part(leader, name);
  assert.ok(await cluster.world.until(() => ![leader, ""].includes(cluster.leader), 20_000));
  await cluster.world.advance(20_000);
  assert.equal(evictions(cluster), 0);
  const { routes } = await cluster.call("locate", { tables: ["orders"] });
  assert.equal(routes[0]?.state, "writable");
  const [deposed] = cluster.world.reporter.eventsOf("master.deposed");
  assert.match(deposed?.reason ?? "", /hears none of the 3 region servers that live/);
});

{
  const failing = { times: 1 };
  const catalog = (sound: Catalog): Catalog => ({
    ...sound,
    apply: (term, changes) => {
      const evicts = changes.some((each) =>
        each.change === "server.put" && each.server.status === "offline"
      );
      if (!evicts || failing.times === 0) return sound.apply(term, changes);
      failing.times--;
      return Promise.reject(new MinisqlError("UNAVAILABLE", "Cannot reach the catalog: away"));
    },
  });
  story("an eviction that the catalog cuts short is finished all the same", {
    masters: 1,
    regions: 3,
    defects: { catalog },
  }, async (cluster) => {
    cluster.world.network.part("r2", "m1");
    await cluster.world.advance(15_000);
    assert.equal(failing.times, 0);
    assert.equal(evictions(cluster), 1);
    assert.equal((await cluster.call("status", {})).servers.online, 2);
  });
}

story("a server without its database is evicted once, and comes back with it", {
  masters: 1,
  regions: 2,
}, async (cluster) => {
  const [state] = cluster.cluster.regionStates;
  assert.ok(state);
  state.engineLost = "the connection was refused";
  await cluster.world.advance(20_000);
  assert.equal(evictions(cluster), 1);
  assert.equal((await cluster.call("status", {})).servers.online, 1);
  state.engineLost = null;
  await cluster.settled();
});

story("a server that tries to register in vain watches the master only once", {
  masters: 1,
  regions: 1,
}, async (cluster) => {
  const sessions: Session[] = [];
  const state = newRegionState("f".repeat(32), "late");
  const late = new SimProcess(cluster.world, "late", (around, start) => {
    const coordinator: Coordinator = {
      open: async (signal) => {
        const session = await around.coordinator.open(signal);
        sessions.push(session);
        return session;
      },
    };
    return runSimRegion(state, { ...around, coordinator }, start, cluster.cluster.shared);
  });
  cluster.cluster.catalogFaults.away = true;
  late.start();
  await cluster.world.advance(60_000);
  const [session, ...others] = sessions;
  assert.ok(session instanceof TransportSession && others.length === 0);
  assert.equal(state.rids.size, 0);
  assert.ok(session.observers <= 1, `${session.observers} observers`);
});
