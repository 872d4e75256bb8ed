/** Transactions: on one region, on one connection, committed once. */
import assert from "node:assert/strict";
import { sqlError } from "../../src/protocol/errors.ts";
import { clientStory } from "../support/client/fake_cluster.ts";
import { duplicate } from "../support/client/fake_region.ts";
import { is } from "../support/is.ts";

const INSERT = "INSERT INTO t VALUES (1)";
const OTHER = "INSERT INTO t VALUES (2)";
const SELECT = "SELECT * FROM t";

clientStory("BEGIN opens nothing until a table is named, COMMIT is one change", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  await cluster.outcome(session.query("BEGIN"));
  assert.equal(session.inTransaction, true);
  await cluster.outcome(session.query("SELECT 1"));
  assert.equal(cluster.server(1).openTransactions, 0);
  await cluster.outcome(session.query(INSERT));
  await cluster.outcome(session.query(SELECT));
  await cluster.outcome(session.query(OTHER));
  assert.equal(region.seq, 0);
  const { receipt } = await cluster.outcome(session.query("COMMIT"));
  assert.equal(session.inTransaction, false);
  assert.equal(receipt?.seq, 2);
  assert.deepEqual(region.committed.map(({ sql }) => sql), [INSERT, OTHER]);
  assert.ok(cluster.server(1).of("query").every(({ transaction }) => transaction !== undefined));
});

clientStory("what was committed is seen by the session's later reads", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  for (const rid of [2, 3]) cluster.server(rid).appliedOnly.set(region.name, 0);
  for (const sql of ["START TRANSACTION", INSERT, "COMMIT"]) {
    await cluster.outcome(session.query(sql));
  }
  assert.equal((await cluster.outcome(session.query(SELECT))).receipt?.seq, 1);
});

clientStory("ROLLBACK leaves nothing, nor does closing the session", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  const session = client.session();
  for (const sql of ["BEGIN", INSERT, "ROLLBACK"]) await cluster.outcome(session.query(sql));
  assert.equal(cluster.server(1).openTransactions, 0, "and says so when it is so");
  for (const sql of ["BEGIN", INSERT]) await cluster.outcome(session.query(sql));
  await cluster.outcome(session.close());
  await cluster.pass(5);
  assert.equal(cluster.server(1).openTransactions, 0);
  assert.equal(region.seq, 0);
  await assert.rejects(cluster.outcome(session.query(SELECT)), is("BAD_REQUEST", /closed/));
});

clientStory("a commit whose answer is lost is asked about, and not done again", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  for (const sql of ["BEGIN", INSERT]) await cluster.outcome(session.query(sql));
  cluster.server(1).tricks.push("break_after");
  assert.equal((await cluster.outcome(session.query("COMMIT"))).receipt?.seq, 1);
  assert.equal(region.count(INSERT), 1);
  const numbers = cluster.server(1).of("commit").map(({ session, n }) => `${session} ${n}`);
  assert.equal(numbers.length, 2);
  assert.equal(new Set(numbers).size, 1);
});

clientStory("the next primary tells whether a commit was made", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  for (const sql of ["BEGIN", INSERT]) await cluster.outcome(session.query(sql));
  cluster.server(1).tricks.push("break_after");
  const made = session.query("COMMIT");
  await cluster.until(() => region.seq === 1);
  cluster.failOver(region, 2);
  assert.equal((await cluster.outcome(made)).receipt?.rid, 2);
  for (const sql of ["BEGIN", OTHER]) await cluster.outcome(session.query(sql));
  cluster.server(2).tricks.push("hang");
  const lost = session.query("COMMIT");
  await cluster.pass(20);
  cluster.failOver(region, 3);
  assert.equal((await cluster.outcome(lost)).receipt?.rid, 3, "not made there, and so made here");
  assert.equal(region.count(OTHER), 1);
  assert.equal(session.inTransaction, false);
});

clientStory("a commit that nobody can tell of stays in doubt", async (cluster) => {
  cluster.region(["t"]);
  const session = cluster.client({ timeoutMs: 2000 }).session();
  for (const sql of ["BEGIN", INSERT]) await cluster.outcome(session.query(sql));
  cluster.server(1).tricks.push("hang");
  const commit = session.query("COMMIT");
  await cluster.pass(20);
  for (const server of cluster.fakes) server.crash();
  await assert.rejects(cluster.outcome(commit, 2100), is("OUTCOME_UNKNOWN", /link was lost/));
});

