/** Writes: done once, at whoever is the primary by now, whatever becomes of the answers. */
import assert from "node:assert/strict";
import { MinisqlError } from "../../src/protocol/errors.ts";
import { clientStory, type FakeCluster } from "../support/client/fake_cluster.ts";
import { duplicate } from "../support/client/fake_region.ts";
import { is } from "../support/is.ts";

const INSERT = "INSERT INTO t VALUES (1)";

/** Session and number of each write that a server was asked for. */
function numbers(cluster: FakeCluster, rid: number): readonly string[] {
  return cluster.server(rid).of("query").map(({ session, n }) => `${session} ${n}`);
}

clientStory("a write goes to the primary, and says where it stands", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  const { result, receipt } = await cluster.outcome(client.query(INSERT));
  assert.equal(result.affected, 1);
  assert.equal(receipt?.seq, 1);
  assert.equal(region.count(INSERT), 1);
  assert.equal(cluster.server(1).of("query").length, 1);
});

clientStory("a write whose answer is lost is asked about, and not done again", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  cluster.server(1).tricks.push("break_after", "break_before", "break_after");
  const { receipt } = await cluster.outcome(client.query(INSERT));
  assert.equal(region.count(INSERT), 1);
  assert.equal(receipt?.seq, 1);
  const asked = numbers(cluster, 1);
  assert.equal(asked.length, 4);
  assert.equal(new Set(asked).size, 1, "one number for all attempts");
});

clientStory("a write goes on at the next primary when its own dies", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  cluster.server(1).tricks.push("hang");
  const write = client.query(INSERT);
  await cluster.pass(50);
  cluster.failOver(region, 2);
  const started = cluster.clock.now();
  assert.equal((await cluster.outcome(write)).receipt?.rid, 2);
  assert.ok(cluster.clock.now() - started < 500, `${cluster.clock.now() - started} ms`);
  assert.equal(region.count(INSERT), 1);
  assert.deepEqual(numbers(cluster, 1), numbers(cluster, 2), "under the same number");
});

clientStory("what the old primary had committed is not done by the next", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  cluster.server(1).tricks.push("break_after");
  const write = client.query(INSERT);
  await cluster.until(() => region.count(INSERT) === 1);
  cluster.failOver(region, 3);
  await cluster.outcome(write);
  assert.equal(region.count(INSERT), 1);
  assert.equal(cluster.server(3).of("query").length, 1);
});

clientStory("a route out of date is found anew, and the write goes on", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await cluster.outcome(client.query(INSERT));
  cluster.failOver(region, 2, false);
  await cluster.outcome(client.query(INSERT));
  assert.equal(region.count(INSERT), 2);
  assert.equal(cluster.server(2).of("query").at(-1)?.epoch, 2);
});

clientStory("with a warm cache a failover needs no master", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await cluster.outcome(client.query(INSERT));
  cluster.master.crash();
  await cluster.outcome(client.query(INSERT));
  cluster.failOver(region, 3);
  const started = cluster.clock.now();
  await cluster.outcome(client.query(INSERT));
  assert.equal(region.count(INSERT), 3);
  assert.ok(cluster.clock.now() - started < 2000, `${cluster.clock.now() - started} ms`);
});

clientStory("a primary held still is left as soon as another has taken over", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await cluster.outcome(client.query(INSERT));
  await cluster.pass(1000);
  assert.equal(cluster.master.subscribers, 1);
  cluster.network.freeze("s1");
  const write = client.query(INSERT);
  await cluster.pass(500);
  cluster.failOver(region, 2, false);
  cluster.master.tell();
  const started = cluster.clock.now();
  await cluster.outcome(write);
  assert.ok(cluster.clock.now() - started < 1500, `${cluster.clock.now() - started} ms`);
  cluster.network.thaw("s1");
  await cluster.pass(100);
  assert.equal(region.count(INSERT), 2, "and the old one has refused it");
});

clientStory("a region that is read-only for a while is waited for", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  const stalled = () => new MinisqlError("READ_ONLY", "Cannot write to it now");
  cluster.server(1).tricks.push(stalled(), stalled(), stalled());
  await cluster.outcome(client.query(INSERT));
  assert.equal(region.count(INSERT), 1);
  assert.equal(new Set(numbers(cluster, 1)).size, 1);
});

clientStory("a write that never got anywhere fails with the reason in time", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client({ timeoutMs: 3000 });
  await cluster.outcome(client.query(INSERT));
  cluster.failOver(region, 2);
  cluster.server(2).crash();
  cluster.server(3).crash();
  const started = cluster.clock.now();
  // The link was there: whether the first attempt was heard cannot be known.
  await assert.rejects(cluster.outcome(client.query(INSERT)), is("UNAVAILABLE", /Cannot/));
  assert.ok(cluster.clock.now() - started <= 3000);
});

clientStory("a write in doubt stays so when nobody is left to ask", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client({ timeoutMs: 3000 });
  cluster.server(1).tricks.push("hang");
  const write = client.query(INSERT);
  await cluster.pass(50);
  for (const server of cluster.fakes) server.crash();
  cluster.master.crash();
  await assert.rejects(cluster.outcome(write, 3100), is("OUTCOME_UNKNOWN", /link was lost/));
});

