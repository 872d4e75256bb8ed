/** Engine contract: transactions, savepoints, snapshots and locks. */
import assert from "node:assert/strict";
import type { EngineSession } from "../../src/ports/engine.ts";
import {
  assertRefused,
  assertSqlError,
  type EngineContract,
  engineTest,
  LIMIT,
  refusal,
  rowsOf,
  runAll,
  sessionTest,
  withSession,
} from "./engine_fixture.ts";

const ACCOUNTS = "CREATE TABLE accounts (id INT PRIMARY KEY, balance INT NOT NULL)";
const IDS = "SELECT id FROM accounts ORDER BY id";

export function transactionContract(contract: EngineContract): void {
  outcomeTests(contract);
  savepointTests(contract);
  snapshotTests(contract);
  if (contract.can.rowLocks) lockTests(contract);
}

async function ids(session: EngineSession): Promise<readonly unknown[]> {
  return (await rowsOf(session, IDS)).map(([id]) => id);
}

function outcomeTests(contract: EngineContract): void {
  engineTest(contract, "a transaction is seen by others once it is committed", async (engine) => {
    await withSession(engine, (writer) =>
      withSession(engine, async (reader) => {
        await runAll(writer, ACCOUNTS);
        await writer.begin("write");
        await runAll(
          writer,
          "INSERT INTO accounts VALUES (1, 10)",
          "INSERT INTO accounts VALUES (2, 20)",
        );
        assert.deepEqual(await ids(writer), [1, 2]);
        assert.deepEqual(await ids(reader), []);
        await writer.commit();
        assert.deepEqual(await ids(reader), [1, 2]);
      }));
  });

  engineTest(contract, "makeDurable() waits for nobody's transaction", async (engine) => {
    await withSession(engine, async (writer) => {
      await runAll(writer, ACCOUNTS);
      await writer.begin("write");
      await runAll(writer, "INSERT INTO accounts VALUES (1, 10)");
      await Promise.all([engine.makeDurable(), engine.makeDurable()]);
      await writer.commit();
      assert.deepEqual(await ids(writer), [1]);
    });
  });

  sessionTest(contract, "a transaction rolled back has changed nothing", async (session) => {
    await runAll(session, ACCOUNTS, "INSERT INTO accounts VALUES (1, 10)");
    await session.begin("write");
    await runAll(session, "DELETE FROM accounts", "INSERT INTO accounts VALUES (5, 5)");
    await session.rollback();
    assert.deepEqual(await ids(session), [1]);
    await session.rollback();
    await runAll(session, "INSERT INTO accounts VALUES (2, 20)");
    await session.rollback();
    assert.deepEqual(await ids(session), [1, 2], "without a transaction there is nothing to undo");
  });

  sessionTest(contract, "a failed statement undoes itself and nothing else", async (session) => {
    await runAll(session, ACCOUNTS);
    await session.begin("write");
    await runAll(session, "INSERT INTO accounts VALUES (1, 10)");
    const failing = "INSERT INTO accounts VALUES (2, 20), (3, 30), (1, 99)";
    await assertSqlError(session.run(failing, LIMIT), 1062, "23000");
    assert.equal(session.undone, false);
    await runAll(session, "INSERT INTO accounts VALUES (4, 40)");
    await session.commit();
    assert.deepEqual(await ids(session), [1, 4]);
  });

  engineTest(contract, "a session closed in mid-transaction leaves nothing", async (engine) => {
    const session = await engine.session();
    await runAll(session, ACCOUNTS);
    await session.begin("write");
    await runAll(session, "INSERT INTO accounts VALUES (1, 10)");
    await session.close();
    await session.ended;
    assert.equal(session.usable, false);
    await assertRefused(session.run("SELECT 1", LIMIT), "UNAVAILABLE");
    await withSession(engine, async (other) => assert.deepEqual(await ids(other), []));
  });

  sessionTest(
    contract,
    "statements after a transaction stand for themselves",
    async (session, engine) => {
      await runAll(session, ACCOUNTS);
      await session.begin("write");
      await runAll(session, "INSERT INTO accounts VALUES (1, 10)");
      await session.commit();
      await runAll(session, "INSERT INTO accounts VALUES (2, 20)");
      await withSession(engine, async (other) => assert.deepEqual(await ids(other), [1, 2]));
    },
  );

  sessionTest(
    contract,
    "a statement that commits by itself ends the transaction",
    async (session, engine) => {
      await runAll(session, ACCOUNTS);
      await engine.maintainFingerprint("accounts");
      await session.begin("write");
      await runAll(session, "INSERT INTO accounts VALUES (1, 10)", "CREATE TABLE other (id INT)");
      await runAll(session, "INSERT INTO accounts VALUES (2, 20)");
      await session.rollback();
      assert.deepEqual(await ids(session), [1, 2], "what follows stands for itself");
      const kept = await session.fingerprint("accounts");
      assert.deepEqual(await session.recompute("accounts", LIMIT), kept);
    },
  );
}

