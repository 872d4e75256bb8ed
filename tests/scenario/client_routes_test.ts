/** The location cache: asked for once, told of changes, and right again after each of them. */
import assert from "node:assert/strict";
import { clientStory, type FakeCluster } from "../support/client/fake_cluster.ts";
import { is } from "../support/is.ts";

async function read(cluster: FakeCluster, client: { query(sql: string): Promise<unknown> }) {
  await cluster.outcome(client.query("SELECT * FROM t"));
}

clientStory("a table is located once, for all sessions", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  await read(cluster, client);
  await read(cluster, client.session());
  await read(cluster, client);
  assert.equal(cluster.master.of("locate").length, 1);
});

clientStory("changes are told, so that no read meets them first", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await read(cluster, client);
  await cluster.pass(1000);
  assert.equal(cluster.master.subscribers, 1);
  region.inSync = [1, 3];
  region.elect(3);
  cluster.master.tell();
  await cluster.pass(10);
  await cluster.outcome(client.query("INSERT INTO t VALUES (1)"));
  await read(cluster, client);
  assert.equal(cluster.server(1).of("query").length, 1, "the slave now");
  assert.equal(cluster.server(2).of("query").length, 1, "the read before");
  assert.equal(cluster.server(3).of("query").length, 1, "the primary now");
  assert.equal(cluster.master.of("locate").length, 1);
});

clientStory("a table dropped elsewhere leaves the cache", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  await read(cluster, client);
  await cluster.pass(1000);
  cluster.drop("t");
  cluster.master.tell();
  await cluster.pass(10);
  await assert.rejects(read(cluster, client), is("NO_SUCH_TABLE", /'t'/, 1146));
  assert.equal(cluster.fakes.flatMap((server) => server.of("query")).length, 1);
  const region = cluster.region(["t"], [3]);
  cluster.master.tell();
  await cluster.pass(10);
  await read(cluster, client);
  assert.equal(cluster.server(3).of("query").at(-1)?.region, region.name);
  assert.ok(cluster.fakes.every((server) => server.of("replicas").length === 0));
});

clientStory("the next master is listened to when the first has gone", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await read(cluster, client);
  await cluster.pass(1000);
  cluster.master.crash();
  await cluster.pass(3000);
  region.inSync = [1];
  await cluster.master.start();
  await cluster.pass(12_000);
  assert.equal(cluster.master.subscribers, 1);
  await read(cluster, client);
  assert.equal(cluster.server(1).of("query").length, 1);
});

clientStory("many tables are listened to by few subscriptions", async (cluster) => {
  const client = cluster.client();
  for (let i = 0; i < 30; i++) {
    cluster.region([`t${i}`]);
    await cluster.outcome(client.query(`SELECT * FROM t${i}`));
    await cluster.pass(300);
  }
  assert.ok(cluster.master.subscribers <= 9, `${cluster.master.subscribers} subscriptions`);
  cluster.drop("t0");
  const region = cluster.region(["t0"], [2]);
  cluster.master.tell();
  await cluster.pass(10);
  const { receipt } = await cluster.outcome(client.query("SELECT * FROM t0"));
  assert.equal(receipt?.region, region.name);
});

clientStory("an older route never takes a newer one's place", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await read(cluster, client);
  await cluster.pass(1000);
  const old = region.route;
  cluster.failOver(region, 2);
  await cluster.outcome(client.query("INSERT INTO t VALUES (1)"));
  const stale = cluster.routeOf;
  cluster.routeOf = () => ({ ...old, slaves: [] });
  cluster.master.tell();
  await cluster.pass(10);
  cluster.routeOf = stale;
  const looks = () => cluster.fakes.flatMap((server) => server.of("replicas")).length;
  const before = looks();
  await cluster.outcome(client.query("INSERT INTO t VALUES (2)"));
  assert.equal(looks(), before, "nobody had to be asked");
  assert.equal(region.seq, 2);
});

clientStory("a primary the master does not see is still asked", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await cluster.outcome(client.query("INSERT INTO t VALUES (1)"));
  await cluster.pass(1000);
  const seen = cluster.routeOf.bind(cluster);
  cluster.routeOf = (table) => {
    const route = seen(table);
    return route === null ? null : { ...route, primary: null, state: "read_only" };
  };
  cluster.master.tell();
  await cluster.pass(10);
  await cluster.outcome(client.query("INSERT INTO t VALUES (2)"), 100);
  assert.equal(region.seq, 2);
  assert.ok(cluster.fakes.every((server) => server.of("replicas").length === 0));
});

clientStory("many statements at once share one look for a route", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await read(cluster, client);
  const located = cluster.master.of("locate").length;
  cluster.failOver(region, 2, false);
  const writes = Array.from({ length: 50 }, (_, i) => client.query(`INSERT INTO t VALUES (${i})`));
  await cluster.outcome(Promise.all(writes));
  assert.equal(region.seq, 50);
  assert.ok(cluster.master.of("locate").length <= located + 2);
});
