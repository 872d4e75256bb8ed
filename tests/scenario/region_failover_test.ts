/** Servers die, freeze, are cut off and come back: nothing acknowledged is lost, nothing is doubled. */
import assert from "node:assert/strict";
import { is } from "../support/is.ts";
import { regionStory } from "../support/region_story.ts";

regionStory("what is written is on every copy, and agreed on when it is read", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10), (2, 20)");
  const { rows, receipt } = await story.query("SELECT * FROM t ORDER BY id");
  assert.deepEqual(rows, [[1, 10], [2, 20]]);
  assert.ok((receipt?.agree.length ?? 0) >= 2);
  await story.allAlike();
});

regionStory("a dead primary is replaced at once, and comes back as a slave", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10)");
  const dead = story.primary;
  const { epoch } = story.region;
  story.cluster.crash(dead.process);
  assert.ok(await story.timed("INSERT INTO t VALUES (2, 20)") < 1000);
  assert.equal(story.region.epoch, epoch + 1);
  assert.notEqual(story.region.primary, dead.rid);
  story.cluster.start(dead.process);
  await story.allAlike();
  assert.deepEqual(await story.rows(), [[1, 10], [2, 20]]);
  const [failover] = story.events("region.failover");
  assert.equal(failover?.["from"], dead.rid);
});

regionStory("a frozen primary is replaced, and what it wakes up with is refused", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10)");
  const frozen = story.primary;
  frozen.process.pause();
  assert.ok(await story.timed("INSERT INTO t VALUES (2, 20)") < 10_000);
  assert.notEqual(story.primary, frozen);
  await story.query("UPDATE t SET v = 11 WHERE id = 1");
  frozen.process.resume();
  await story.allAlike();
  assert.deepEqual(await story.rows({ read: "latest" }), [[1, 11], [2, 20]]);
});

regionStory("a dead slave leaves the set before writes go on, and catches up", async (story) => {
  const dead = story.slave;
  story.cluster.crash(dead.process);
  assert.ok(await story.timed("INSERT INTO t VALUES (1, 10)") < 2000);
  await story.inSync(2);
  for (let id = 2; id < 50; id++) await story.query(`INSERT INTO t VALUES (${id}, 0)`);
  story.cluster.start(dead.process);
  await story.allAlike();
  // It went on from the log: nothing was copied.
  assert.deepEqual(story.events("sync.started"), []);
});

regionStory("a frozen slave holds writes up for its time and no longer", async (story) => {
  const frozen = story.slave;
  frozen.process.pause();
  assert.ok(await story.timed("INSERT INTO t VALUES (1, 10)") < 3000);
  frozen.process.resume();
  await story.allAlike();
});

regionStory(
  "below two copies reads go on and writes are refused until one is back",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10)");
    const [one, other] = story.slaves;
    assert.ok(one && other);
    story.cluster.crash(one.process);
    await story.inSync(2);
    story.cluster.crash(other.process);
    await story.until("the region says so", () => story.events("region.read_only").length > 0);
    await assert.rejects(
      story.query("INSERT INTO t VALUES (2, 20)", { timeoutMs: 2000 }),
      is("READ_ONLY", /Cannot write/),
    );
    assert.deepEqual(await story.rows({ read: "fast" }), [[1, 10]]);
    story.cluster.start(one.process);
    await story.query("INSERT INTO t VALUES (3, 30)");
    story.cluster.start(other.process);
    await story.allAlike();
    assert.deepEqual(await story.rows(), [[1, 10], [3, 30]]);
  },
);

regionStory("of replicas that are lost together none leaves the set", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10)");
  const [one, other] = story.slaves;
  assert.ok(one && other);
  for (const lost of [one, other]) story.cluster.crash(lost.process);
  await story.until("the region says so", () => story.events("region.read_only").length > 0);
  await story.world.advance(5000);
  assert.equal(story.region.isr.length, 3);
  story.cluster.start(other.process);
  await story.query("INSERT INTO t VALUES (2, 20)", { timeoutMs: 20_000 });
  assert.equal(story.region.isr.length, 2);
  story.cluster.start(one.process);
  await story.allAlike();
});

regionStory("all servers at once lose power and everything is there again", async (story) => {
  for (let id = 1; id <= 20; id++) await story.query(`INSERT INTO t VALUES (${id}, ${id})`);
  for (const host of story.cluster.hosts) host.cutPower();
  await story.world.advance(1000);
  for (const host of story.cluster.hosts) host.start();
  assert.equal((await story.rows({ read: "latest", timeoutMs: 40_000 })).length, 20);
  await story.query("INSERT INTO t VALUES (21, 21)");
  await story.allAlike();
});

