/** Stories of the control plane, each in virtual time with the real masters and memberships. */
import assert from "node:assert/strict";
import { SqliteCatalog } from "../../src/adapters/sqlite_catalog.ts";
import { Paths } from "../../src/cluster/paths.ts";
import { is, MasterWorld, story } from "../support/master_world.ts";

const paths = new Paths();

story("a standby says where the active one is", { masters: 3, regions: 1 }, async (cluster) => {
  const { leader } = cluster;
  for (const { name } of cluster.cluster.masters) {
    if (name === leader) continue;
    await assert.rejects(cluster.call("status", {}, name), (error) => {
      is("NOT_MASTER", new RegExp(`the active one is ${leader} at ${leader}:9090`))(error);
      assert.deepEqual((error as { master?: unknown }).master, { host: leader, port: 9090 });
      return true;
    });
  }
});

story("a dead master is followed by the next within its session", {
  masters: 3,
  regions: 2,
}, async (cluster) => {
  await cluster.create("orders");
  const { leader } = cluster;
  cluster.process(leader).crash();
  const died = cluster.world.clock.now();
  assert.ok(await cluster.world.until(() => cluster.cluster.leading !== null, 20_000));
  const took = cluster.world.clock.now() - died;
  assert.ok(took <= 5000, `${took} ms`);
  assert.notEqual(cluster.leader, leader);
  const { routes } = await cluster.call("locate", { tables: ["orders"] });
  assert.equal(routes[0]?.state, "writable");
});

story(
  "a master that steps down hands over at once",
  { masters: 2, regions: 1 },
  async (cluster) => {
    const { leader } = cluster;
    const { term } = await cluster.call("stepDown", {});
    const asked = cluster.world.clock.now();
    assert.ok(await cluster.world.until(() => cluster.cluster.leading !== null, 20_000));
    assert.notEqual(cluster.leader, leader);
    assert.ok(cluster.world.clock.now() - asked < 200);
    const status = await cluster.call("status", {});
    assert.ok(status.master.term > term);
  },
);

story("a master held past its session does not act when it wakes", {
  masters: 2,
  regions: 2,
}, async (cluster) => {
  const { leader } = cluster;
  cluster.process(leader).pause();
  assert.ok(await cluster.world.until(() => cluster.cluster.leading !== null, 20_000));
  cluster.process(leader).resume();
  // What it is asked in the very moment of waking it already turns away.
  await assert.rejects(cluster.call("status", {}, leader), is("NOT_MASTER", /./));
  await cluster.settled();
  assert.notEqual(cluster.leader, leader);
});

story("a table is created on three servers, found, and dropped", {
  masters: 1,
  regions: 4,
}, async (cluster) => {
  const { region, replicas } = await cluster.create("orders");
  assert.equal(replicas.length, 3);
  const { routes } = await cluster.call("locate", { tables: ["orders"] });
  assert.equal(routes.length, 1);
  const [route] = routes;
  assert.deepEqual(route?.tables, ["orders"]);
  assert.equal(route?.state, "writable");
  assert.equal(route?.primary?.rid, replicas[0]);
  assert.deepEqual(route?.slaves.map(({ rid }) => rid), replicas.slice(1));
  assert.ok(cluster.world.coordinator.tree.get(paths.region(region)) !== null);
  const { job } = await cluster.call("dropTable", { table: "orders" });
  assert.ok(job !== null);
  await assert.rejects(
    cluster.call("locate", { tables: ["orders"] }),
    is("NO_SUCH_TABLE", /Table 'orders' doesn't exist/),
  );
  for (const { tables } of cluster.cluster.regionStates) assert.equal(tables.size, 0);
  const { jobs } = await cluster.call("jobs", {});
  assert.deepEqual(jobs.map(({ state }) => state), ["done", "done"]);
});

story("a table with a foreign key joins the region of the one it refers to", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  const { region } = await cluster.create("customers");
  const ddl = "CREATE TABLE orders (id INT PRIMARY KEY, c INT, " +
    "FOREIGN KEY (c) REFERENCES customers (id))";
  const answer = await cluster.call("createTable", { table: "orders", ddl });
  assert.equal(answer.region, region);
  const { routes } = await cluster.call("locate", { tables: ["orders", "customers"] });
  assert.deepEqual(routes.map(({ tables }) => tables), [["customers", "orders"]]);
  const missing = ddl.replace("orders", "o2").replace("customers", "nobody");
  await assert.rejects(
    cluster.call("createTable", { table: "o2", ddl: missing }),
    is("NO_SUCH_TABLE", /referenced table 'nobody'/),
  );
});

story("while the catalog is away routes are served, and it is found again", {
  masters: 2,
  regions: 3,
}, async (cluster) => {
  await cluster.create("orders");
  cluster.cluster.catalogFaults.away = true;
  await assert.rejects(cluster.create("more"), is("UNAVAILABLE", /reads and writes go on/));
  cluster.process(cluster.leader).crash();
  assert.ok(await cluster.world.until(() => cluster.cluster.leading !== null, 20_000));
  const { routes } = await cluster.call("locate", { tables: ["orders"] });
  assert.equal(routes[0]?.state, "writable", "a new master knows the routes without the catalog");
  const status = await cluster.call("status", {});
  assert.equal(status.catalog, "lost");
  assert.match(status.verdict.sentence, /the catalog cannot be reached/);
  assert.equal(status.verdict.healthy, false);
  cluster.cluster.catalogFaults.away = false;
  const back = () => cluster.cluster.leading?.reign?.meta.available === true;
  assert.ok(await cluster.world.until(back, 20_000));
  await cluster.create("more");
});

