/** Transactions whose primary is lost go on at the next one, if all is there as it was told. */
import assert from "node:assert/strict";
import type { Session } from "../../src/client/api.ts";
import { sqlError } from "../../src/protocol/errors.ts";
import { clientStory, type FakeCluster } from "../support/client/fake_cluster.ts";
import { duplicate } from "../support/client/fake_region.ts";
import { is } from "../support/is.ts";

const INSERT = "INSERT INTO t VALUES (1)";
const OTHER = "INSERT INTO t VALUES (2)";
const SELECT = "SELECT * FROM t";

async function say(cluster: FakeCluster, session: Session, ...sqls: readonly string[]) {
  for (const sql of sqls) await cluster.outcome(session.query(sql));
}

/** Statements and savepoints that a server was given, in order. */
function done(cluster: FakeCluster, rid: number): readonly unknown[] {
  return cluster.server(rid).asked.flatMap(({ op, request }) =>
    op === "query" ? [request["sql"]] : op === "savepoint" ? [request["name"]] : []
  );
}

clientStory("a transaction goes on where its primary was lost", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  await say(cluster, session, "BEGIN", "SAVEPOINT a", INSERT, "SAVEPOINT b");
  cluster.failOver(region, 2);
  await say(cluster, session, OTHER);
  assert.equal(session.inTransaction, true);
  assert.deepEqual(done(cluster, 2), ["a", INSERT, "b", OTHER], "in the same order");
  await say(cluster, session, "COMMIT");
  assert.deepEqual(region.committed.map(({ sql }) => sql), [INSERT, OTHER]);
});

clientStory("one that is lost between its statements, too", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  await say(cluster, session, "BEGIN", INSERT);
  cluster.network.cut("client", "s1");
  await say(cluster, session, "COMMIT");
  await say(cluster, session, "BEGIN", OTHER);
  cluster.failOver(region, 2, false);
  await say(cluster, session, "SAVEPOINT a", "COMMIT");
  assert.deepEqual(region.committed.map(({ sql }) => sql), [INSERT, OTHER]);
});

clientStory("a transaction lost again while it moves goes on once more", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  await say(cluster, session, "BEGIN", INSERT);
  cluster.failOver(region, 2);
  cluster.server(2).tricks.push("break_before", "break_after");
  await say(cluster, session, OTHER, "COMMIT");
  assert.deepEqual(region.committed.map(({ sql }) => sql), [INSERT, OTHER]);
});

clientStory("one that is answered otherwise than before is over", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  await say(cluster, session, "BEGIN", INSERT, SELECT);
  // What is read names the server that it was read at.
  cluster.failOver(region, 2);
  const lost = session.query(OTHER);
  await assert.rejects(
    cluster.outcome(lost),
    is("SQL", /rolled back: .*link is gone.*try restarting transaction/, 1213),
  );
  assert.equal(session.inTransaction, false);
  assert.equal(region.seq, 0);
  await cluster.pass(5);
  assert.equal(cluster.server(2).openTransactions, 0);
  await say(cluster, session, "BEGIN", INSERT, "COMMIT");
  assert.equal(region.seq, 1);
});

clientStory("an error that was told must be told again", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  const wrong = "INSERT INTO t VALUES (3)";
  await say(cluster, session, "BEGIN", INSERT);
  cluster.server(1).tricks.push(duplicate());
  await assert.rejects(cluster.outcome(session.query(wrong)), is("SQL", /Duplicate/, 1062));
  cluster.failOver(region, 2);
  await assert.rejects(cluster.outcome(session.query(OTHER)), is("SQL", /rolled back/, 1213));
  await say(cluster, session, "BEGIN", INSERT);
  cluster.server(2).tricks.push(duplicate());
  await assert.rejects(cluster.outcome(session.query(wrong)), is("SQL", /Duplicate/, 1062));
  cluster.failOver(region, 3);
  cluster.server(3).onQuery = (sql) => sql === wrong ? duplicate() : null;
  await say(cluster, session, OTHER, "COMMIT");
  assert.deepEqual(region.committed.map(({ sql }) => sql), [INSERT, OTHER]);
});

