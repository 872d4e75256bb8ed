/** Rows as they come, statements without tables, and what is remembered between statements. */
import assert from "node:assert/strict";
import type { QueryStream } from "../../src/client/api.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import type { Row } from "../../src/protocol/values.ts";
import { clientStory } from "../support/client/fake_cluster.ts";
import { is } from "../support/is.ts";

const INSERT = "INSERT INTO t VALUES (1)";
const SELECT = "SELECT * FROM t";

/** Batches of a line's size, so many that not all fit into the window. */
function manyRows(batches: number): readonly (readonly (readonly [number, number])[])[] {
  return Array.from({ length: batches }, (_, at) => Array(9000).fill([at, 0]));
}

async function rowsOf(stream: QueryStream): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for await (const batch of stream) rows.push(...batch);
  return rows;
}

clientStory("a stream gives columns, rows and how it ended, in this order", async (cluster) => {
  cluster.region(["t"]);
  const stream = cluster.client().stream(SELECT);
  const columns = await cluster.outcome(stream.columns);
  assert.deepEqual(columns.map(({ name }) => name), ["rid", "seq"]);
  let hasEnded = false;
  void stream.outcome.then(() => hasEnded = true);
  await cluster.pass(100);
  assert.equal(hasEnded, false, "while there are rows to take");
  assert.deepEqual(await cluster.outcome(rowsOf(stream)), [[2, 0]]);
  assert.equal((await cluster.outcome(stream.outcome)).receipt?.rid, 2);
  await assert.rejects(cluster.outcome(rowsOf(stream)), is("BAD_REQUEST", /taken/));
});

clientStory("a reader who takes no rows holds the server up", async (cluster) => {
  cluster.region(["t"]);
  let given = 0;
  const batches = manyRows(60);
  cluster.server(2).batches = batches;
  cluster.server(2).onBatch = () => given++;
  const stream = cluster.client().stream(SELECT);
  await cluster.outcome(stream.columns);
  await cluster.pass(1000);
  assert.ok(given < 30, `${given} batches were given`);
  assert.equal((await cluster.outcome(rowsOf(stream))).length, 60 * 9000);
});

clientStory("leaving a stream early ends the query at the server", async (cluster) => {
  cluster.region(["t"]);
  cluster.server(2).batches = manyRows(60);
  const stream = cluster.client().stream(SELECT);
  const leave = async () => {
    for await (const _ of stream) return;
  };
  await cluster.outcome(leave());
  await cluster.pass(5);
  assert.equal(cluster.server(2).cancelled, 1);
  await assert.rejects(cluster.outcome(stream.outcome), is("CANCELLED", /not all taken/));
});

clientStory("a stream that breaks before its first row begins elsewhere", async (cluster) => {
  cluster.region(["t"]);
  cluster.server(2).tricks.push("break_before");
  const stream = cluster.client().stream(SELECT);
  assert.deepEqual(await cluster.outcome(rowsOf(stream)), [[3, 0]]);
});

clientStory("a stream that breaks after its first rows raises", async (cluster) => {
  cluster.region(["t"]);
  cluster.server(2).batches = manyRows(60);
  const stream = cluster.client().stream(SELECT);
  await cluster.outcome(stream.columns);
  cluster.network.cut("client", "s2");
  await assert.rejects(cluster.outcome(rowsOf(stream)), is("UNAVAILABLE", /link was lost/));
  await assert.rejects(cluster.outcome(stream.outcome), is("UNAVAILABLE", /link was lost/));
  assert.equal(cluster.server(3).of("query").length, 0);
});

clientStory("a stream that is never read ends with its time", async (cluster) => {
  cluster.region(["t"]);
  cluster.server(2).batches = manyRows(60);
  const session = cluster.client().session();
  const stream = session.stream(SELECT, [], { timeoutMs: 1000 });
  const next = session.query(SELECT, [], { timeoutMs: 5000 });
  await assert.rejects(cluster.outcome(stream.outcome, 1100), is("TIMEOUT", /no answer/));
  await cluster.outcome(next);
});

clientStory("a write, or what fails, can be streamed as well", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  const write = client.stream(INSERT);
  assert.equal((await cluster.outcome(write.outcome)).receipt?.seq, 1);
  assert.deepEqual(await cluster.outcome(rowsOf(write)), []);
  const wrong = client.stream("SELEC 1");
  await assert.rejects(cluster.outcome(wrong.columns), is("UNSUPPORTED", /not known/));
  await assert.rejects(cluster.outcome(rowsOf(wrong)), is("UNSUPPORTED", /not known/));
});