clientStory("a failed statement undoes itself, a deadlock the whole", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  for (const sql of ["BEGIN", INSERT]) await cluster.outcome(session.query(sql));
  cluster.server(1).tricks.push(duplicate());
  await assert.rejects(cluster.outcome(session.query(OTHER)), is("SQL", /Duplicate/, 1062));
  assert.equal(session.inTransaction, true);
  cluster.server(1).tricks.push(sqlError(1213, "40001", "Deadlock found"));
  await assert.rejects(cluster.outcome(session.query(OTHER)), is("SQL", /Deadlock/, 1213));
  assert.equal(session.inTransaction, false);
  await cluster.outcome(session.query("COMMIT"));
  assert.equal(region.seq, 0);
});

clientStory("a write in doubt undoes the transaction, a read does not", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  for (const sql of ["BEGIN", INSERT]) await cluster.outcome(session.query(sql));
  cluster.server(1).tricks.push("hang");
  const read = session.query(SELECT, [], { timeoutMs: 100 });
  await assert.rejects(cluster.outcome(read), is("TIMEOUT", /within 100 ms/));
  assert.equal(session.inTransaction, true);
  cluster.server(1).tricks.push("hang");
  const write = session.query(OTHER, [], { timeoutMs: 100 });
  await assert.rejects(
    cluster.outcome(write),
    is("TIMEOUT", /within 100 ms; the transaction was rolled back/),
  );
  assert.equal(session.inTransaction, false);
  await cluster.pass(5);
  assert.equal(cluster.server(1).openTransactions, 0);
  assert.equal(region.seq, 0);
});

clientStory(
  "a statement on another region's table is refused, the rest goes on",
  async (cluster) => {
    const region = cluster.region(["t"]);
    cluster.region(["u"]);
    const session = cluster.client().session();
    for (const sql of ["BEGIN", INSERT]) await cluster.outcome(session.query(sql));
    await assert.rejects(
      cluster.outcome(session.query("SELECT * FROM u")),
      is("UNSUPPORTED", /one region/),
    );
    await cluster.outcome(session.query("COMMIT"));
    assert.equal(region.count(INSERT), 1);
  },
);

clientStory("savepoints, set before the first table too", async (cluster) => {
  cluster.region(["t"]);
  const session = cluster.client().session();
  await cluster.outcome(session.query("BEGIN"));
  for (const sql of ["SAVEPOINT a", "SAVEPOINT b", "ROLLBACK TO a"]) {
    await cluster.outcome(session.query(sql));
  }
  const gone = session.query("RELEASE SAVEPOINT b");
  await assert.rejects(cluster.outcome(gone), is("SQL", /b does not exist/, 1305));
  for (const sql of [INSERT, "SAVEPOINT c", "ROLLBACK TO SAVEPOINT c", "RELEASE SAVEPOINT a"]) {
    await cluster.outcome(session.query(sql));
  }
  const steps = cluster.server(1).of("savepoint").map(({ step, name }) => `${step} ${name}`);
  assert.deepEqual(steps, [
    ...["set a", "set b", "back a"],
    ...["set c", "back c", "release a"],
  ]);
  await cluster.outcome(session.query("COMMIT"));
  await cluster.outcome(session.query("SAVEPOINT d"));
  const outside = session.query("ROLLBACK TO d");
  await assert.rejects(cluster.outcome(outside), is("SQL", /d does not exist/, 1305));
});

clientStory("autocommit off begins by itself, BEGIN and DDL commit", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  await cluster.outcome(session.query("SET autocommit = 0"));
  assert.equal(session.inTransaction, false);
  await cluster.outcome(session.query(INSERT));
  assert.equal(session.inTransaction, true);
  await cluster.outcome(session.query("BEGIN"));
  assert.equal(region.count(INSERT), 1);
  await cluster.outcome(session.query(INSERT));
  await cluster.outcome(session.query("CREATE TABLE u (a INT PRIMARY KEY)"));
  assert.equal(region.count(INSERT), 2);
  await cluster.outcome(session.query(INSERT));
  await cluster.outcome(session.query("TRUNCATE t"));
  assert.equal(region.count(INSERT), 3);
  await cluster.outcome(session.query(INSERT));
  await cluster.outcome(session.query("SET autocommit = 1"));
  assert.equal(region.count(INSERT), 4);
  assert.equal(session.inTransaction, false);
});

