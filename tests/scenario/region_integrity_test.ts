/** Copies that lie: found by the write or the read that meets them, taken out, repaired, let in again. */
import assert from "node:assert/strict";
import { regionStory } from "../support/region_story.ts";

regionStory("a slave with a changed row is out-voted by a read and repaired", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)");
  await story.allAlike();
  const liar = story.slave;
  story.corrupt(liar, 2, 666);
  for (let reads = 0; reads < 8; reads++) {
    assert.deepEqual(await story.rows(), [[1, 10], [2, 20], [3, 30]]);
  }
  await story.until("it is repaired", () => story.events("copy.repaired").length > 0);
  await story.allAlike();
  const [diverged] = story.events("copy.diverged");
  assert.equal(diverged?.["rid"], liar.rid);
  assert.equal(diverged?.["table"], "t");
});

regionStory("a slave with a changed row is caught by the write that meets it", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10), (2, 20)");
  await story.allAlike();
  const liar = story.slave;
  story.corrupt(liar, 2, 666);
  await story.query("UPDATE t SET v = v + 1 WHERE id = 1");
  await story.until("it is caught", () => story.events("copy.diverged").length > 0);
  await story.allAlike();
  assert.deepEqual(await story.rows(), [[1, 11], [2, 20]]);
  assert.equal(story.events("copy.diverged")[0]?.["rid"], liar.rid);
});

regionStory(
  "a primary with a changed row is out-voted by its slaves and gives up",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10), (2, 20)");
    await story.allAlike();
    const liar = story.primary;
    story.corrupt(liar, 2, 666);
    await story.query("UPDATE t SET v = v + 1 WHERE id = 1");
    await story.until("another one leads", () => story.primary !== liar);
    await story.until("the old one is repaired", () => story.events("copy.repaired").length > 0);
    await story.allAlike();
    assert.deepEqual(await story.rows({ read: "latest" }), [[1, 11], [2, 20]]);
  },
);

regionStory("a primary that was out-voted is in sync again only when repaired", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10), (2, 20)");
  await story.allAlike();
  const liar = story.primary;
  story.corrupt(liar, 2, 666);
  await story.query("UPDATE t SET v = v + 1 WHERE id = 1");
  await story.until("another one leads", () => story.primary !== liar);
  const isIn = () => story.region.isr.some(({ rid }) => rid === liar.rid);
  assert.ok(!isIn());
  await story.until("it is in sync again", isIn);
  assert.ok(story.events("copy.repaired").some(({ rid }) => rid === liar.rid));
});

regionStory("all that a primary with a changed row wrote is put right", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)");
  await story.allAlike();
  const liar = story.primary;
  const { epoch } = story.region;
  const slow = story.slaves.map((host) => story.holdDatabase(host));
  story.corrupt(liar, 2, 666);
  for (let times = 0; times < 5; times++) await story.query("UPDATE t SET v = v + 1 WHERE id = 1");
  for (const release of slow) release();
  await story.until("another one leads", () => story.primary !== liar);
  await story.until("the old one is repaired", () => story.events("copy.repaired").length > 0);
  await story.allAlike();
  assert.deepEqual(await story.rows({ read: "latest" }), [[1, 15], [2, 20], [3, 30]]);
  assert.equal(story.region.epoch, epoch + 1);
  const blamed = new Set(story.events("copy.diverged").map(({ rid }) => rid));
  assert.deepEqual([...blamed], [liar.rid]);
});

regionStory(
  "a changed row is noticed within moments though nobody reads or writes",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)");
    await story.allAlike();
    for (const liar of [story.slave, story.primary]) {
      const repaired = story.events("copy.repaired").length;
      story.corrupt(liar, 2, 666);
      await story.until(
        `${liar.name} is repaired`,
        () => story.events("copy.repaired").length > repaired,
        10_000,
      );
      assert.equal(story.events("copy.diverged").at(-1)?.["rid"], liar.rid);
      await story.allAlike();
    }
    assert.deepEqual(await story.rows({ read: "latest" }), [[1, 10], [2, 20], [3, 30]]);
  },
  { scrubMs: null },
);

