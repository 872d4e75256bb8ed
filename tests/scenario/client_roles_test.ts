/** The client with real masters and region servers on embedded databases. */
import assert from "node:assert/strict";
import type { QueryResult } from "../../src/client/api.ts";
import { RoleCluster } from "../support/client/role_cluster.ts";
import { is } from "../support/is.ts";

Deno.test("client: a table's life with real roles", async () => {
  const cluster = await RoleCluster.start();
  const client = cluster.client();
  const run = (sql: string, params: readonly (string | number)[] = []): Promise<QueryResult> =>
    cluster.outcome(client.query(sql, params));
  await run("CREATE TABLE person (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20) NOT NULL)");
  await run(
    "CREATE TABLE pet (id INT PRIMARY KEY, owner INT NOT NULL, " +
      "FOREIGN KEY (owner) REFERENCES person (id))",
  );
  const { result } = await run("INSERT INTO person (name) VALUES (?), (?)", ["Ann", "Bob"]);
  assert.deepEqual([result.affected, result.insertId], [2, "1"]);
  await run("INSERT INTO pet VALUES (1, LAST_INSERT_ID())");
  const both = await run(
    "SELECT person.name, pet.id FROM person JOIN pet ON pet.owner = person.id",
  );
  assert.deepEqual(both.rows, [["Ann", 1]]);
  assert.deepEqual(both.columns.map(({ name }) => name), ["name", "id"]);
  await assert.rejects(run("INSERT INTO pet VALUES (2, 99)"), is("SQL", /foreign key/, 1452));
  assert.deepEqual((await run("SHOW TABLES")).rows, [["person"], ["pet"]]);
  assert.deepEqual((await run("SELECT 1 + 1")).rows, [[2]]);
  await run("ALTER TABLE person ADD COLUMN age INT NOT NULL DEFAULT 7");
  assert.deepEqual((await run("SELECT age FROM person WHERE id = 1")).rows, [[7]]);
  await run("RENAME TABLE pet TO animal");
  assert.deepEqual((await run("SELECT COUNT(*) FROM animal")).rows, [[1]]);
  await assert.rejects(run("DROP TABLE person"), is("SQL", /foreign key/, 3730));
  await run("TRUNCATE TABLE animal");
  assert.deepEqual((await run("SELECT COUNT(*) FROM animal")).rows, [[0]]);
  await run("DROP TABLE person, animal");
  assert.deepEqual((await run("SHOW TABLES")).rows, []);
  await assert.rejects(run("SELECT * FROM person"), is("NO_SUCH_TABLE", /person/, 1146));
  await cluster.close();
});

Deno.test("client: sessions and transactions with real roles", async () => {
  const cluster = await RoleCluster.start();
  const client = cluster.client();
  const session = client.session();
  const run = (sql: string): Promise<QueryResult> => cluster.outcome(session.query(sql));
  await run("CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL)");
  await run("START TRANSACTION");
  await run("INSERT INTO t VALUES (1, 10)");
  await run("SAVEPOINT a");
  await run("INSERT INTO t VALUES (2, 20)");
  await run("ROLLBACK TO SAVEPOINT a");
  assert.deepEqual((await run("SELECT * FROM t")).rows, [[1, 10]]);
  assert.deepEqual((await cluster.outcome(client.query("SELECT * FROM t"))).rows, []);
  const { receipt } = await run("COMMIT");
  assert.ok(receipt !== null);
  assert.deepEqual((await run("SELECT * FROM t")).rows, [[1, 10]]);
  const added = await cluster.outcome(client.transaction(async (transaction) => {
    const { rows } = await transaction.query("SELECT v FROM t WHERE id = ? FOR UPDATE", [1]);
    await transaction.query("UPDATE t SET v = ? WHERE id = 1", [Number(rows[0]?.[0]) + 1]);
    return rows;
  }));
  assert.deepEqual(added, [[10]]);
  assert.deepEqual((await cluster.outcome(client.query("SELECT v FROM t"))).rows, [[11]]);
  await run("START TRANSACTION");
  await run("UPDATE t SET v = v + 1");
  await run("INSERT INTO t VALUES (2, 20)");
  assert.deepEqual((await run("SELECT v FROM t ORDER BY id")).rows, [[12], [20]]);
  cluster.serverOf(receipt.rid).crash();
  await run("UPDATE t SET v = v + 1");
  const moved = await run("COMMIT");
  assert.notEqual(moved.receipt?.rid, receipt.rid);
  assert.deepEqual((await run("SELECT v FROM t ORDER BY id")).rows, [[13], [21]]);
  await cluster.close();
});

Deno.test("client: one query on tables of several regions, with real roles", async () => {
  const cluster = await RoleCluster.start();
  const session = cluster.client().session();
  const run = (sql: string): Promise<QueryResult> => cluster.outcome(session.query(sql));
  for (const table of ["a", "b", "c"]) {
    await run(`CREATE TABLE ${table} (id INT PRIMARY KEY, v INT NOT NULL)`);
    await run(`INSERT INTO ${table} VALUES (1, 1), (2, 2)`);
  }
  await run("UPDATE c SET v = v + 40");
  const sql = "SELECT a.id, b.v, c.v FROM a JOIN b ON b.id = a.id JOIN c ON c.id = a.id ORDER BY 1";
  for (const level of ["fast", "voted", "recount"] as const) {
    session.setRead(level);
    const { rows, receipt } = await run(sql);
    assert.deepEqual(rows, [[1, 1, 41], [2, 2, 42]], level);
    assert.equal(receipt?.also?.length, 2, level);
  }
  await assert.rejects(run("INSERT INTO a SELECT id + 2, v FROM b"), is("UNSUPPORTED", /regions/));
  await cluster.close();
});

Deno.test("client: rows of a stream, from real roles", async () => {
  const cluster = await RoleCluster.start();
  const client = cluster.client();
  await cluster.outcome(client.query("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200))"));
  for (let from = 0; from < 5000; from += 1000) {
    const rows = Array.from({ length: 1000 }, (_, at) => `(${from + at}, REPEAT('x', 100))`);
    await cluster.outcome(client.query(`INSERT INTO t VALUES ${rows.join(", ")}`));
  }
  const stream = client.stream("SELECT * FROM t ORDER BY id");
  const ids: unknown[] = [];
  let batches = 0;
  await cluster.outcome((async () => {
    for await (const rows of stream) {
      batches++;
      ids.push(...rows.map(([id]) => id));
    }
  })());
  assert.deepEqual(ids, Array.from({ length: 5000 }, (_, at) => at));
  assert.ok(batches > 1);
  const { receipt } = await cluster.outcome(stream.outcome);
  assert.ok((receipt?.agree.length ?? 0) >= 2, JSON.stringify(receipt));
  await cluster.close();
});