story("a silent server is evicted, and registers anew under its number", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  await cluster.create("orders");
  const { servers: before } = await cluster.call("servers", {});
  // It can reach the coordination service, yet not the master: only its heartbeats are missing.
  cluster.world.network.part("r2", "m1");
  const evicted = () => cluster.world.reporter.eventsOf("server.evicted").length === 1;
  assert.ok(await cluster.world.until(evicted, 30_000));
  const { routes } = await cluster.call("locate", { tables: ["orders"] });
  assert.equal([routes[0]?.primary, ...routes[0]?.slaves ?? []].filter(Boolean).length, 2);
  cluster.world.network.mend("r2", "m1");
  await cluster.settled();
  const { servers: after } = await cluster.call("servers", {});
  assert.deepEqual(after.map(({ rid }) => rid), before.map(({ rid }) => rid));
  assert.ok(after.every(({ status }) => status === "online"));
});

story("a server that is gone is listed as offline, and one that is back is not", {
  masters: 1,
  regions: 2,
}, async (cluster) => {
  const states = async () =>
    (await cluster.call("servers", {})).servers.map(({ status }) => status).sort();
  cluster.process("r1").crash();
  await cluster.world.advance(10_000);
  assert.deepEqual(await states(), ["offline", "online"]);
  cluster.process("r1").start();
  await cluster.settled();
  assert.deepEqual(await states(), ["online", "online"]);
});

story("a region whose node vanishes while nobody watches is not routed to", {
  masters: 1,
  regions: 2,
}, async (cluster) => {
  const reign = cluster.cluster.leading?.reign;
  assert.ok(reign);
  const ghost = { region: "ghost", epoch: 1, primary: null, isr: [], replicas: [1] } as const;
  reign.view.putRegion({ ...ghost, state: "open" }, 1);
  // The watching breaks off, and begins anew.
  cluster.world.coordinator.faults.refuse({ op: "children", path: paths.regions }, "refused");
  await cluster.world.advance(10_000);
  assert.deepEqual((await cluster.call("regions", {})).regions, []);
});

story("subscribers are told of a failover without asking", {
  masters: 1,
  regions: 3,
}, async (cluster) => {
  const { region } = await cluster.create("orders");
  const channel = cluster.channel(cluster.leader);
  const { caller } = await cluster.outcome(channel.connect());
  const news = caller.events("subscribe", { tables: ["orders", "later"] })[Symbol.asyncIterator]();
  const first = (await cluster.outcome(news.next())).value;
  assert.deepEqual([first?.routes.length, first?.gone], [1, ["later"]]);
  const known = cluster.cluster.leading?.reign?.view.region(region);
  assert.ok(known);
  const taken = { ...known.state, epoch: 2, primary: known.state.isr[1]?.rid ?? null };
  const session = await cluster.outcome(cluster.world.coordinator.client("operator").open());
  await cluster.outcome(session.set(paths.region(region), JSON.stringify(taken), known.version));
  const second = (await cluster.outcome(news.next())).value;
  assert.equal(second?.routes[0]?.epoch, 2);
  assert.equal(second?.routes[0]?.primary?.rid, taken.primary);
  await cluster.create("later");
  const third = (await cluster.outcome(news.next())).value;
  assert.deepEqual(third?.routes.map(({ tables }) => tables), [["later"]]);
  channel.close();
});

story("a subscriber that does not read keeps no reign that is over", {
  masters: 2,
  regions: 3,
}, async (cluster) => {
  await cluster.create("orders");
  const reign = cluster.cluster.leading?.reign;
  assert.ok(reign);
  let listening = 0;
  const onRoutes = reign.view.onRoutes.bind(reign.view);
  reign.view.onRoutes = (listener) => {
    listening++;
    const stop = onRoutes(listener);
    return () => {
      listening--;
      return stop();
    };
  };
  const channel = cluster.channel(cluster.leader);
  const { caller } = await cluster.outcome(channel.connect());
  const unread = caller.events("subscribe", { tables: ["orders"] });
  unread.answer.catch(() => {});
  await cluster.world.advance(10);
  const record = reign.view.table("orders");
  assert.ok(record);
  for (let i = 0; i < 100; i++) {
    reign.view.putTable({ ...record, state: i % 2 === 0 ? "dropping" : "ready" });
    await cluster.world.advance(5);
  }
  assert.equal(listening, 1);
  await cluster.call("stepDown", {});
  await cluster.world.advance(100);
  assert.equal(listening, 0);
  channel.close();
});

