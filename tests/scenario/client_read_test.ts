/** Reads: from a replica that is new enough, whichever answers. */
import assert from "node:assert/strict";
import type { Client, QueryResult, Session } from "../../src/client/api.ts";
import { MinisqlError, sqlError } from "../../src/protocol/errors.ts";
import { clientStory, type FakeCluster } from "../support/client/fake_cluster.ts";
import { is } from "../support/is.ts";

const INSERT = "INSERT INTO t VALUES (1)";
const SELECT = "SELECT * FROM t";

/** Which servers answer so many reads, one after the other. */
async function readers(
  cluster: FakeCluster,
  from: Client | Session,
  count: number,
  sql = SELECT,
): Promise<readonly number[]> {
  const rids: number[] = [];
  for (let i = 0; i < count; i++) {
    const { receipt } = await cluster.outcome(from.query(sql));
    rids.push(receipt?.rid ?? 0);
  }
  return rids;
}

function seqOf({ receipt }: QueryResult): number {
  return receipt?.seq ?? -1;
}

clientStory("slaves in sync take turns, and the primary rests", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  assert.deepEqual(await readers(cluster, client, 4), [2, 3, 2, 3]);
});

clientStory("tables take turns each for themselves", async (cluster) => {
  cluster.region(["t"]);
  cluster.region(["u"]);
  const client = cluster.client();
  const rids: number[] = [];
  for (const table of ["t", "u", "t", "u"]) {
    rids.push(...await readers(cluster, client, 1, `SELECT * FROM ${table}`));
  }
  assert.deepEqual(rids, [2, 2, 3, 3]);
});

clientStory("replicas in the client's own zone come first", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client({ zone: "west" });
  assert.deepEqual(await readers(cluster, client, 3), [3, 3, 3]);
  cluster.server(3).tricks.push(new MinisqlError("DIVERGED", "It has lost a vote"));
  assert.deepEqual(await readers(cluster, client, 1), [2], "others where it cannot");
}, { zones: ["west", "east", "west"] });

clientStory("without a slave in sync the primary is read", async (cluster) => {
  const region = cluster.region(["t"]);
  region.inSync = [1];
  assert.deepEqual(await readers(cluster, cluster.client(), 2), [1, 1]);
});

clientStory("latest is read at the primary, by option, hint, session or SET", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  const latest = await cluster.outcome(client.query(SELECT, [], { read: "latest" }));
  assert.equal(latest.receipt?.rid, 1);
  const hint = "SELECT /*+ minisql_read(latest) */ * FROM t";
  assert.deepEqual(await readers(cluster, client, 1, hint), [1]);
  const session = client.session();
  session.setRead("latest");
  assert.deepEqual(await readers(cluster, session, 1), [1]);
  await cluster.outcome(session.query("SET autocommit = 1, minisql_read = 'fast'"));
  assert.equal(session.read, "fast");
  const [rid = 0] = await readers(cluster, session, 1);
  assert.equal(cluster.server(rid).of("query").at(-1)?.read, "fast");
  await cluster.outcome(session.query("SET SESSION minisql_read = DEFAULT"));
  assert.equal(session.read, "voted");
  await assert.rejects(
    cluster.outcome(session.query("SET minisql_read = 'best'")),
    is("BAD_REQUEST", /one of fast, voted, recount, latest/),
  );
  assert.deepEqual(await readers(cluster, client, 1, "SELECT * FROM t FOR UPDATE"), [1]);
});

clientStory("what was written is seen by what is read after it", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  cluster.server(2).appliedOnly.set(region.name, 0);
  cluster.server(3).appliedOnly.set(region.name, 0);
  await cluster.outcome(client.query(INSERT));
  assert.deepEqual(await readers(cluster, client, 2), [1, 1], "at the primary, if need be");
  assert.equal(cluster.server(2).of("query").at(-1)?.after, 1);
  cluster.server(3).appliedOnly.delete(region.name);
  assert.deepEqual(await readers(cluster, client, 2), [3, 3]);
});

clientStory("positions never go back, not over a failover either", async (cluster) => {
  const region = cluster.region(["t"]);
  const [writer, reader] = [cluster.client(), cluster.client()];
  cluster.server(3).appliedOnly.set(region.name, 1);
  for (let i = 0; i < 3; i++) await cluster.outcome(writer.query(INSERT));
  assert.equal(seqOf(await cluster.outcome(reader.query(SELECT))), 3, "server 2");
  assert.equal(seqOf(await cluster.outcome(reader.query(SELECT))), 3, "not server 3");
  cluster.failOver(region, 2);
  assert.equal(seqOf(await cluster.outcome(reader.query(SELECT))), 3);
});

