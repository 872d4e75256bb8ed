/** CREATE, ALTER, RENAME and DROP go to the master, and each is done once. */
import assert from "node:assert/strict";
import { MinisqlError } from "../../src/protocol/errors.ts";
import type { Request } from "../../src/protocol/messages.ts";
import { clientStory } from "../support/client/fake_cluster.ts";
import { is } from "../support/is.ts";

const CREATE = "CREATE TABLE t (a INT PRIMARY KEY)";
const INSERT = "INSERT INTO t VALUES (1)";

clientStory("CREATE TABLE goes to the master, and the table can be used", async (cluster) => {
  const client = cluster.client();
  await cluster.outcome(client.query(CREATE));
  const [order] = cluster.master.of<Request<"createTable">>("createTable");
  assert.deepEqual([order?.table, order?.ddl], ["t", CREATE]);
  await cluster.outcome(client.query(INSERT));
  const again = client.query(CREATE);
  await assert.rejects(cluster.outcome(again, 100), is("TABLE_EXISTS", /already exists/, 1050));
  const { result } = await cluster.outcome(
    client.query("CREATE TABLE IF NOT EXISTS t (a INT PRIMARY KEY)"),
  );
  assert.equal(result.warnings, 1);
});

clientStory("a table is made beside those its foreign keys refer to", async (cluster) => {
  cluster.region(["p"]);
  const client = cluster.client();
  const sql = "CREATE TABLE c (a INT PRIMARY KEY, b INT, c INT REFERENCES c (a), " +
    "FOREIGN KEY (b) REFERENCES p (a))";
  await cluster.outcome(client.query(sql));
  const [request] = cluster.master.of<Request<"createTable">>("createTable");
  assert.equal(request?.beside, "p");
});

clientStory("an order whose answer is lost is given again, and settled", async (cluster) => {
  const client = cluster.client();
  cluster.master.tricks.push("break_after");
  await cluster.outcome(client.query(CREATE));
  assert.equal(cluster.master.of("createTable").length, 2);
  cluster.master.tricks.push("break_before");
  await cluster.outcome(client.query("CREATE TABLE u (a INT PRIMARY KEY)"));
  assert.deepEqual(cluster.tables, ["t", "u"]);
  cluster.master.tricks.push("break_after");
  await cluster.outcome(client.query("DROP TABLE t"));
  assert.deepEqual(cluster.tables, ["u"]);
});

clientStory("a table of somebody else's is not taken for one's own", async (cluster) => {
  const client = cluster.client();
  cluster.master.tricks.push("break_before");
  const mine = client.query(CREATE);
  await cluster.until(() => cluster.master.of("createTable").length === 1);
  cluster.region(["t"]);
  await assert.rejects(cluster.outcome(mine), is("OUTCOME_UNKNOWN", /link was lost/));
});

clientStory("what the master goes on refusing is told soon", async (cluster) => {
  const client = cluster.client();
  const refusal = () => new MinisqlError("UNAVAILABLE", "Cannot create t: no catalog");
  cluster.master.tricks.push(refusal(), refusal(), refusal(), refusal());
  const refused = client.query(CREATE);
  await assert.rejects(cluster.outcome(refused, 1000), is("UNAVAILABLE", /no catalog/));
  assert.equal(cluster.master.of("createTable").length, 4);
  // One that is on its way out refuses once or twice, before another leads.
  cluster.master.tricks.push(refusal(), refusal());
  await cluster.outcome(client.query(CREATE));
});

clientStory("what no copy could repeat is not even ordered", async (cluster) => {
  const client = cluster.client();
  for (const sql of ["CREATE TABLE t SELECT 1", "CREATE OR REPLACE TABLE t (a INT)"]) {
    await assert.rejects(cluster.outcome(client.query(sql), 50), (error: MinisqlError) => {
      return error.code === "UNSAFE" || error.code === "UNSUPPORTED";
    });
  }
  assert.equal(cluster.master.of("createTable").length, 0);
});

clientStory("DROP TABLE drops all that are named, or none", async (cluster) => {
  for (const name of ["a", "b", "c"]) cluster.region([name]);
  const client = cluster.client();
  await assert.rejects(
    cluster.outcome(client.query("DROP TABLE a, nowhere, neither")),
    is("NO_SUCH_TABLE", /'nowhere,neither'/, 1051),
  );
  assert.deepEqual(cluster.tables, ["a", "b", "c"]);
  const { result } = await cluster.outcome(client.query("DROP TABLE IF EXISTS a, nowhere, b"));
  assert.equal(result.warnings, 1);
  assert.deepEqual(cluster.tables, ["c"]);
  await assert.rejects(
    cluster.outcome(client.query("DROP TABLE nowhere")),
    is("NO_SUCH_TABLE", /'nowhere'/, 1051),
  );
});

