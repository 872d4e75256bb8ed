/** Transactions and schema changes, whatever dies in the middle of them. */
import assert from "node:assert/strict";
import { is } from "../support/is.ts";
import { regionStory } from "../support/region_story.ts";

regionStory("a transaction is seen by nobody before its end, and by all after", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10)");
  const session = story.client.session();
  await story.say(session, "BEGIN");
  await story.say(session, "UPDATE t SET v = 11 WHERE id = 1");
  await story.say(session, "INSERT INTO t VALUES (2, 20)");
  assert.deepEqual((await story.say(session, "SELECT * FROM t ORDER BY id")).rows, [[1, 11], [
    2,
    20,
  ]]);
  for (const read of ["fast", "voted", "latest"] as const) {
    assert.deepEqual(await story.rows({ read }), [[1, 10]]);
  }
  await story.say(session, "COMMIT");
  assert.deepEqual(await story.rows(), [[1, 11], [2, 20]]);
  await story.allAlike();
});

regionStory(
  "a write is answered when it is agreed on, and whoever wrote it reads it",
  async (story) => {
    // The three turns of its database that it takes to be committed there come after the answer.
    assert.ok(await story.timed("INSERT INTO t VALUES (0, 0)") < 160);
    const session = story.client.session();
    const expected = [[0, 0]];
    for (const level of ["fast", "voted", "recount", "latest"] as const) {
      session.setRead(level);
      await story.say(session, `INSERT INTO t VALUES (${expected.length}, 0)`);
      expected.push([expected.length, 0]);
      const { rows } = await story.say(session, "SELECT * FROM t ORDER BY id");
      assert.deepEqual(rows, expected, level);
    }
    for (const begin of ["START TRANSACTION", "START TRANSACTION READ ONLY"]) {
      await story.say(session, `INSERT INTO t VALUES (${expected.length}, 0)`);
      expected.push([expected.length, 0]);
      await story.say(session, begin);
      assert.deepEqual(
        (await story.say(session, "SELECT * FROM t ORDER BY id")).rows,
        expected,
        begin,
      );
      await story.say(session, "COMMIT");
    }
    await story.query(`INSERT INTO t VALUES (${expected.length}, 0)`);
    assert.equal((await story.rows({ read: "latest" })).length, expected.length + 1);
    await story.allAlike();
  },
  { databaseMs: 20 },
);

regionStory("a write stands though the primary's own database loses it", async (story) => {
  const { epoch } = story.region;
  for (const lost of ["not applied", "applied"] as const) {
    story.primary.database.lostCommits.push(lost);
    const { result } = await story.query(`INSERT INTO t VALUES (${lost.length}, 0)`);
    assert.equal(result.affected, 1);
    assert.equal((await story.rows({ read: "latest" })).length, lost === "applied" ? 2 : 1);
    await story.allAlike();
  }
  assert.ok(story.region.epoch > epoch);
});

regionStory("what a savepoint takes back is on no copy", async (story) => {
  const session = story.client.session();
  await story.say(session, "BEGIN");
  await story.say(session, "INSERT INTO t VALUES (1, 10)");
  await story.say(session, "SAVEPOINT before");
  await story.say(session, "INSERT INTO t VALUES (2, 20)");
  await story.say(session, "ROLLBACK TO before");
  await story.say(session, "INSERT INTO t VALUES (3, 30)");
  await story.say(session, "COMMIT");
  assert.deepEqual(await story.rows(), [[1, 10], [3, 30]]);
  await story.allAlike();
});

regionStory("a statement that fails leaves its transaction as it was", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10)");
  const session = story.client.session();
  await story.say(session, "BEGIN");
  await story.say(session, "INSERT INTO t VALUES (2, 20)");
  await assert.rejects(story.say(session, "INSERT INTO t VALUES (1, 0)"), is("SQL", /Duplicate/));
  await story.say(session, "COMMIT");
  assert.deepEqual(await story.rows(), [[1, 10], [2, 20]]);
  await story.allAlike();
});