clientStory("a read-only transaction writes nothing and leaves no commit", async (cluster) => {
  cluster.region(["t"]);
  const session = cluster.client().session();
  await cluster.outcome(session.query("START TRANSACTION READ ONLY"));
  await cluster.outcome(session.query(SELECT));
  assert.equal(cluster.server(1).of("begin")[0]?.readOnly, true);
  await assert.rejects(cluster.outcome(session.query(INSERT)), is("SQL", /READ ONLY/, 1792));
  await cluster.outcome(session.query("COMMIT"));
  assert.equal(cluster.server(1).of("commit").length, 0);
  assert.equal(cluster.server(1).of("rollback").length, 1);
});

clientStory("a transaction begins where all that was seen is there", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  await cluster.outcome(session.query(INSERT));
  // Server 1 believes to be the primary still, as of long ago.
  cluster.server(1).appliedOnly.set(region.name, 0);
  await cluster.outcome(session.query("BEGIN"));
  const write = session.query(OTHER);
  await cluster.pass(200);
  assert.equal(cluster.server(1).openTransactions, 0);
  cluster.failOver(region, 2, false);
  await cluster.outcome(write);
  await cluster.outcome(session.query("COMMIT"));
  assert.equal(region.count(OTHER), 1);
});

clientStory("the opening of a transaction survives a failover", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  await cluster.outcome(session.query(INSERT));
  await cluster.outcome(session.query("BEGIN"));
  cluster.failOver(region, 2);
  await cluster.outcome(session.query(INSERT));
  await cluster.outcome(session.query("COMMIT"));
  assert.equal(region.count(INSERT), 2);
});

clientStory("a session has one statement at a time, in the order of asking", async (cluster) => {
  const region = cluster.region(["t"]);
  const session = cluster.client().session();
  const all = ["BEGIN", INSERT, OTHER, "COMMIT"].map((sql) => session.query(sql));
  await cluster.outcome(Promise.all(all));
  assert.deepEqual(region.committed.map(({ sql }) => sql), [INSERT, OTHER]);
  cluster.server(1).tricks.push("hang");
  const stuck = session.query(INSERT, [], { timeoutMs: 1000 });
  const late = session.query(OTHER, [], { timeoutMs: 500 });
  await assert.rejects(cluster.outcome(late, 510), is("TIMEOUT", /busy with another/));
  await assert.rejects(cluster.outcome(stuck), is("TIMEOUT", /within 1000 ms/));
});

clientStory("foreign_key_checks goes with the session's statements", async (cluster) => {
  cluster.region(["t"]);
  const session = cluster.client().session();
  await cluster.outcome(session.query("SET foreign_key_checks = 0"));
  await cluster.outcome(session.query(INSERT));
  assert.equal(cluster.server(1).of("query").at(-1)?.foreignKeyChecks, false);
  for (const sql of ["BEGIN", INSERT]) await cluster.outcome(session.query(sql));
  assert.equal(cluster.server(1).of("begin").at(-1)?.foreignKeyChecks, false);
  await assert.rejects(
    cluster.outcome(session.query("SET foreign_key_checks = 1")),
    is("UNSUPPORTED", /before the transaction's first statement/),
  );
});

clientStory("transaction() commits what resolves, and rolls back what rejects", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  const value = await cluster.outcome(client.transaction(async (transaction) => {
    await transaction.query("INSERT INTO t VALUES (?)", [1]);
    await transaction.query(OTHER);
    return 7;
  }));
  assert.equal(value, 7);
  assert.deepEqual(region.committed.map(({ sql }) => sql), [INSERT, OTHER]);
  let runs = 0;
  const failing = client.transaction(async (transaction) => {
    runs++;
    await transaction.query(INSERT);
    throw new Error("no");
  });
  await assert.rejects(cluster.outcome(failing), /^Error: no$/);
  assert.equal(runs, 1);
  await cluster.pass(5);
  assert.equal(cluster.server(1).openTransactions, 0);
  assert.equal(region.seq, 2);
});