clientStory("one that was told too much to be compared is over", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  cluster.server(1).batches = [Array(60_000).fill([1, 2])];
  cluster.server(2).batches = cluster.server(1).batches;
  await say(cluster, session, "BEGIN", INSERT, SELECT);
  cluster.failOver(region, 2);
  await assert.rejects(cluster.outcome(session.query(OTHER)), is("SQL", /rolled back/, 1213));
  assert.equal(cluster.server(2).of("begin").length, 0);
});

clientStory("a stream that was not read to its end cannot be repeated", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  for (const rid of [1, 2]) cluster.server(rid).batches = [[[1, 1]]];
  await say(cluster, session, "BEGIN", INSERT);
  const read = session.stream(SELECT);
  const rows: unknown[] = [];
  await cluster.outcome((async () => {
    for await (const batch of read) rows.push(...batch);
  })());
  cluster.failOver(region, 2);
  await say(cluster, session, OTHER);
  assert.deepEqual(done(cluster, 2), [INSERT, SELECT, OTHER], "one that was is");
  await cluster.outcome(session.stream(SELECT).columns);
  cluster.failOver(region, 3);
  await assert.rejects(cluster.outcome(session.query(OTHER)), is("SQL", /rolled back/, 1213));
  assert.equal(cluster.server(3).of("begin").length, 0);
});

clientStory("a deadlock is the application's to hear of", async (cluster) => {
  cluster.region(["t"]);
  const session = cluster.client().session();
  await say(cluster, session, "BEGIN", INSERT);
  cluster.server(1).tricks.push(sqlError(1213, "40001", "Deadlock found when trying to get lock"));
  await assert.rejects(cluster.outcome(session.query(OTHER)), is("SQL", /Deadlock/, 1213));
  assert.equal(cluster.server(1).of("begin").length, 1);
});

clientStory("what a server has rolled back by itself is done again", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  await say(cluster, session, "BEGIN", INSERT);
  const gone = "The transaction was rolled back: the primary has changed; try restarting";
  cluster.server(1).tricks.push(sqlError(1213, "40001", gone));
  await say(cluster, session, OTHER);
  cluster.server(1).tricks.push(sqlError(1213, "40001", gone));
  await say(cluster, session, "COMMIT");
  assert.deepEqual(region.committed.map(({ sql }) => sql), [INSERT, OTHER]);
});

clientStory("with nobody to go on at, it is over in time", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client({ timeoutMs: 2000 }).session();
  await say(cluster, session, "BEGIN", INSERT);
  for (const server of cluster.fakes) server.crash();
  const started = cluster.clock.now();
  await assert.rejects(cluster.outcome(session.query(OTHER)), is("SQL", /rolled back/, 1213));
  assert.ok(cluster.clock.now() - started <= 2010);
  assert.equal(session.inTransaction, false);
  assert.equal(region.seq, 0);
});

clientStory("cancelling while it moves ends it", async (cluster) => {
  cluster.region(["t"]);
  const session = cluster.client().session();
  await say(cluster, session, "BEGIN", INSERT);
  for (const server of cluster.fakes) server.crash();
  const abort = new AbortController();
  const write = session.query(OTHER, [], { signal: abort.signal });
  await cluster.pass(1000);
  abort.abort();
  await assert.rejects(cluster.outcome(write, 10), is("CANCELLED", /cancelled/));
  assert.equal(session.inTransaction, false);
});

clientStory("a table made anew meanwhile is not gone on with", async (cluster) => {
  cluster.region(["t"]);
  const session = cluster.client().session();
  await say(cluster, session, "BEGIN", INSERT);
  cluster.drop("t");
  const next = cluster.region(["t"], [2]);
  cluster.network.cut("client", "s1");
  await assert.rejects(cluster.outcome(session.query(OTHER)), is("SQL", /rolled back/, 1213));
  assert.equal(next.seq, 0);
});