story(
  "garbage in a node is passed over and reported",
  { masters: 2, regions: 2 },
  async (cluster) => {
    const { region } = await cluster.create("orders");
    const session = await cluster.outcome(cluster.world.coordinator.client("operator").open());
    const copied = { region, epoch: 9, primary: 77, isr: [], replicas: [77], state: "open" };
    const garbage: readonly [string, string][] = [
      [paths.region("copied"), JSON.stringify(copied)],
      [`${paths.tables}/%zz`, "{}"],
      [`${paths.tables}/a%2Fb`, JSON.stringify({ region, schemaHash: "" })],
      [paths.region("broken"), "not json"],
      [paths.region("wrong"), '{"region":7}'],
      [paths.table("odd"), "{}"],
      [`${paths.servers}/99`, "\u0000"],
      [`${paths.servers}/nobody`, "x"],
      [`${paths.candidates}/stranger`, "?"],
    ];
    for (const [path, data] of garbage) {
      await cluster.outcome(session.create(path, data, "persistent"));
    }
    for (let version = 0; version < 5; version++) {
      const copy = session.set(paths.region("copied"), JSON.stringify(copied), version);
      await cluster.outcome(copy);
    }
    await cluster.world.advance(3000);
    cluster.process(cluster.leader).crash();
    assert.ok(await cluster.world.until(() => cluster.cluster.leading !== null, 20_000));
    const { tables } = await cluster.call("meta", {});
    assert.deepEqual(tables.map(({ name, state }) => [name, state]), [["orders", "writable"]]);
    const told = cluster.world.reporter.lines.map(({ message }) => message).join("\n");
    for (
      const name of ["regions/broken", "regions/wrong", "tables/odd", "tables/%zz", "servers/99"]
    ) {
      assert.match(told, new RegExp(`Cannot read /minisql/${name}`));
    }
  },
);

story("masters are listed with who leads and in the order they would", {
  masters: 3,
  regions: 1,
}, async (cluster) => {
  const { masters } = await cluster.call("masters", {});
  const [first, ...others] = masters;
  assert.deepEqual([first?.id, first?.host, first?.port], [cluster.leader, cluster.leader, 9090]);
  assert.equal(first?.term, cluster.cluster.leading?.reign?.active.term);
  assert.deepEqual(others.map(({ term, since }) => [term, since]), [[null, null], [null, null]]);
  cluster.process(cluster.leader).crash();
  assert.ok(await cluster.world.until(() => cluster.leader === others[0]?.id, 20_000));
  await cluster.world.advance(5000);
  const left = await cluster.call("masters", {});
  assert.deepEqual(left.masters.map(({ id }) => id), others.map(({ id }) => id));
});

story("a catalog that has seen a later term is led again all the same", {
  masters: 1,
  regions: 1,
}, async (cluster) => {
  // As after the coordination service has lost its data: its numbers begin anew.
  cluster.process("m1").crash();
  await new SqliteCatalog(cluster.world.catalog).claim(40);
  cluster.process("m1").start();
  await cluster.settled();
  assert.ok((await cluster.call("status", {})).master.term > 40);
});

story("events tell what happened, in order, and survive the master", {
  masters: 2,
  regions: 2,
}, async (cluster) => {
  await cluster.create("orders");
  await cluster.world.advance(1000);
  cluster.process(cluster.leader).crash();
  assert.ok(await cluster.world.until(() => cluster.cluster.leading !== null, 20_000));
  await cluster.world.advance(1000);
  const { events } = await cluster.call("events", {});
  const names = events.map(({ what }) => what.event);
  const elected = names.flatMap((name, at) => (name === "master.elected" ? [at] : []));
  assert.equal(elected.length, 2);
  assert.ok(names.indexOf("table.created") > (elected[0] ?? 0));
  assert.ok(names.indexOf("table.created") < (elected[1] ?? 0));
  const ids = events.map(({ id }) => id);
  assert.deepEqual(ids, [...ids].sort((a, b) => a - b));
});

Deno.test("master: of ten thousand tables one is located in well under a millisecond", async () => {
  const cluster = await MasterWorld.start({ masters: 1, regions: 3 });
  const reign = cluster.cluster.leading?.reign;
  assert.ok(reign);
  const replicas = reign.view.online.map(({ rid }) => rid);
  for (let i = 0; i < 10_000; i++) {
    const [name, region] = [`table_${i}`, `r${i}`];
    const isr = replicas.map((rid) => ({ rid, incarnation: "i" }));
    const [primary = null] = replicas;
    reign.view.putTable({ name, region, ddl: "", state: "ready", created: 0 });
    reign.view.putRegion({ region, epoch: 1, primary, isr, replicas, state: "open" }, 1);
  }
  const { caller } = await cluster.outcome(cluster.channel("m1").connect());
  const spent: number[] = [];
  for (let i = 0; i < 500; i++) {
    const call = caller.call("locate", { tables: [`table_${i * 17}`] });
    const started = performance.now();
    await cluster.outcome(call);
    spent.push(performance.now() - started);
  }
  // The median: a machine that is busy with something else at times proves nothing.
  const median = spent.sort((a, b) => a - b)[spent.length / 2] ?? Infinity;
  assert.ok(median < 1, `${median} ms, the made-up network and its timers included`);
  await cluster.close();
});