regionStory(
  "a transaction whose primary dies in it is done once, by the next one",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10)");
    let runs = 0;
    const work = story.client.transaction(async (transaction) => {
      runs++;
      await transaction.query("UPDATE t SET v = v + 1 WHERE id = 1");
      if (runs === 1) story.cluster.crash(story.primary.process);
      await transaction.query("INSERT INTO t VALUES (?, 0)", [1 + runs]);
    });
    await story.outcome(work);
    // The client may have said it all again by itself, where the answers were the same.
    assert.deepEqual(await story.rows(), [[1, 11], [1 + runs, 0]]);
  },
);

regionStory("a forgotten transaction is rolled back, and lets go of its rows", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10)");
  const session = story.client.session();
  await story.say(session, "BEGIN");
  await story.say(session, "SELECT v FROM t WHERE id = 1");
  await story.say(session, "UPDATE t SET v = 0 WHERE id = 1");
  await story.world.advance(5000);
  await story.query("UPDATE t SET v = 12 WHERE id = 1");
  await assert.rejects(story.say(session, "COMMIT"), is("SQL", /rolled back/));
  assert.deepEqual(await story.rows(), [[1, 12]]);
}, { limits: { transactionIdleMs: 3000 } });

regionStory("a commit whose answer is lost is answered by the next primary", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 0)");
  for (let round = 0; round < 6; round++) {
    const dead = story.primary;
    const session = story.client.session();
    await story.say(session, "BEGIN");
    await story.say(session, "UPDATE t SET v = v + 1 WHERE id = 1");
    const before = Number((await story.rows({ read: "latest" }))[0]?.[1]);
    const commit = session.query("COMMIT").then(() => "done", () => "undone");
    await story.world.advance(round * 0.8);
    story.cluster.crash(dead.process);
    const ended = await story.outcome(commit);
    const after = Number((await story.rows({ read: "latest" }))[0]?.[1]);
    // What was said of it is what became of it.
    assert.equal(after - before, ended === "done" ? 1 : 0, `round ${round}: ${ended}`);
    story.cluster.start(dead.process);
    await story.allInSync();
  }
  await story.allAlike();
});

regionStory("a schema change is on all copies, and rows go on", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10)");
  await story.query("ALTER TABLE t ADD COLUMN w INT NOT NULL DEFAULT 5");
  await story.query("INSERT INTO t VALUES (2, 20, 6)");
  assert.deepEqual(await story.rows(), [[1, 10, 5], [2, 20, 6]]);
  await story.query("TRUNCATE TABLE t");
  assert.deepEqual(await story.rows(), []);
  await story.query("INSERT INTO t VALUES (3, 30, 7)");
  await story.allAlike();
});

regionStory(
  "a schema change that the rows do not allow fails for the caller alone",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10), (2, 10)");
    await assert.rejects(
      story.query("ALTER TABLE t ADD UNIQUE KEY k (v)"),
      is("SQL", /Duplicate|unique/i),
    );
    await story.query("INSERT INTO t VALUES (3, 10)");
    await story.allAlike();
    assert.deepEqual(story.events("copy.diverged"), []);
  },
);

for (const victim of ["primary", "slave", "all"] as const) {
  regionStory(
    `a schema change is neither lost nor repeated when ${victim} dies in it`,
    async (story) => {
      await story.query("INSERT INTO t VALUES (1, 10)");
      for (let round = 0; round < 6; round++) {
        const hosts = victim === "all"
          ? story.cluster.hosts
          : [victim === "primary" ? story.primary : story.slave];
        const change = story.client.query(`ALTER TABLE t ADD COLUMN c${round} INT DEFAULT 1`)
          .then(() => true, (error) => error as Error);
        await story.world.advance(3 + round * 2.3);
        for (const host of hosts) story.cluster.crash(host.process);
        await story.world.advance(500);
        for (const host of hosts) story.cluster.start(host.process);
        const ended = await story.outcome(change);
        await story.allAlike();
        const { columns } = await story.query("SELECT * FROM t");
        const isThere = columns.some(({ name }) => name === `c${round}`);
        assert.equal(ended === true, isThere, `round ${round}: ${ended}`);
      }
      await story.query("UPDATE t SET v = 11");
      await story.allAlike();
    },
  );
}