clientStory("statements without tables go to any server", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  const cold = await cluster.outcome(client.query("SELECT 1"));
  assert.equal(cold.receipt, null);
  assert.equal(cluster.server(1).of("evaluate").length, 1);
  cluster.server(1).tricks.push("break_before");
  await cluster.outcome(client.query("SHOW DATABASES"));
  await cluster.outcome(client.query("SHOW SESSION VARIABLES LIKE 'sql_mode'"));
  await cluster.outcome(client.query(SELECT));
  cluster.master.crash();
  const rids = new Set<unknown>();
  for (let i = 0; i < 3; i++) {
    rids.add((await cluster.outcome(client.query("SELECT 1"))).rows[0]?.[0]);
  }
  assert.deepEqual([...rids].sort(), [1, 2, 3], "in turns");
});

clientStory("without any server the error says what to do", async (cluster) => {
  const client = cluster.client();
  await assert.rejects(
    cluster.outcome(client.query("SELECT 1"), 100),
    is("UNAVAILABLE", /no region server online; start one/),
  );
}, { servers: 0 });

clientStory("SHOW TABLES comes from the master, the rest from a replica", async (cluster) => {
  for (const name of ["orders", "order_lines", "users"]) cluster.region([name]);
  const client = cluster.client({ cluster: "minisql" });
  const all = await cluster.outcome(client.query("SHOW TABLES"));
  assert.equal(all.columns[0]?.name, "Tables_in_minisql");
  assert.deepEqual(all.rows, [["order_lines"], ["orders"], ["users"]]);
  const like = await cluster.outcome(client.query("SHOW FULL TABLES LIKE ?", ["ORDER\\_%"]));
  assert.deepEqual(like.rows, [["order_lines", "BASE TABLE"]]);
  for (
    const sql of [
      "SHOW CREATE TABLE users",
      "DESCRIBE users",
      "DESC users name",
      "SHOW FULL COLUMNS FROM users LIKE 'n%'",
      "SHOW INDEX FROM `users`",
      "EXPLAIN SELECT * FROM users",
    ]
  ) {
    const { receipt } = await cluster.outcome(client.query(sql));
    assert.match(receipt?.region ?? "", /users$/, sql);
    assert.equal(cluster.server(receipt?.rid ?? 0).of("query").at(-1)?.read, "fast");
  }
  for (const sql of ["SHOW TABLE STATUS", "SHOW TRIGGERS", "SHOW TABLES FROM mysql"]) {
    await assert.rejects(cluster.outcome(client.query(sql)), is("UNSUPPORTED", /Cannot run SHOW/));
  }
});

clientStory("LAST_INSERT_ID() is the session's own", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  const [one, other] = [client.session(), client.session()];
  await cluster.outcome(one.query(INSERT));
  await cluster.outcome(one.query(INSERT));
  await cluster.outcome(one.query("UPDATE t SET a = LAST_INSERT_ID()"));
  assert.equal(cluster.server(1).of("query").at(-1)?.lastInsertId, "2");
  await cluster.outcome(one.query(SELECT));
  assert.equal(cluster.server(2).of("query").at(-1)?.lastInsertId, undefined);
  await cluster.outcome(other.query("SELECT last_insert_id()"));
  await cluster.outcome(one.query("SELECT @@identity"));
  const asked = cluster.fakes.flatMap((server) => server.of("evaluate"));
  assert.deepEqual(asked.map(({ lastInsertId }) => lastInsertId).sort(), ["0", "2"]);
});

clientStory("what is prepared is read once and bound each time", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  const insert = client.prepare("INSERT INTO t VALUES (?, ?)");
  await cluster.outcome(insert.execute([1, "it's"]));
  await cluster.outcome(insert.execute([2n, new Uint8Array([255])]));
  assert.deepEqual(region.committed.map(({ sql }) => sql), [
    "INSERT INTO t VALUES (1, 'it''s')",
    "INSERT INTO t VALUES (2, x'ff')",
  ]);
  await assert.rejects(
    cluster.outcome(insert.execute([1])),
    is("BAD_REQUEST", /Cannot bind 1 values: the statement has 2/),
  );
  const object = { toString: () => "1); DROP TABLE t" } as unknown as string;
  await assert.rejects(
    cluster.outcome(insert.execute([1, object])),
    is("BAD_REQUEST", /type object/),
  );
});

