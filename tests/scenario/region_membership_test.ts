/** Servers come, go, are emptied, and come back to a cluster that went on without them. */
import assert from "node:assert/strict";
import { holdings } from "../../src/sim/region_watch.ts";
import { is } from "../support/is.ts";
import { regionStory } from "../support/region_story.ts";

regionStory(
  "a server that was away while a table was dropped takes its name anew",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10)");
    await story.allAlike();
    const away = story.slave;
    story.cluster.crash(away.process);
    await story.inSync(2);
    await story.query("DROP TABLE t", { timeoutMs: 60_000 });
    story.cluster.start(away.process);
    await story.world.advance(5000);
    await story.query("CREATE TABLE t (id INT PRIMARY KEY, v INT, w INT)");
    await story.query("INSERT INTO t VALUES (2, 20, 200)");
    await story.allAlike();
    assert.deepEqual(await story.rows(), [[2, 20, 200]]);
  },
);

regionStory(
  "a region moves to a server that had none of it, while clients go on",
  async (story) => {
    for (let id = 1; id <= 100; id++) await story.query(`INSERT INTO t VALUES (${id}, ${id})`);
    const spare = story.cluster.hosts.find(({ rid }) => !story.region.replicas.includes(rid ?? 0));
    assert.ok(spare);
    const from = story.primary;
    let writes = 0;
    const stop = { now: false };
    const writer = (async () => {
      for (let id = 1000; !stop.now; id++, writes++) {
        await story.client.query("INSERT INTO t VALUES (?, 0)", [id]);
      }
    })();
    await story.outcome(
      story.client.admin.master("moveRegion", {
        region: story.region.region,
        from: from.rid ?? 0,
        to: spare.rid ?? 0,
      }),
    );
    await story.until("it has moved", () => {
      const { replicas, isr } = story.region;
      return !replicas.includes(from.rid ?? 0) && replicas.includes(spare.rid ?? 0) &&
        isr.length === 3;
    });
    stop.now = true;
    await story.outcome(writer);
    const { rows: [count] } = await story.query("SELECT COUNT(*) FROM t", { read: "latest" });
    assert.equal(count?.[0], 100 + writes);
    await story.until("the old copy is gone", () => story.stored(from).length === 0);
  },
  { servers: 4 },
);

regionStory(
  "a server that was replaced while it was away removes what it has when it is back",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10)");
    await story.allAlike();
    const away = story.slave;
    const { region, isr } = story.region;
    const spare = story.cluster.hosts.find(({ rid }) => !story.region.replicas.includes(rid ?? 0));
    assert.ok(spare);
    story.cluster.crash(away.process);
    await story.outcome(
      story.client.admin.master("moveRegion", {
        ...{ region, from: away.rid ?? 0, to: spare.rid ?? 0 },
      }),
    );
    await story.inSync(isr.length);
    assert.deepEqual(story.stored(away), ["[1,10]"]);
    story.cluster.start(away.process);
    await story.until("the old copy is gone", () => story.stored(away).length === 0);
    assert.deepEqual(await story.rows(), [[1, 10]]);
    await story.allAlike();
  },
  { servers: 4 },
);

regionStory("a table that is nobody's copy is left alone", async (story) => {
  const [host] = story.cluster.hosts;
  assert.ok(host);
  const engine = host.server?.replicas.deps.engine;
  assert.ok(engine);
  const session = await story.outcome(engine.session());
  await story.outcome(session.run("CREATE TABLE mine (id INT PRIMARY KEY)", { timeoutMs: 1000 }));
  await story.outcome(session.run("INSERT INTO mine VALUES (7)", { timeoutMs: 1000 }));
  await assert.rejects(
    story.query("CREATE TABLE mine (id INT PRIMARY KEY)"),
    is("TABLE_EXISTS", /not minisql's/),
  );
  assert.deepEqual(story.stored(host, "mine"), ["[7]"]);
});

regionStory(
  "a copy that is being removed when the power fails is none that is trusted",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10)");
    const { region, primary, isr } = story.region;
    const from = isr.find(({ rid }) => rid !== primary)?.rid ?? 0;
    const left = story.host(from);
    await story.outcome(story.client.admin.master("moveRegion", { region, from }));
    const tables = () => left.database.tables;
    const states = () => [...holdings(tables()).values()].map(({ state }) => state);
    await story.until("its table is dropped", () => !tables().has("t"));
    left.cutPower();
    assert.deepEqual([tables().has("t"), states()], [false, ["copying"]]);
    left.start();
    await story.until("nothing is left of it", () => states().length === 0);
    await story.allAlike();
  },
  { servers: 4, databaseMs: 20 },
);

regionStory(
  "who has been copied holds it through a power cut from when it is in sync",
  async (story) => {
    for (let id = 1; id <= 20; id++) await story.query(`INSERT INTO t VALUES (${id}, ${id})`);
    const { region, primary, isr } = story.region;
    const from = isr.find(({ rid }) => rid !== primary)?.rid ?? 0;
    await story.outcome(story.client.admin.master("moveRegion", { region, from }));
    const inSync = () => story.region.isr.find(({ rid }) => isr.every((old) => old.rid !== rid));
    await story.until("a newcomer is in sync", () => inSync() !== undefined);
    const newcomer = story.host(inSync()?.rid ?? 0);
    newcomer.cutPower(true);
    assert.equal(holdings(newcomer.database.tables).get(region)?.state, "sound");
    assert.equal(story.stored(newcomer).length, 20);
    newcomer.start();
    await story.allAlike();
  },
  { servers: 4 },
);