clientStory("each session has positions of its own", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  const [one, other] = [client.session(), client.session()];
  cluster.server(2).appliedOnly.set(region.name, 0);
  cluster.server(3).appliedOnly.set(region.name, 0);
  await cluster.outcome(one.query(INSERT));
  assert.equal(seqOf(await cluster.outcome(other.query(SELECT))), 0, "waits for nobody else");
  assert.equal(seqOf(await cluster.outcome(one.query(SELECT))), 1);
  assert.equal(seqOf(await cluster.outcome(client.query(SELECT))), 1, "the client sees them all");
  const late = client.session();
  assert.equal(seqOf(await cluster.outcome(late.query(SELECT))), 1);
});

clientStory("a server that answers with too old a state is not believed", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  await cluster.outcome(client.query(INSERT));
  cluster.server(2).lies = -1;
  assert.deepEqual(await readers(cluster, client, 2), [3, 3]);
});

clientStory("a read goes on elsewhere when its replica cannot answer", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  const codes = ["BEHIND", "DIVERGED", "UNAVAILABLE", "NO_REGION"] as const;
  for (const code of codes) {
    for (const server of cluster.fakes) server.tricks.length = 0;
    cluster.server(2).tricks.push(new MinisqlError(code, "Not here"));
    const [first] = await readers(cluster, client, 1);
    if (first === 2) continue;
    assert.equal(first, 3, code);
  }
  cluster.server(2).tricks.push("break_before");
  cluster.server(3).tricks.push("break_after");
  assert.deepEqual(await readers(cluster, client, 1), [1]);
});

clientStory("a dead slave costs the reads after it no time", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  await readers(cluster, client, 2);
  cluster.network.part("client", "s2");
  cluster.network.cut("client", "s2");
  await readers(cluster, client, 1);
  const started = cluster.clock.now();
  assert.deepEqual(await readers(cluster, client, 4), [3, 3, 3, 3]);
  assert.ok(cluster.clock.now() - started < 100, `${cluster.clock.now() - started} ms`);
});

clientStory("a slave that falls silent is left within seconds", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  await readers(cluster, client, 2);
  cluster.network.freeze("s2");
  const started = cluster.clock.now();
  assert.deepEqual(await readers(cluster, client, 1), [3]);
  assert.ok(cluster.clock.now() - started < 12_000, `${cluster.clock.now() - started} ms`);
  cluster.network.thaw("s2");
});

clientStory("with a warm cache reads need no master", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await readers(cluster, client, 1);
  cluster.master.crash();
  assert.deepEqual(await readers(cluster, client, 2), [3, 2]);
  cluster.failOver(region, 2);
  assert.deepEqual(await readers(cluster, client, 2), [3, 3], "server 1 is gone, 2 leads");
});

clientStory("with a cold cache the master is waited for", async (cluster) => {
  cluster.region(["t"]);
  cluster.master.crash();
  const client = cluster.client({ timeoutMs: 2000 });
  const started = cluster.clock.now();
  await assert.rejects(cluster.outcome(client.query(SELECT)), is("UNAVAILABLE", /master:9090/));
  assert.ok(cluster.clock.now() - started <= 2010);
  const read = client.query(SELECT);
  await cluster.pass(500);
  await cluster.master.start();
  assert.equal((await cluster.outcome(read)).receipt?.rid, 2);
});

clientStory("closing the client ends what waits for a master", async (cluster) => {
  cluster.region(["t"]);
  cluster.master.crash();
  const client = cluster.client();
  const waiting = [client.query(SELECT), client.query("SHOW TABLES"), client.query("DROP TABLE t")];
  const ends = waiting.map((each) => assert.rejects(each, is("UNAVAILABLE", /closed/)));
  await cluster.pass(3000);
  await client.close();
  await cluster.outcome(Promise.all(ends), 10);
});

clientStory("a table that is not there is told at once", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  const read = client.query("SELECT * FROM t JOIN nowhere");
  await assert.rejects(cluster.outcome(read, 100), is("NO_SUCH_TABLE", /'nowhere'/, 1146));
});

clientStory("a table made anew in another region is found", async (cluster) => {
  cluster.region(["t"], [1, 2]);
  const client = cluster.client();
  await readers(cluster, client, 1);
  cluster.drop("t");
  cluster.region(["t"], [3]);
  assert.deepEqual(await readers(cluster, client, 1), [3]);
});