regionStory("rows changed without a trace are found by counting them again", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10), (2, 20)");
  await story.allAlike();
  const liar = story.slave;
  story.corrupt(liar, 2, 666, false);
  await story.until("it is found", () => story.events("copy.diverged").length > 0, 30 * 60_000);
  await story.until("it is repaired", () => story.events("copy.repaired").length > 0);
  await story.allAlike();
  assert.deepEqual(await story.rows(), [[1, 10], [2, 20]]);
});

regionStory(
  "a copy whose log is lost keeps its rows, which mend those of the primary",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10), (2, 20)");
    await story.allAlike();
    const [liar, other] = [story.primary, story.slave];
    other.crash();
    story.corrupt(liar, 2, 666, false);
    story.rot(other);
    other.start();
    await story.until("the other one leads", () => story.region.primary === other.rid);
    await story.until("it mends the other", () => story.events("copy.repaired").length > 0);
    await story.allAlike();
    assert.deepEqual(await story.rows({ read: "latest" }), [[1, 10], [2, 20]]);
    assert.deepEqual(story.events("copy.recounted"), []);
  },
  { servers: 2 },
);

regionStory(
  "rows of the last copy, found wrong again and again, count as they are",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10), (2, 20)");
    await story.allAlike();
    const [last, other] = [story.primary, story.slave];
    other.crash();
    story.corrupt(last, 2, 666, false);
    story.corrupt(other, 1, 77);
    story.rot(other);
    other.start();
    await story.until("it says so", () => story.events("copy.recounted").length > 0);
    await story.allAlike();
    assert.deepEqual(await story.rows({ read: "latest" }), [[1, 10], [2, 666]]);
    await story.query("INSERT INTO t VALUES (3, 30)");
    for (const { rid, table } of story.events("copy.recounted")) {
      assert.deepEqual([rid, table], [last.rid, "t"]);
    }
  },
  { servers: 2 },
);

regionStory(
  "a copy that is wrong again as soon as it has been made is made once more",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10), (2, 20)");
    await story.allAlike();
    const liar = story.slave;
    story.corrupt(liar, 1, 11);
    await story.query("UPDATE t SET v = v + 1 WHERE id = 1");
    const isCopied = ({ message }: { message: string }) => message.startsWith("A table is what");
    await story.until("rows are copied", () => story.world.reporter.lines.some(isCopied));
    const write = story.client.query("UPDATE t SET v = v + 1 WHERE id = 2");
    story.corrupt(liar, 2, 666);
    await story.outcome(write);
    await story.until("it is made again", () => story.events("sync.finished").length >= 4);
    await story.allAlike();
    assert.deepEqual(await story.rows(), [[1, 11], [2, 21]]);
  },
);

regionStory("a repair copies the rows that differ, not the table", async (story) => {
  for (let from = 0; from < 3000; from += 500) {
    const rows = Array.from({ length: 500 }, (_, at) => `(${from + at}, ${at})`);
    await story.query(`INSERT INTO t VALUES ${rows.join(", ")}`);
  }
  await story.allAlike();
  story.corrupt(story.slave, 1234, -1);
  await story.query("SELECT COUNT(*) FROM t");
  await story.query("SELECT COUNT(*) FROM t");
  await story.until("it is repaired", () => story.events("copy.repaired").length > 0);
  await story.allAlike();
  const [finished] = story.events("sync.finished");
  assert.ok(Number(finished?.["rows"]) < 300, `${finished?.["rows"]} rows travelled`);
});