regionStory(
  "the last one of the set is waited for: no copy without all data leads",
  async (story) => {
    await story.query("INSERT INTO t VALUES (1, 10)");
    const behind = story.slave;
    story.cluster.crash(behind.process);
    await story.query("INSERT INTO t VALUES (2, 20)");
    await story.inSync(2);
    const [first, second] = [story.primary, story.slave];
    story.cluster.crash(first.process);
    story.cluster.crash(second.process);
    story.cluster.start(behind.process);
    await story.world.advance(15_000);
    // It lacks what was acknowledged: it must not lead, whatever the others do.
    assert.notEqual(story.region.primary, behind.rid);
    story.cluster.start(second.process);
    await story.query("INSERT INTO t VALUES (3, 30)");
    story.cluster.start(first.process);
    await story.allAlike();
    assert.deepEqual(await story.rows(), [[1, 10], [2, 20], [3, 30]]);
  },
);

regionStory("a write whose answer is lost is answered by the next primary, once", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 0)");
  for (let round = 0; round < 10; round++) {
    const dead = story.primary;
    const write = story.client.query("UPDATE t SET v = v + 1 WHERE id = 1");
    // Each time a little later: before it is shipped, on its way, committed, answered.
    await story.world.advance(round * 0.7);
    story.cluster.crash(dead.process);
    await story.outcome(write);
    story.cluster.start(dead.process);
    await story.allInSync();
  }
  assert.deepEqual(await story.rows({ read: "latest" }), [[1, 10]]);
});

regionStory("without the coordination service writes go on while all answer", async (story) => {
  const { coordinator } = story.world;
  // Where the table is must be known already: nobody could be asked.
  await story.query("INSERT INTO t VALUES (0, 0)");
  coordinator.faults.serviceAway();
  await story.world.advance(20_000);
  await story.query("INSERT INTO t VALUES (1, 10)");
  assert.deepEqual(await story.rows(), [[0, 0], [1, 10]]);
  coordinator.faults.serviceBack();
  await story.allAlike();
});

regionStory("a primary cut off from its slaves commits nothing, and they go on", async (story) => {
  const { network } = story.world;
  const old = story.primary;
  for (const slave of story.slaves) network.part(old.name, slave.name);
  // The client still reaches both sides.
  await story.query("INSERT INTO t VALUES (1, 10)");
  network.mendAll();
  await story.allAlike();
  assert.deepEqual(await story.rows({ read: "latest" }), [[1, 10]]);
});

regionStory("what an old primary had sent comes late, and unseats nobody", async (story) => {
  const old = story.primary;
  const { region, epoch } = story.region;
  story.cluster.crash(old.process);
  await story.query("INSERT INTO t VALUES (1, 10)");
  const [replica] = story.primary.server?.replicas.all ?? [];
  assert.ok(replica);
  const late = replica.follow({ region, epoch, from: old.rid ?? 0 });
  await assert.rejects(story.outcome(late), is("STALE_EPOCH", /Cannot take orders/));
  await story.world.advance(1000);
  assert.equal(story.region.epoch, epoch + 1);
  story.cluster.start(old.process);
  await story.allAlike();
});

regionStory("who leads before it knows what it has applied does nothing twice", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10)");
  await story.allAlike();
  const [from, to] = [story.primary, story.slave];
  to.database.lostCommits.push("applied");
  await story.query("UPDATE t SET v = v + 1 WHERE id = 1");
  const isUnsure = ({ message }: { message: string }) => message.startsWith("Cannot apply");
  await story.until("a commit's end is lost", () => story.world.reporter.lines.some(isUnsure));
  await story.outcome(
    story.client.admin.server({ host: from.name, port: 9091 }, "handOver", {
      ...{ term: 1_000_000, region: story.region.region, to: to.rid ?? 0 },
    }),
  );
  assert.ok(await story.timed("UPDATE t SET v = v + 1 WHERE id = 1") < 1000);
  await story.allAlike();
  assert.deepEqual(await story.rows(), [[1, 12]]);
  assert.deepEqual(story.events("copy.diverged"), []);
});

regionStory("who is succeeded while it takes over does nothing twice", async (story) => {
  const { network } = story.world;
  await story.query("INSERT INTO t VALUES (1, 10)");
  await story.allAlike();
  const old = story.primary;
  // The others have the entry, and nobody has heard that.
  for (const { name } of story.slaves) network.block(name, old.name);
  const write = story.client.query("UPDATE t SET v = v + 1 WHERE id = 1");
  await story.world.advance(50);
  const letGo = story.slaves.map((host) => story.holdDatabase(host));
  story.cluster.crash(old.process);
  network.mendAll();
  await story.until("another takes over", () => story.primary !== old);
  const heir = story.primary;
  const [replica] = heir.server?.replicas.all ?? [];
  story.cluster.start(old.process);
  await story.inSync(3);
  const { epoch } = story.region;
  const others = story.holders.filter((host) => host !== heir);
  for (const { name } of others) {
    network.part(heir.name, name);
    network.cut(heir.name, name);
  }
  await story.until("it is succeeded", () => story.region.epoch > epoch);
  network.mendAll();
  await story.until("it learns of that", () => replica?.primary?.ended !== null);
  for (const release of letGo) release();
  await story.outcome(write);
  await story.allAlike();
  assert.deepEqual(await story.rows(), [[1, 11]]);
  assert.deepEqual(story.events("copy.diverged"), []);
});