clientStory("a write in time-out is never sent under another number", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client({ timeoutMs: 1000 });
  cluster.server(1).tricks.push("hang");
  await assert.rejects(cluster.outcome(client.query(INSERT), 1100), is("TIMEOUT", /1000 ms/));
  await cluster.pass(5000);
  assert.equal(numbers(cluster, 1).length, 1);
  await cluster.outcome(client.query(INSERT));
  const [first = "", second = ""] = numbers(cluster, 1);
  assert.notEqual(first.split(" ")[0], second.split(" ")[0], "its session is not used again");
  assert.equal(region.count(INSERT), 1);
});

clientStory("cancelling a write ends it at the server", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  cluster.server(1).tricks.push("hang");
  const abort = new AbortController();
  const write = client.query(INSERT, [], { signal: abort.signal });
  await cluster.pass(50);
  abort.abort();
  await assert.rejects(cluster.outcome(write, 10), is("CANCELLED", /cancelled/));
  await cluster.pass(5);
  assert.equal(cluster.server(1).cancelled, 1);
});

clientStory("cancelling while waiting for a failover ends the wait", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await cluster.outcome(client.query(INSERT));
  cluster.failOver(region, 2);
  cluster.server(2).crash();
  const abort = new AbortController();
  const write = client.query(INSERT, [], { signal: abort.signal });
  await cluster.pass(2000);
  abort.abort(new Error("enough"));
  await assert.rejects(cluster.outcome(write, 10), is("CANCELLED", /cancelled/));
});

clientStory("MySQL's errors come as they are, and at once", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  cluster.server(1).tricks.push(duplicate());
  await assert.rejects(cluster.outcome(client.query(INSERT), 50), (error: MinisqlError) => {
    assert.equal(error.code, "SQL");
    assert.equal(error.errno, 1062);
    assert.equal(error.sqlState, "23000");
    return true;
  });
  assert.equal(numbers(cluster, 1).length, 1);
});

clientStory("writes one after the other share a session, those at once do not", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  for (let i = 0; i < 3; i++) await cluster.outcome(client.query(INSERT));
  const [a = "", b = "", c = ""] = numbers(cluster, 1);
  const session = a.split(" ")[0];
  assert.deepEqual([a, b, c], [`${session} 1`, `${session} 2`, `${session} 3`]);
  await cluster.outcome(Promise.all([1, 2, 3, 4].map(() => client.query(INSERT))));
  const sessions = numbers(cluster, 1).slice(3).map((each) => each.split(" ")[0]);
  assert.equal(new Set(sessions).size, 4);
});

clientStory("a write in doubt is not sent to a table made anew elsewhere", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  cluster.server(1).tricks.push("break_after");
  const write = client.query(INSERT);
  await cluster.until(() => region.count(INSERT) === 1);
  cluster.drop("t");
  const next = cluster.region(["t"]);
  await assert.rejects(cluster.outcome(write), is("OUTCOME_UNKNOWN", /link was lost/));
  assert.equal(next.count(INSERT), 0);
});

clientStory("a write in doubt stays so when its table has gone", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  const absent = new MinisqlError("NO_SUCH_TABLE", "Table 't' doesn't exist");
  cluster.server(1).tricks.push("break_after", absent);
  const write = client.query(INSERT);
  await assert.rejects(cluster.outcome(write), is("OUTCOME_UNKNOWN", /link was lost/));
  cluster.server(1).tricks.push("break_after");
  const other = client.query(INSERT);
  await cluster.until(() => cluster.server(1).tricks.length === 0);
  cluster.drop("t");
  await assert.rejects(cluster.outcome(other), is("OUTCOME_UNKNOWN", /link was lost/));
});

clientStory(
  "a write that a server called off with its link is asked about again",
  async (cluster) => {
    const region = cluster.region(["t"]);
    const client = cluster.client();
    cluster.server(1).tricks.push(
      "break_before",
      new MinisqlError("CANCELLED", "the link is gone"),
    );
    await cluster.outcome(client.query(INSERT));
    assert.equal(region.count(INSERT), 1);
  },
);

clientStory("a write with tables of two regions is refused, and nothing sent", async (cluster) => {
  cluster.region(["t"]);
  cluster.region(["u"]);
  const client = cluster.client();
  const write = client.query("INSERT INTO t SELECT * FROM u");
  await assert.rejects(cluster.outcome(write), is("UNSUPPORTED", /different regions/));
  assert.ok(cluster.fakes.every((server) => server.of("query").length === 0));
});

clientStory("closing the client leaves a write under way in doubt", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  cluster.server(1).tricks.push("hang");
  const write = client.query(INSERT);
  await cluster.pass(50);
  await client.close();
  await assert.rejects(cluster.outcome(write, 10), is("OUTCOME_UNKNOWN", /link was lost/));
  await assert.rejects(cluster.outcome(client.query(INSERT), 10), is("UNAVAILABLE", /closed/));
});

clientStory("TRUNCATE is a write like others", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  cluster.server(1).tricks.push("break_after");
  await cluster.outcome(client.query("TRUNCATE TABLE t"));
  assert.equal(region.count("TRUNCATE TABLE t"), 1);
});