regionStory("clients read on while a copy is repaired, and none sees the lie", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10), (2, 20)");
  await story.allAlike();
  story.corrupt(story.slave, 1, 666);
  const reads = Array.from(
    { length: 200 },
    async () => (await story.client.query("SELECT v FROM t WHERE id = 1")).rows,
  );
  for (const rows of await story.outcome(Promise.all(reads))) assert.deepEqual(rows, [[10]]);
});

regionStory(
  "a primary whose row changes while it hands over does not lead others astray",
  async (story) => {
    for (const id of [1, 2, 3]) await story.query(`INSERT INTO t VALUES (${id}, ${id})`);
    await story.allAlike();
    const { region, primary, isr } = story.region;
    const old = story.primary;
    const [to = 0] = isr.flatMap(({ rid }) => rid === primary ? [] : [rid]);
    const moving = story.client.admin.master("moveRegion", {
      ...{ region, role: true, from: primary ?? 0, to },
    });
    await story.until("another leads", () => story.region.primary === to);
    story.corrupt(old, 2, 99);
    await story.outcome(moving);
    const heir = story.host(to);
    story.cluster.crash(heir.process);
    await story.inSync(2);
    await story.world.advance(3000);
    story.cluster.start(heir.process);
    await story.allAlike();
    assert.deepEqual(await story.rows(), [[1, 1], [2, 2], [3, 3]]);
  },
);

regionStory(
  "a row of the primary that changes while all servers are down is put right, with two copies",
  async (story) => {
    for (const id of [1, 2, 3]) await story.query(`INSERT INTO t VALUES (${id}, ${id})`);
    await story.allAlike();
    const first = story.primary;
    const second = story.slave;
    for (const { process } of [first, second]) story.cluster.crash(process);
    story.corrupt(first, 2, 99);
    story.cluster.start(first.process);
    await story.world.advance(1000);
    story.cluster.start(second.process);
    await story.until("it is put right", () => story.stored(first).includes("[2,2]"), 20_000);
    await story.allAlike();
    assert.deepEqual(await story.rows(), [[1, 1], [2, 2], [3, 3]]);
  },
  { servers: 2 },
);

regionStory("what a majority overruled is not gone by after a restart", async (story) => {
  for (const id of [1, 2, 3]) await story.query(`INSERT INTO t VALUES (${id}, ${id})`);
  await story.allAlike();
  const wrong = story.primary;
  story.corrupt(wrong, 2, 99, false);
  await story.query("UPDATE t SET v = v + 1 WHERE id = 2");
  await story.until("it is put right", () => story.stored(wrong).includes("[2,3]"));
  await story.allAlike();
  const told = story.events("copy.diverged").length;
  for (const host of story.holders) story.cluster.crash(host.process);
  for (const host of story.holders) story.cluster.start(host.process);
  await story.allAlike();
  await story.world.advance(10_000);
  assert.deepEqual(await story.rows(), [[1, 1], [2, 3], [3, 3]]);
  assert.equal(story.events("copy.diverged").length, told);
});

regionStory(
  "a primary that the node has not told of yet is outvoted like any other",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10)");
    await story.allAlike();
    const { region, primary } = story.region;
    const [next, cutOff] = story.slaves;
    assert.ok(next && cutOff);
    const { faults } = story.world.coordinator;
    faults.partition(cutOff.process.client, "cut");
    const order = { region, role: true, from: primary ?? 0, to: next.rid ?? 0 };
    await story.outcome(story.client.admin.master("moveRegion", order));
    await story.until("the other leads", () => next.server?.replicas.all[0]?.role === "primary");
    story.corrupt(next, 1, 99, false);
    await story.query("UPDATE t SET v = v + 1 WHERE id = 1");
    const found = () => cutOff.server?.replicas.all[0]?.outvoted?.rid;
    await story.until("it is outvoted", () => found() === next.rid, 3000);
    faults.heal(cutOff.process.client);
    await story.until("it is put right", () => story.stored(next).includes("[1,11]"));
    await story.allAlike();
  },
);