clientStory("a table that has left its region for another is found", async (cluster) => {
  cluster.region(["t", "u"], [1, 2]);
  const client = cluster.client();
  await readers(cluster, client, 1);
  cluster.drop("t");
  const next = cluster.region(["t"], [3]);
  cluster.server(2).tricks.push(new MinisqlError("NO_SUCH_TABLE", "Table 't' doesn't exist"));
  assert.deepEqual(await readers(cluster, client, 1), [3]);
  cluster.drop("t");
  const last = cluster.region(["t"], [2]);
  cluster.server(3).regions.set(next.name, next);
  cluster.server(3).tricks.push(sqlError(1146, "42S02", "Table 't' doesn't exist"));
  await cluster.outcome(client.query(INSERT));
  assert.equal(last.count(INSERT), 1);
});

clientStory("a server that has no such table is believed after a second look", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  await readers(cluster, client, 1);
  const absent = () => new MinisqlError("NO_SUCH_TABLE", "Table 't' doesn't exist");
  cluster.server(3).tricks.push(absent());
  await assert.rejects(cluster.outcome(client.query(SELECT), 100), is("NO_SUCH_TABLE", /'t'/));
});

clientStory("tables of several regions are read where all are in sync", async (cluster) => {
  const t = cluster.region(["t"], [1, 2]);
  const u = cluster.region(["u"], [3, 2]);
  const client = cluster.client();
  const session = client.session();
  await cluster.outcome(session.query(INSERT));
  await cluster.outcome(session.query("INSERT INTO u VALUES (2)"));
  await cluster.outcome(session.query("INSERT INTO u VALUES (3)"));
  const { receipt } = await cluster.outcome(session.query("SELECT * FROM t JOIN u"));
  assert.equal(receipt?.rid, 2);
  const asked = cluster.server(2).of("query").at(-1);
  assert.deepEqual([asked?.region, asked?.epoch, asked?.after], [t.name, 1, 1]);
  assert.deepEqual(asked?.also, [{ region: u.name, epoch: 1, after: 2 }]);
});

clientStory("a read of several regions raises the positions of all", async (cluster) => {
  cluster.region(["t"]);
  const u = cluster.region(["u"]);
  const [writer, reader] = [cluster.client(), cluster.client().session()];
  await cluster.outcome(writer.query("INSERT INTO u VALUES (1)"));
  await cluster.outcome(reader.query("SELECT * FROM t JOIN u"));
  for (const rid of [2, 3]) cluster.server(rid).appliedOnly.set(u.name, 0);
  assert.equal(seqOf(await cluster.outcome(reader.query("SELECT * FROM u"))), 1);
});

clientStory("of regions that no server shares, one is gathered for the other", async (cluster) => {
  const t = cluster.region(["t"], [1, 2]);
  const u = cluster.region(["u", "w"], [3]);
  u.rows = 1000;
  const session = cluster.client().session();
  await cluster.outcome(session.query("INSERT INTO u VALUES (1)"));
  const { receipt } = await cluster.outcome(session.query("SELECT * FROM t JOIN u"));
  const [asked] = cluster.server(receipt?.rid ?? 0).of("query").slice(-1);
  assert.equal(receipt?.rid, 3, "where most of the rows are");
  const gather = [{ region: t.name, tables: ["t"], servers: [2, 1], after: 0 }];
  assert.deepEqual(asked, { ...asked, region: u.name, after: 1, gather });
});

clientStory("a read that nobody can answer ends in time, with the reason", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client({ timeoutMs: 2000 });
  await readers(cluster, client, 1);
  for (const server of cluster.fakes) server.crash();
  const started = cluster.clock.now();
  await assert.rejects(cluster.outcome(client.query(SELECT)), is("UNAVAILABLE", /Cannot/));
  assert.ok(cluster.clock.now() - started <= 2010, `${cluster.clock.now() - started} ms`);
});

clientStory("a read lost in its middle is read elsewhere from its beginning", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  cluster.server(2).batches = Array.from({ length: 3 }, () => Array(9000).fill([2, 0]));
  cluster.server(2).tricks.push("break_after");
  const { rows, receipt } = await cluster.outcome(client.query(SELECT));
  assert.equal(receipt?.rid, 3);
  assert.deepEqual(rows, [[3, 0]]);
});

clientStory("cancelling a read ends it at the server", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  cluster.server(2).tricks.push("hang");
  const abort = new AbortController();
  const read = client.query(SELECT, [], { signal: abort.signal });
  await cluster.until(() => cluster.server(2).of("query").length === 1);
  abort.abort();
  await assert.rejects(cluster.outcome(read, 10), is("CANCELLED", /cancelled/));
  await cluster.pass(5);
  assert.equal(cluster.server(2).cancelled, 1);
});

clientStory("a signal that is aborted before lets nothing be sent", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  const signal = AbortSignal.abort();
  const read = client.query(SELECT, [], { signal });
  await assert.rejects(cluster.outcome(read, 10), is("CANCELLED", /cancelled/));
  assert.equal(cluster.master.asked.length, 0);
});
