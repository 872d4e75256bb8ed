/** Stories of what the master does to real copies: rows are moved, altered, proved and none is lost. */
import assert from "node:assert/strict";
import type { JobRecord } from "../../src/protocol/model.ts";
import { type RegionStory, regionStory } from "../support/region_story.ts";

/** Waits until a job has ended, asking as operators do. */
async function ended(story: RegionStory, id: string): Promise<JobRecord> {
  for (let look = 0; look < 600; look++) {
    const { jobs } = await story.outcome(story.client.admin.master("jobs", {}));
    const job = jobs.find((each) => each.id === id);
    if (job !== undefined && job.state !== "running") return job;
    await story.world.advance(200);
  }
  assert.fail(`job ${id} does not end`);
}

/** Writes rows one after the other until told to stop; answers how many. */
function writer(story: RegionStory, table: string, from: number) {
  const stop = { now: false };
  const written = (async () => {
    let count = 0;
    while (!stop.now) {
      await story.client.query(`INSERT INTO ${table} VALUES (?, 0)`, [from + count]);
      count++;
    }
    return count;
  })();
  return {
    stop: async () => {
      stop.now = true;
      return await story.outcome(written);
    },
  };
}

async function countOf(story: RegionStory, table: string): Promise<number> {
  const { rows } = await story.query(`SELECT COUNT(*) FROM ${table}`, { read: "latest" });
  return Number(rows[0]?.[0]);
}

regionStory("a server is emptied under load, primary role and all", async (story) => {
  for (let id = 1; id <= 50; id++) await story.query(`INSERT INTO t VALUES (${id}, ${id})`);
  const { primary } = story;
  const rid = primary.rid ?? 0;
  const load = writer(story, "t", 1000);
  const { job } = await story.outcome(story.client.admin.master("drain", { rid }));
  assert.equal((await ended(story, job ?? "")).state, "done");
  const written = await load.stop();
  assert.equal(await countOf(story, "t"), 50 + written);
  await story.allAlike();
  assert.ok(!story.region.replicas.includes(rid));
  await story.until("nothing is left of it there", () => story.stored(primary).length === 0);
  const [event] = story.events("move.finished");
  assert.ok(Number(event?.["pauseMs"]) < 1000, `writes paused for ${event?.["pauseMs"]} ms`);
}, { servers: 4 });

regionStory("the only copy of a table moves while it is written", async (story) => {
  const ddl = "CREATE TABLE alone (id INT PRIMARY KEY, v INT)";
  const { region } = await story.outcome(
    story.client.admin.master("createTable", { table: "alone", ddl, replicas: 1 }),
  );
  const load = writer(story, "alone", 1);
  const { job, from, to } = await story.outcome(
    story.client.admin.master("moveRegion", { region }),
  );
  assert.equal((await ended(story, job)).state, "done");
  const written = await load.stop();
  assert.ok(written > 0);
  assert.equal(await countOf(story, "alone"), written);
  const state = story.cluster.regions.find((each) => each.region === region);
  assert.deepEqual([state?.replicas, state?.primary], [[to], to]);
  await story.until(
    "the old one is gone",
    () => story.stored(story.host(from), "alone").length === 0,
  );
});

regionStory(
  "a schema change survives the primary that makes it, and is made once",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10)");
    const { primary } = story;
    const sql = "ALTER TABLE t ADD COLUMN w INT NOT NULL DEFAULT 7";
    const altered = story.client.admin.master("alterTable", { table: "t", sql }, {
      timeoutMs: 60_000,
    });
    await story.world.advance(4);
    story.cluster.crash(primary.process);
    await story.outcome(altered);
    story.cluster.start(primary.process);
    assert.deepEqual(await story.rows({ read: "latest" }), [[1, 10, 7]]);
    await story.allAlike();
  },
);

regionStory("a renamed table keeps its rows under the new name", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10)");
  const sql = "RENAME TABLE t TO u";
  await story.outcome(story.client.admin.master("alterTable", { table: "t", sql }));
  const { rows } = await story.query("SELECT * FROM u");
  assert.deepEqual(rows, [[1, 10]]);
  await story.query("CREATE TABLE t (id INT PRIMARY KEY, v INT)");
  assert.equal(await countOf(story, "t"), 0);
});

regionStory(
  "relatives come and go while a server is away, and a name comes again",
  async (story) => {
    const admin = story.client.admin;
    const ddl = (table: string) => `CREATE TABLE ${table} (id INT PRIMARY KEY, v INT)`;
    const join = (table: string) =>
      story.outcome(admin.master("createTable", { table, ddl: ddl(table), beside: "t" }));
    const away = story.slave;
    await join("gone");
    await story.query("INSERT INTO gone VALUES (1, 1)");
    story.cluster.crash(away.process);
    await story.inSync(2);
    await story.outcome(admin.master("dropTable", { table: "gone" }));
    await join("more");
    await story.query("INSERT INTO more VALUES (1, 1)");
    await join("gone");
    story.cluster.start(away.process);
    await story.allAlike();
    assert.deepEqual(story.stored(away, "gone"), []);
    assert.deepEqual(story.stored(away, "more"), ["[1,1]"]);
    assert.equal(await countOf(story, "gone"), 0);
  },
);

regionStory("copies prove what they hold, and one that was changed is named", async (story) => {
  for (let id = 1; id <= 20; id++) await story.query(`INSERT INTO t VALUES (${id}, ${id})`);
  const verify = async () => {
    const { tables } = await story.outcome(
      story.client.admin.master("verifyTables", { table: "t" }, { timeoutMs: 60_000 }),
    );
    return new Map(tables[0]?.copies.map((copy) => [copy.rid, copy] as const));
  };
  const load = writer(story, "t", 1000);
  const sound = await verify();
  await load.stop();
  assert.deepEqual([...sound.values()].map(({ verdict }) => verdict), Array(3).fill("agrees"));
  const liar = story.slave;
  story.corrupt(liar, 7, 8, false);
  const found = (await verify()).get(liar.rid ?? 0);
  assert.equal(found?.verdict, "differs", JSON.stringify(found));
});

regionStory("a copy that is lost for good is made anew on another server", async (story) => {
  for (let id = 1; id <= 30; id++) await story.query(`INSERT INTO t VALUES (${id}, ${id})`);
  const dead = story.slave;
  const rid = dead.rid ?? 0;
  story.cluster.crash(dead.process);
  await story.until("it is replaced", () => !story.region.replicas.includes(rid), 400_000);
  await story.allAlike();
  await story.until("it is told", () => story.events("replica.added").length === 1);
  // It comes back to a region that goes on without it.
  story.cluster.start(dead.process);
  await story.world.advance(10_000);
  await story.query("INSERT INTO t VALUES (31, 31)");
  await story.allAlike();
  assert.ok(!story.region.replicas.includes(rid));
}, { servers: 4 });