clientStory("a parent is dropped after its children, in whatever order named", async (cluster) => {
  cluster.region(["parent", "child"]);
  const client = cluster.client();
  const referenced = new MinisqlError("SQL", "Cannot drop table 'parent' referenced", {
    errno: 3730,
    sqlState: "HY000",
  });
  cluster.master.tricks.push(referenced);
  await cluster.outcome(client.query("DROP TABLE parent, child"));
  assert.deepEqual(cluster.tables, []);
  cluster.region(["parent"]);
  cluster.master.tricks.push(referenced);
  const alone = client.query("DROP TABLE parent");
  await assert.rejects(cluster.outcome(alone), is("SQL", /referenced/, 3730));
});

clientStory("what is read after ALTER has seen it", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await cluster.outcome(client.query(INSERT));
  for (const rid of [2, 3]) cluster.server(rid).appliedOnly.set(region.name, 1);
  for (
    const sql of [
      "ALTER TABLE t ADD COLUMN b INT",
      "CREATE INDEX i ON t (b)",
      "DROP INDEX i ON t",
    ]
  ) {
    await cluster.outcome(client.query(sql));
    const { receipt } = await cluster.outcome(client.query("SELECT * FROM t"));
    assert.equal(receipt?.seq, region.seq, sql);
  }
  const asked = cluster.master.of<Request<"alterTable">>("alterTable");
  assert.deepEqual(asked.map(({ table }) => table), ["t", "t", "t"]);
});

clientStory("a renamed table is found under its new name only", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  await cluster.outcome(client.query(INSERT));
  await cluster.outcome(client.query("RENAME TABLE t TO u"));
  assert.equal((await cluster.outcome(client.query("SELECT * FROM u"))).receipt?.seq, region.seq);
  await assert.rejects(
    cluster.outcome(client.query("SELECT * FROM t")),
    is("NO_SUCH_TABLE", /'t'/, 1146),
  );
  await cluster.outcome(client.query("ALTER TABLE u RENAME TO v"));
  await cluster.outcome(client.query("SELECT * FROM v"));
});

clientStory("a change in doubt stays so, and one of nothing is a note", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  cluster.master.tricks.push("break_after");
  await assert.rejects(
    cluster.outcome(client.query("ALTER TABLE t ADD COLUMN b INT")),
    is("OUTCOME_UNKNOWN", /link was lost/),
  );
  assert.equal(cluster.master.of("alterTable").length, 1);
  const none = await cluster.outcome(
    client.query("ALTER TABLE IF EXISTS nowhere ADD COLUMN b INT"),
  );
  assert.equal(none.result.warnings, 1);
  await assert.rejects(
    cluster.outcome(client.query("ALTER TABLE nowhere ADD COLUMN b INT")),
    is("SQL", /'nowhere'/, 1146),
  );
});

clientStory(
  "SHOW WARNINGS tells what the statement before it has left, in its session",
  async (cluster) => {
    const client = cluster.client();
    const session = client.session();
    const rowsOf = async (sql: string, of: Pick<typeof session, "query"> = session) =>
      (await cluster.outcome(of.query(sql))).rows;
    await cluster.outcome(session.query(CREATE));
    assert.deepEqual(await rowsOf("SHOW WARNINGS"), []);
    await cluster.outcome(session.query("CREATE TABLE IF NOT EXISTS t (a INT PRIMARY KEY)"));
    const note = ["Note", 1050, "Table 't' already exists"];
    assert.deepEqual(await rowsOf("SHOW WARNINGS"), [note]);
    assert.deepEqual(await rowsOf("SHOW WARNINGS LIMIT 1, 5"), []);
    assert.deepEqual(await rowsOf("SHOW COUNT(*) WARNINGS"), [[1]]);
    assert.deepEqual(await rowsOf("SHOW ERRORS"), []);
    assert.deepEqual(await rowsOf("SHOW WARNINGS", client.session()), []);
    assert.deepEqual(await rowsOf("SHOW WARNINGS", client), []);
    await assert.rejects(cluster.outcome(session.query(CREATE)), is("TABLE_EXISTS", /exists/));
    const [error] = await rowsOf("SHOW ERRORS LIMIT 1");
    assert.deepEqual(error?.slice(0, 2), ["Error", 1050]);
    const conditions = [{ level: "Warning", code: 1264, message: "Out of range value" }] as const;
    cluster.server(1).warned = { warnings: 3, conditions };
    await cluster.outcome(session.query(INSERT));
    assert.deepEqual(await rowsOf("SHOW WARNINGS"), [["Warning", 1264, "Out of range value"]]);
    assert.deepEqual(await rowsOf("SHOW COUNT(*) WARNINGS"), [[3]]);
    await cluster.outcome(session.query("SELECT a FROM t"));
    assert.deepEqual(await rowsOf("SHOW WARNINGS"), []);
  },
);