function savepointTests(contract: EngineContract): void {
  sessionTest(contract, "savepoints undo what came after them", async (session) => {
    await runAll(session, ACCOUNTS);
    await session.begin("write");
    await runAll(session, "INSERT INTO accounts VALUES (1, 1)");
    await session.savepoint("a");
    await runAll(session, "INSERT INTO accounts VALUES (2, 2)");
    await session.savepoint("b");
    await runAll(session, "INSERT INTO accounts VALUES (3, 3)");
    await session.rollbackTo("b");
    assert.deepEqual(await ids(session), [1, 2]);
    await runAll(session, "INSERT INTO accounts VALUES (4, 4)");
    await session.release("b");
    await session.rollbackTo("a");
    await runAll(session, "INSERT INTO accounts VALUES (5, 5)");
    await session.commit();
    assert.deepEqual(await ids(session), [1, 5]);
  });

  sessionTest(contract, "an unknown savepoint is MySQL's error 1305", async (session) => {
    await session.begin("write");
    await assertSqlError(session.rollbackTo("nowhere"), 1305, "42000");
    await session.savepoint("a");
    await session.rollbackTo("a");
    await session.release("a");
    await assertSqlError(session.release("a"), 1305, "42000");
    await session.rollback();
  });

  sessionTest(contract, "a savepoint set again stands where it was set last", async (session) => {
    await runAll(session, ACCOUNTS);
    await session.begin("write");
    await session.savepoint("odd `name`");
    await runAll(session, "INSERT INTO accounts VALUES (1, 1)");
    await session.savepoint("odd `name`");
    await runAll(session, "INSERT INTO accounts VALUES (2, 2)");
    await session.rollbackTo("odd `name`");
    await session.commit();
    assert.deepEqual(await ids(session), [1]);
  });
}

function snapshotTests(contract: EngineContract): void {
  engineTest(contract, "a snapshot sees one moment of every table", async (engine) => {
    await withSession(engine, (writer) =>
      withSession(engine, async (reader) => {
        await runAll(writer, ACCOUNTS, "CREATE TABLE log (id INT PRIMARY KEY)");
        await engine.maintainFingerprint("accounts");
        await runAll(writer, "INSERT INTO accounts VALUES (1, 10)");
        await reader.begin("snapshot");
        await runAll(writer, "INSERT INTO accounts VALUES (2, 20)", "INSERT INTO log VALUES (1)");
        assert.deepEqual(await ids(reader), [1], "also of what was not read before");
        assert.deepEqual(await rowsOf(reader, "SELECT COUNT(*) FROM log"), [[0]]);
        assert.equal((await reader.fingerprint("accounts"))?.rows, 1);
        assert.equal((await reader.recompute("accounts", LIMIT)).rows, 1);
        await reader.commit();
        assert.deepEqual(await ids(reader), [1, 2]);
        assert.equal((await reader.fingerprint("accounts"))?.rows, 2);
      }));
  });

  sessionTest(contract, "a snapshot is read only", async (session) => {
    await runAll(session, ACCOUNTS);
    await session.begin("snapshot");
    await assertSqlError(
      session.run("INSERT INTO accounts VALUES (1, 1)", LIMIT),
      1792,
      "25006",
    );
    await session.rollback();
    await runAll(session, "INSERT INTO accounts VALUES (1, 1)");
  });
}

