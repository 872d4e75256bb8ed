/** Engine contract: a deadline or an abort really ends a statement. */
import assert from "node:assert/strict";
import type { EngineSession } from "../../src/ports/engine.ts";
import {
  assertRefused,
  type EngineContract,
  engineTest,
  LIMIT,
  rowsOf,
  runAll,
  sessionTest,
  withSession,
} from "./engine_fixture.ts";

/** A statement that is ended must have ended well before it would by itself. */
const SOON_MS = 8_000;

export function deadlineContract(contract: EngineContract): void {
  abortedTest(contract);
  if (contract.can.slowSql !== null) slowTests(contract, contract.can.slowSql);
  if (contract.can.rowLocks) waitingTest(contract);
}

async function soon<T>(what: Promise<T>): Promise<T> {
  const since = performance.now();
  const value = await what;
  const took = performance.now() - since;
  assert.ok(took < SOON_MS, `it took ${took} ms`);
  return value;
}

function abortedTest(contract: EngineContract): void {
  sessionTest(contract, "a statement aborted before it begins is not run", async (session) => {
    await runAll(session, "CREATE TABLE t (a INT)");
    const options = { ...LIMIT, signal: AbortSignal.abort() };
    await assertRefused(session.run("INSERT INTO t VALUES (1)", options), "CANCELLED");
    assert.deepEqual(await rowsOf(session, "SELECT COUNT(*) FROM t"), [[0]]);
  });
}

function slowTests(contract: EngineContract, slowSql: string): void {
  sessionTest(contract, "a deadline ends a statement; the session goes on", async (session) => {
    await soon(assertRefused(session.run(slowSql, { timeoutMs: 100 }), "TIMEOUT"));
    assert.equal(session.usable, true);
    for (let turn = 0; turn < 20; turn++) {
      assert.deepEqual(await rowsOf(session, `SELECT ${turn}`), [[turn]]);
    }
  });

  sessionTest(contract, "an abort ends a statement; the session goes on", async (session) => {
    const controller = new AbortController();
    const run = session.run(slowSql, { ...LIMIT, signal: controller.signal });
    const timer = setTimeout(() => controller.abort(), 50);
    await soon(assertRefused(run, "CANCELLED"));
    clearTimeout(timer);
    assert.deepEqual(await rowsOf(session, "SELECT 1"), [[1]]);
  });

  sessionTest(
    contract,
    "a deadline inside a transaction undoes that statement",
    async (session, engine) => {
      await runAll(session, "CREATE TABLE t (a INT)");
      await engine.maintainFingerprint("t");
      await session.begin("write");
      await runAll(session, "INSERT INTO t VALUES (1)");
      const sql = `INSERT INTO t SELECT 2 UNION ALL (${slowSql})`;
      await soon(assertRefused(session.run(sql, { timeoutMs: 100 }), "TIMEOUT"));
      assert.equal(session.undone, false);
      await runAll(session, "INSERT INTO t VALUES (3)");
      await session.commit();
      assert.deepEqual(await rowsOf(session, "SELECT a FROM t ORDER BY a"), [[1], [3]]);
      const kept = await session.fingerprint("t");
      assert.deepEqual(await session.recompute("t", LIMIT), kept);
    },
  );

  sessionTest(
    contract,
    "statements that end just at their deadline do no harm",
    async (session) => {
      await runAll(session, "CREATE TABLE t (a INT)");
      let done = 0;
      for (let turn = 0; turn < 60; turn++) {
        const end = await outcome(session, `INSERT INTO t VALUES (${turn})`, turn % 4);
        if (end === "done") done++;
        assert.deepEqual(await rowsOf(session, "SELECT 1"), [[1]], "the next one is not ended");
      }
      const [[rows]] = await rowsOf(session, "SELECT COUNT(*) FROM t") as [[number]];
      assert.ok(rows >= done, `${done} were reported done, ${rows} are there`);
    },
  );
}

async function outcome(session: EngineSession, sql: string, timeoutMs: number): Promise<string> {
  try {
    await session.run(sql, { timeoutMs });
    return "done";
  } catch (error) {
    assert.equal((error as { code: string }).code, "TIMEOUT");
    return "timeout";
  }
}

function waitingTest(contract: EngineContract): void {
  engineTest(contract, "a deadline ends the wait for a lock", async (engine) => {
    await withSession(engine, (holder) =>
      withSession(engine, async (waiter) => {
        await runAll(
          holder,
          "CREATE TABLE t (a INT PRIMARY KEY, b INT)",
          "INSERT INTO t VALUES (1, 1)",
        );
        await holder.begin("write");
        await runAll(holder, "UPDATE t SET b = 2");
        await waiter.begin("write");
        const waiting = waiter.run("UPDATE t SET b = 3", { timeoutMs: 100 });
        await soon(assertRefused(waiting, "TIMEOUT"));
        await holder.commit();
        await runAll(waiter, "UPDATE t SET b = b + 10");
        await waiter.commit();
        assert.deepEqual(await rowsOf(waiter, "SELECT b FROM t"), [[12]]);
      }));
  });
}