clientStory("transaction() runs again after a deadlock or a lost primary", async (cluster) => {
  const region = cluster.region(["t"]);
  const client = cluster.client();
  let runs = 0;
  const work = client.transaction(async (transaction) => {
    runs++;
    await transaction.query(INSERT);
    if (runs === 1) cluster.server(1).tricks.push(sqlError(1213, "40001", "Deadlock found"));
    // Which server answers is what is read here: at the next primary it is not so any more.
    await transaction.query(SELECT);
    if (runs === 2) cluster.failOver(region, 2);
    // What the function makes of the error does not matter.
    await transaction.query(OTHER).catch(() => {
      throw new Error("something failed");
    });
  });
  await cluster.outcome(work);
  assert.equal(runs, 3);
  assert.deepEqual([region.count(INSERT), region.count(OTHER)], [1, 1]);
});

clientStory("transaction() commits nothing after an error that was overlooked", async (cluster) => {
  const region = cluster.region(["t"]);
  let runs = 0;
  const work = cluster.client().transaction(async (transaction) => {
    runs++;
    await transaction.query(INSERT);
    if (runs === 1) cluster.server(1).tricks.push(sqlError(1213, "40001", "Deadlock found"));
    await transaction.query(OTHER).catch(() => {});
  });
  await cluster.outcome(work);
  assert.equal(runs, 2);
  assert.deepEqual([region.count(INSERT), region.count(OTHER)], [1, 1]);
});

clientStory("transaction() does not run again when its commit is in doubt", async (cluster) => {
  const region = cluster.region(["t"]);
  let runs = 0;
  const work = cluster.client({ timeoutMs: 2000 }).transaction(async (transaction) => {
    runs++;
    await transaction.query(INSERT);
    cluster.server(1).tricks.push("hang");
  });
  await cluster.until(() => cluster.server(1).of("commit").length === 1);
  for (const server of cluster.fakes) server.crash();
  await assert.rejects(cluster.outcome(work), is("OUTCOME_UNKNOWN", /link was lost/));
  assert.equal(runs, 1);
  assert.equal(region.seq, 0);
});

clientStory("transaction() gives up in time", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client({ timeoutMs: 1000 });
  const started = cluster.clock.now();
  const work = client.transaction(async (transaction) => {
    cluster.server(1).tricks.push(sqlError(1213, "40001", "Deadlock found"));
    await transaction.query(INSERT);
  });
  await assert.rejects(cluster.outcome(work), is("SQL", /Deadlock/, 1213));
  assert.ok(cluster.clock.now() - started <= 1010);
});

clientStory(
  "inside transaction() nothing may end it, nor may it be used later",
  async (cluster) => {
    cluster.region(["t"]);
    const client = cluster.client();
    let kept: { query(sql: string): Promise<unknown> } | null = null;
    await cluster.outcome(client.transaction(async (transaction) => {
      kept = transaction;
      for (const sql of ["COMMIT", "SET autocommit = 0", "TRUNCATE t", "DROP TABLE t"]) {
        await assert.rejects(transaction.query(sql), is("BAD_REQUEST", /transaction\(\)/));
      }
    }));
    const late = (kept as unknown as { query(sql: string): Promise<unknown> }).query(SELECT);
    await assert.rejects(cluster.outcome(late), is("BAD_REQUEST", /transaction is over/));
  },
);

clientStory("transactions and settings need a session", async (cluster) => {
  cluster.region(["t"]);
  const client = cluster.client();
  for (const sql of ["BEGIN", "COMMIT", "SET autocommit = 0", "SET minisql_read = 'fast'"]) {
    await assert.rejects(cluster.outcome(client.query(sql)), is("BAD_REQUEST", /session\(\)/));
  }
  await cluster.outcome(client.query("SET NAMES utf8mb4"));
  await cluster.outcome(client.query("USE minisql"));
  await assert.rejects(
    cluster.outcome(client.query("USE other")),
    is("UNSUPPORTED", /one database/),
  );
});
