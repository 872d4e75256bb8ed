/** Reads of real roles beside writers and liars: what clients see, and what becomes of the liars. */
import assert from "node:assert/strict";
import type { ReadLevel } from "../../src/protocol/calls/region.ts";
import type { RegionHost } from "../../src/sim/region_host.ts";
import { type RegionStory, regionStory } from "../support/region_story.ts";

/** All rows and their sum, which every write leaves as it is. */
const SUM = "SELECT COUNT(*), SUM(v) FROM t";

async function fill(story: RegionStory): Promise<void> {
  const rows = Array.from({ length: 50 }, (_, at) => `(${at + 1}, 100)`);
  await story.query(`INSERT INTO t VALUES ${rows.join(", ")}`);
  await story.allAlike();
}

/** Reads and moves amounts between rows for a while; every read must find all of it. */
async function trade(story: RegionStory, read: ReadLevel, rounds: number): Promise<number> {
  let isOver = false;
  let reads = 0;
  const reading = async () => {
    while (!isOver) {
      const { rows: [row] } = await story.client.query(SUM, [], { read });
      assert.deepEqual(row?.map(Number), [50, 5000]);
      reads++;
    }
  };
  const writing = async (from: number) => {
    for (let round = 0; round < rounds; round++) {
      const [a, b] = [1 + (from + round) % 50, 1 + (from + round * 7 + 3) % 50];
      if (a === b) continue;
      const change = `UPDATE t SET v = v + IF(id = ${a}, -1, 1) WHERE id = ${a} OR id = ${b}`;
      await story.client.query(change);
    }
  };
  const readers = Array.from({ length: 6 }, reading);
  const writers = Promise.all([0, 20].map(writing)).finally(() => isOver = true);
  await story.outcome(Promise.all([writers, ...readers]));
  return reads;
}

/** Changes a row, again and again until no transaction that was open at the time undoes it. */
async function lie(story: RegionStory, liar: RegionHost): Promise<void> {
  while (story.events("copy.diverged").length === 0) {
    await story.world.clock.sleep(7);
    story.corrupt(liar, 7, 12_345);
  }
}

for (const read of ["fast", "voted", "recount", "latest"] as const) {
  regionStory(`${read} reads see whole writes only`, async (story) => {
    await fill(story);
    const reads = await trade(story, read, 40);
    assert.ok(reads > 20, `${reads} reads`);
    await story.allAlike();
    assert.equal(story.events("copy.diverged").length, 0);
  });
}

regionStory("no voted read beside writers sees what a slave makes up", async (story) => {
  await fill(story);
  const liar = story.slave;
  await Promise.all([
    trade(story, "voted", 60),
    lie(story, liar),
  ]);
  await story.allAlike();
  assert.ok(story.events("copy.diverged").some(({ rid }) => rid === liar.rid));
});

regionStory("a recount finds the rows that were changed without a trace", async (story) => {
  await fill(story);
  const liar = story.slave;
  story.corrupt(liar, 7, 12_345, false);
  for (let reads = 0; reads < 6; reads++) {
    const { rows: [row] } = await story.query(SUM, { read: "recount" });
    assert.deepEqual(row?.map(Number), [50, 5000]);
  }
  await story.until("it is repaired", () => story.events("copy.repaired").length > 0);
  await story.allAlike();
  assert.equal(story.events("copy.diverged")[0]?.["rid"], liar.rid);
});

for (const isNoticed of [true, false]) {
  const how = isNoticed ? "with" : "without";
  regionStory(
    `a primary changed ${how} a trace gives up its office, and is repaired`,
    async (story) => {
      await fill(story);
      const liar = story.primary;
      story.corrupt(liar, 7, 12_345, isNoticed);
      // Nobody reads from it, and nobody writes: it finds out by looking at itself.
      const leads = () => story.region.primary !== null && story.region.primary !== liar.rid;
      await story.until("another one leads", leads, 30 * 60_000);
      await story.until("it is repaired", () => story.events("copy.repaired").length > 0);
      await story.allAlike();
      assert.deepEqual((await story.query(SUM, { read: "latest" })).rows[0]?.map(Number), [
        50,
        5000,
      ]);
      assert.ok(story.events("copy.diverged").some(({ rid }) => rid === liar.rid));
    },
  );
}

regionStory("a primary changed with a trace answers no latest read", async (story) => {
  await fill(story);
  const liar = story.primary;
  story.corrupt(liar, 7, 12_345);
  const { rows: [row] } = await story.query(SUM, { read: "latest" });
  assert.deepEqual(row?.map(Number), [50, 5000]);
  assert.notEqual(story.primary, liar);
});

regionStory("of two copies the primary's decides", async (story) => {
  await fill(story);
  const liar = story.slave;
  story.corrupt(liar, 7, 12_345);
  for (let reads = 0; reads < 6; reads++) {
    assert.deepEqual((await story.query(SUM)).rows[0]?.map(Number), [50, 5000]);
  }
  await story.until("it is repaired", () => story.events("copy.repaired").length > 0);
  assert.deepEqual(story.stored(liar), story.stored(story.primary));
}, { servers: 2 });

regionStory("reads go on when the others are dead", async (story) => {
  await fill(story);
  for (const host of story.slaves) host.process.crash();
  await story.world.advance(10_000);
  const { rows: [row], receipt } = await story.query(SUM);
  assert.deepEqual(row?.map(Number), [50, 5000]);
  assert.equal(receipt?.agree.length, 1);
});

regionStory("TRUNCATE and ALTER beside readers take no copy out", async (story) => {
  await fill(story);
  let isOver = false;
  const seen = new Set<number>();
  const reading = async () => {
    while (!isOver) {
      const { rows: [row] } = await story.client.query("SELECT COUNT(*) FROM t");
      seen.add(Number(row?.[0]));
    }
  };
  const changing = async () => {
    await story.client.query("ALTER TABLE t ADD COLUMN w INT");
    await story.client.query("TRUNCATE TABLE t");
    await story.client.query("INSERT INTO t (id, v) VALUES (1, 1)");
    await story.client.query("ALTER TABLE t ADD COLUMN x INT");
    isOver = true;
  };
  await story.outcome(Promise.all([changing(), reading(), reading(), reading()]));
  for (const count of seen) assert.ok([50, 0, 1].includes(count), `${count} rows`);
  assert.equal(story.events("copy.diverged").length, 0);
  await story.allAlike();
});