regionStory("a copy found to be wrong while it takes over does not lead", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10)");
  await story.allAlike();
  const { epoch } = story.region;
  const dead = story.primary;
  story.cluster.crash(dead.process);
  await story.until("another takes over", () => story.region.epoch > epoch);
  const heir = story.primary;
  const [replica] = heir.server?.replicas.all ?? [];
  assert.ok(replica);
  assert.equal(replica.primary, null);
  replica.lose("for the test");
  assert.ok(await story.timed("INSERT INTO t VALUES (2, 20)") < 2000);
  assert.notEqual(story.primary, heir);
  story.cluster.start(dead.process);
  await story.allAlike();
  assert.deepEqual(await story.rows({ read: "latest" }), [[1, 10], [2, 20]]);
});

regionStory("a slave that reaches nobody leaves the role to those who do", async (story) => {
  const { network, coordinator: { faults } } = story.world;
  await story.query("INSERT INTO t VALUES (1, 10)");
  const { epoch } = story.region;
  const old = story.primary;
  const alone = story.slave;
  for (const host of story.holders) {
    if (host === alone) continue;
    network.part(alone.name, host.name);
    network.cut(alone.name, host.name);
  }
  // The primary cannot let it go just yet, and its own turn would be first.
  faults.partition(old.process.client, "silent");
  await story.world.advance(1500);
  faults.heal(old.process.client);
  assert.ok(await story.timed("INSERT INTO t VALUES (2, 20)") < 3000);
  assert.equal(story.primary, old);
  assert.equal(story.region.epoch, epoch);
  network.mendAll();
  await story.allAlike();
});

regionStory("a suspected primary stays in sync while the others are not there", async (story) => {
  await story.query("INSERT INTO t VALUES (1, 10)");
  await story.allAlike();
  const old = story.primary;
  const [heir, other] = story.slaves;
  assert.ok(heir && other);
  for (const lost of [other, old]) story.cluster.crash(lost.process);
  story.rot(other);
  await story.until("the last one takes over", () => story.primary === heir);
  story.cluster.crash(heir.process);
  // Of the two that come back one has lost its log, and the other has everything.
  for (const back of [other, old]) story.cluster.start(back.process);
  await story.query("INSERT INTO t VALUES (2, 20)", { timeoutMs: 20_000 });
  story.cluster.start(heir.process);
  await story.allAlike();
  assert.deepEqual(await story.rows({ read: "latest" }), [[1, 10], [2, 20]]);
});

regionStory("who may have entered the set counts until its primary knows better", async (story) => {
  const { network, coordinator } = story.world;
  const [primary, entering] = [story.primary, story.slave];
  const another = await story.outcome(coordinator.client("another").open());
  story.cluster.crash(entering.process);
  await story.inSync(2);
  // The primary does not hear that it has let it in, and by the time it asks the node has changed.
  const { client } = primary.process;
  coordinator.faults.loseReply({ client, op: "set" }, { applied: true });
  story.cluster.start(entering.process);
  await story.inSync(3);
  coordinator.faults.loseReply({ client, op: "observe" }, { applied: true });
  const { region } = story.region;
  const { data, version } = await story.outcome(another.get(`/minisql/regions/${region}`));
  const rewritten = JSON.stringify({ ...JSON.parse(data), nonce: "another" });
  await story.outcome(another.set(`/minisql/regions/${region}`, rewritten, version));
  network.part(primary.name, entering.name);
  await story.query("INSERT INTO t VALUES (1, 10)");
  assert.ok(story.region.isr.every(({ rid }) => rid !== entering.rid), "it did not hold the write");
  network.mendAll();
  await story.outcome(another.close());
  await story.allAlike();
});

regionStory("the role is handed over on order, and writes hardly pause", async (story) => {
  const { client, cluster } = story;
  const to = story.slave;
  const from = story.primary;
  const address = { host: from.name, port: 9091 };
  const pause = await story.outcome(
    client.admin.server(address, "handOver", {
      ...{ term: 1_000_000, region: story.region.region, to: to.rid ?? 0 },
    }),
  );
  assert.ok(pause.pauseMs < 100, `paused for ${pause.pauseMs} ms`);
  assert.ok(await story.timed("INSERT INTO t VALUES (1, 10)") < 500);
  assert.equal(story.primary, to);
  assert.equal(cluster.hosts.length, 3);
  await story.allAlike();
});