clientStory("executable comments are opened up as the cluster's servers would", async (cluster) => {
  const region = cluster.region(["t"]);
  cluster.master.vendor = "mariadb";
  const client = cluster.client();
  await cluster.outcome(client.query("INSERT INTO t VALUES (/*!50001 1 */ /*!80000 + 1 */)"));
  assert.match(region.committed[0]?.sql ?? "", /^INSERT INTO t VALUES \( +1 +\)$/);
  const nothing = await cluster.outcome(client.query("/*!80000 SET x = 1 */;"));
  assert.deepEqual(nothing.rows, []);
});

clientStory("what a cluster cannot run is refused before anything is asked", async (cluster) => {
  const client = cluster.client();
  const refused: readonly (readonly [string, RegExp])[] = [
    ["CALL p()", /procedure/],
    ["LOCK TABLES t WRITE", /transaction/],
    ["CREATE VIEW v AS SELECT 1", /views/],
    ["SELECT * FROM mysql.user", /one database/],
    ["SELECT * FROM _minisql_applied", /minisql's own/],
    ["GRANT ALL ON *.* TO x", /administers/],
    ["CREATE TEMPORARY TABLE x (a INT)", /TEMPORARY/],
  ];
  for (const [sql, message] of refused) {
    await assert.rejects(cluster.outcome(client.query(sql), 10), is("UNSUPPORTED", message), sql);
  }
  await assert.rejects(cluster.outcome(client.query("SELECT FROM"), 10), is("SQL", /syntax/, 1064));
  await assert.rejects(cluster.outcome(client.query(""), 10), is("SQL", /empty/, 1065));
  assert.equal(cluster.master.asked.length, 0);
});

clientStory("the operators' view asks masters and servers", async (cluster) => {
  const region = cluster.region(["t"]);
  const { admin } = cluster.client();
  const { servers } = await cluster.outcome(admin.master("servers", {}));
  assert.equal(servers.length, 3);
  const { host, port } = cluster.server(2).ref;
  const { rid } = await cluster.outcome(admin.server({ host, port }, "replicas", {}));
  assert.equal(rid, 2);
  assert.equal((await cluster.outcome(admin.locate("t")))?.primary?.rid, 1);
  cluster.failOver(region, 3);
  assert.equal((await cluster.outcome(admin.locate("t")))?.primary?.rid, 3);
  assert.equal(await cluster.outcome(admin.locate("nowhere")), null);
  const away = admin.server({ host: "nobody", port: 1 }, "ping", {}, { timeoutMs: 500 });
  await assert.rejects(cluster.outcome(away, 600), is("UNAVAILABLE", /nobody:1/));
  const aborted = admin.master("meta", {}, { signal: AbortSignal.abort() });
  await assert.rejects(cluster.outcome(aborted), (error) => error instanceof MinisqlError);
});

clientStory(
  "cancel ends what runs, at the server too, and nothing that comes after",
  async (cluster) => {
    cluster.region(["t"]);
    const [first, second] = [cluster.server(2), cluster.server(3)];
    first.batches = manyRows(60);
    const client = cluster.client();
    const stream = client.stream(SELECT);
    await cluster.outcome(stream.columns);
    client.cancel();
    await assert.rejects(cluster.outcome(rowsOf(stream)), is("CANCELLED", /cancel\(\) ends it/));
    await cluster.pass(5);
    assert.equal(first.cancelled, 1);
    second.batches = manyRows(1);
    assert.equal((await cluster.outcome(rowsOf(client.stream(SELECT)))).length, 9000);
  },
);

clientStory(
  "cancel ends what waits for its turn in a session, and spares other sessions",
  async (cluster) => {
    cluster.region(["t"]);
    for (const rid of [2, 3]) cluster.server(rid).batches = manyRows(60);
    const client = cluster.client();
    const [session, other] = [client.session(), client.session()];
    const running = session.stream(SELECT);
    const spared = other.stream(SELECT);
    await cluster.outcome(Promise.all([running.columns, spared.columns]));
    const waiting = session.query(SELECT);
    session.cancel();
    await assert.rejects(cluster.outcome(waiting), is("CANCELLED", /cancel/));
    await assert.rejects(cluster.outcome(rowsOf(running)), is("CANCELLED", /cancel/));
    assert.equal((await cluster.outcome(rowsOf(spared))).length, 60 * 9000);
  },
);

clientStory("execute gives how a statement ended, and no rows", async (cluster) => {
  cluster.region(["t"]);
  const outcome = await cluster.outcome(cluster.client().execute("INSERT INTO t VALUES (?)", [1]));
  assert.deepEqual(Object.keys(outcome), ["result", "receipt"]);
  assert.equal(outcome.receipt?.rid, 1);
});