function lockTests(contract: EngineContract): void {
  engineTest(contract, "a deadlock undoes a whole transaction, which says so", async (engine) => {
    await withSession(engine, (one) =>
      withSession(engine, async (two) => {
        await runAll(one, ACCOUNTS, "INSERT INTO accounts VALUES (1, 10), (2, 20), (3, 30)");
        await engine.maintainFingerprint("accounts");
        const add = (id: number) => `UPDATE accounts SET balance = balance + 1 WHERE id = ${id}`;
        for (const session of [one, two]) await session.begin("write");
        await runAll(one, add(1), add(3));
        await runAll(two, add(2));
        const ends = await Promise.allSettled([one.run(add(2), LIMIT), two.run(add(1), LIMIT)]);
        const lost = ends.findIndex(({ status }) => status === "rejected");
        const [loser, winner] = (lost === 0 ? [one, two] : [two, one]) as [
          ...[EngineSession, EngineSession],
        ];
        assert.equal(ends.filter(({ status }) => status === "rejected").length, 1);
        const { errno, sqlState } = (ends[lost] as PromiseRejectedResult).reason;
        assert.deepEqual([errno, sqlState, loser.undone], [1213, "40001", true]);
        await assertSqlError(loser.run(add(3), LIMIT), 1213, "40001");
        await assertSqlError(loser.commit(), 1213, "40001");
        await loser.rollback();
        await winner.commit();
        assert.deepEqual([loser.undone, winner.undone], [false, false]);
        const kept = await loser.fingerprint("accounts");
        assert.deepEqual(await loser.recompute("accounts", LIMIT), kept);
        const changed = lost === 0 ? [[11], [21], [30]] : [[11], [21], [31]];
        const sql = "SELECT balance FROM accounts ORDER BY id";
        assert.deepEqual(await rowsOf(loser, sql), changed);
      }));
  });

  engineTest(contract, "waiting too long for a lock fails that statement only", async (engine) => {
    await withSession(engine, (holder) =>
      withSession(engine, async (waiter) => {
        await runAll(holder, ACCOUNTS, "INSERT INTO accounts VALUES (1, 10), (2, 20)");
        await engine.maintainFingerprint("accounts");
        await holder.begin("write");
        await runAll(holder, "UPDATE accounts SET balance = 0 WHERE id = 2");
        await waiter.begin("write");
        await runAll(waiter, "INSERT INTO accounts VALUES (3, 30)");
        const both = "UPDATE accounts SET balance = 1 WHERE id <= 2";
        await assertSqlError(waiter.run(both, LIMIT), 1205, "HY000");
        assert.equal(waiter.undone, false);
        await holder.rollback();
        await waiter.commit();
        const sql = "SELECT id, balance FROM accounts ORDER BY id";
        assert.deepEqual(await rowsOf(waiter, sql), [[1, 10], [2, 20], [3, 30]]);
        const kept = await waiter.fingerprint("accounts");
        assert.deepEqual(await waiter.recompute("accounts", LIMIT), kept);
      }));
  });

  engineTest(contract, "an open transaction holds up no writer of other rows", async (engine) => {
    await withSession(engine, (holder) =>
      withSession(engine, async (other) => {
        await runAll(holder, ACCOUNTS);
        await engine.maintainFingerprint("accounts");
        await holder.begin("write");
        await runAll(holder, "INSERT INTO accounts VALUES (1, 10)");
        await runAll(other, "INSERT INTO accounts VALUES (2, 20)");
        await other.begin("write");
        await runAll(other, "INSERT INTO accounts VALUES (3, 30)");
        await other.commit();
        await holder.commit();
        const kept = await other.fingerprint("accounts");
        assert.equal(kept?.rows, 3);
        assert.deepEqual(await other.recompute("accounts", LIMIT), kept);
      }));
  });

  engineTest(contract, "a duplicate seen while another commits is no lost row", async (engine) => {
    await withSession(engine, (one) =>
      withSession(engine, async (two) => {
        await runAll(one, ACCOUNTS);
        await one.begin("write");
        await runAll(one, "INSERT INTO accounts VALUES (1, 10)");
        const second = refusal(two.run("INSERT INTO accounts VALUES (1, 99)", LIMIT));
        await one.commit();
        assert.equal((await second).errno, 1062);
        assert.deepEqual(await rowsOf(two, "SELECT * FROM accounts"), [[1, 10]]);
      }));
  });
}
