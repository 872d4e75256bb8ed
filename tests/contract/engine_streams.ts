/** Engine contract: rows as they come, in bounded memory, and an early end. */
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { EngineSession } from "../../src/ports/engine.ts";
import {
  assertRefused,
  assertSqlError,
  type EngineContract,
  LIMIT,
  refusal,
  rowsOf,
  runAll,
  sessionTest,
} from "./engine_fixture.ts";

/** 300 000 rows of a little over 100 bytes. */
const ROWS = 300_000;
const MANY = "SELECT a.id * 1000 + b.id AS n, a.pad FROM side AS a, side AS b WHERE a.id < 300";
/** Room for some batches and for buffers of the network; far below 30 MB of rows. */
const HELD_MAX = 10_000_000;

export function streamContract(contract: EngineContract): void {
  batchTests(contract);
  endTests(contract);
}

async function makeSide(session: EngineSession): Promise<void> {
  const rows = Array.from({ length: 1000 }, (_, id) => `(${id}, '${"x".repeat(100)}')`);
  await runAll(
    session,
    "CREATE TABLE side (id INT PRIMARY KEY, pad VARCHAR(100))",
    `INSERT INTO side VALUES ${rows.join(", ")}`,
  );
}

function batchTests(contract: EngineContract): void {
  sessionTest(contract, "a stream gives columns first and rows in batches", async (session) => {
    await makeSide(session);
    const sql = "SELECT id, pad FROM side ORDER BY id";
    const stream = session.stream(sql, { ...LIMIT, batchRows: 300 });
    assert.deepEqual((await stream.columns).map(({ name }) => name), ["id", "pad"]);
    const sizes: number[] = [];
    let next = 0;
    for await (const rows of stream) {
      sizes.push(rows.length);
      for (const [id] of rows) assert.equal(id, next++);
    }
    assert.deepEqual(sizes, [300, 300, 300, 100]);
    assert.deepEqual(await rowsOf(session, "SELECT 1"), [[1]]);
  });

  sessionTest(contract, "a stream of nothing has columns and no batches", async (session) => {
    const stream = session.stream("SELECT 1 AS a FROM DUAL WHERE 1 = 0", LIMIT);
    assert.equal((await stream.columns).length, 1);
    for await (const rows of stream) assert.fail(`got ${rows.length} rows`);
  });

  sessionTest(
    contract,
    "a stream tells what is kept of tables behind its last row",
    async (session, engine) => {
      await runAll(
        session,
        "CREATE TABLE t (id INT PRIMARY KEY)",
        "CREATE TABLE u (id INT PRIMARY KEY)",
      );
      await engine.maintainFingerprint("t");
      await engine.maintainFingerprint("u");
      await runAll(session, "INSERT INTO t VALUES (1), (2), (3)");
      const kept = ["u", "nowhere", "t"];
      // What cannot be one statement for certain is answered all the same.
      for (const sql of ["SELECT id FROM t", "SELECT id /* ; */ FROM t", "SELECT id FROM t"]) {
        const stream = session.stream(sql, { ...LIMIT, batchRows: 2, kept });
        let count = 0;
        for await (const rows of stream) count += rows.length;
        assert.equal(count, 3);
        const expected = [await session.fingerprint("u"), null, await session.fingerprint("t")];
        assert.deepEqual(await stream.kept(), expected);
        assert.equal(expected[2]?.rows, 3);
      }
      await session.begin("snapshot");
      const other = await engine.session();
      await runAll(other, "INSERT INTO t VALUES (4)");
      await other.close();
      const stream = session.stream("SELECT COUNT(*) FROM t", { ...LIMIT, kept: ["t"] });
      for await (const rows of stream) assert.deepEqual(rows, [[3]]);
      assert.deepEqual((await stream.kept()).map((each) => each?.rows), [3]);
      await session.rollback();
    },
  );

  sessionTest(contract, "where a stream fails, so does what is kept behind it", async (session) => {
    await runAll(session, "CREATE TABLE t (id INT PRIMARY KEY)");
    const stream = session.stream("SELECT id FROM nowhere", { ...LIMIT, kept: ["t"] });
    await assertSqlError(iterate(stream), 1146, "42S02");
    const left = session.stream("SELECT 1 AS a UNION ALL SELECT 2", { ...LIMIT, kept: ["t"] });
    for await (const _rows of left) break;
    assert.deepEqual(await rowsOf(session, "SELECT 1"), [[1]]);
  });

  sessionTest(contract, "300,000 rows stream through little memory", async (session) => {
    await makeSide(session);
    const before = Deno.memoryUsage();
    let count = 0;
    let held = 0;
    for await (const rows of session.stream(MANY, { timeoutMs: 120_000 })) {
      count += rows.length;
      if (count % 10_000 < rows.length) {
        // A reader slower than the engine: rows must wait in the engine, not here.
        await new Promise((resolve) => setTimeout(resolve, 5));
        collectGarbage();
        const { external, heapUsed } = Deno.memoryUsage();
        held = Math.max(held, external + heapUsed - before.external - before.heapUsed);
      }
    }
    assert.equal(count, ROWS);
    assert.ok(held < HELD_MAX, `${held} bytes were held at most`);
  });

  sessionTest(contract, "a stream in a transaction sees what it wrote", async (session) => {
    await runAll(session, "CREATE TABLE t (a INT)");
    await session.begin("write");
    await runAll(session, "INSERT INTO t VALUES (1), (2)");
    let count = 0;
    for await (const rows of session.stream("SELECT * FROM t", LIMIT)) count += rows.length;
    assert.equal(count, 2);
    await session.rollback();
  });
}

/** What nobody refers to any more is not held, whenever the runtime would have noticed. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

function endTests(contract: EngineContract): void {
  sessionTest(contract, "leaving the loop ends the query", async (session) => {
    await makeSide(session);
    const endless = "SELECT a.id, a.pad FROM side AS a, side AS b, side AS c";
    for (let turn = 0; turn < 3; turn++) {
      const since = performance.now();
      for await (const rows of session.stream(endless, { timeoutMs: 120_000 })) {
        assert.ok(rows.length > 0);
        break;
      }
      assert.ok(performance.now() - since < 10_000, "a thousand million rows were not read");
      assert.deepEqual(await rowsOf(session, "SELECT 1"), [[1]]);
    }
  });

  sessionTest(contract, "a stream that cannot begin says so in both places", async (session) => {
    const stream = session.stream("SELECT * FROM nowhere", LIMIT);
    await assertSqlError(stream.columns, 1146, "42S02");
    await assertSqlError(iterate(stream), 1146, "42S02");
    assert.deepEqual(await rowsOf(session, "SELECT 1"), [[1]]);
  });

  sessionTest(contract, "a stream that fails on its way says so", async (session) => {
    await runAll(session, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)");
    const sql = "SELECT id, (SELECT id FROM t) FROM t";
    await assertSqlError(iterate(session.stream(sql, LIMIT)), 1242, "21000");
    await assertSqlError(session.run(sql, LIMIT), 1242, "21000");
    const { rows } = await session.run("SELECT COUNT(*) FROM t", LIMIT);
    assert.equal(rows[0]?.[0], 2);
  });

  sessionTest(contract, "a stream ends at its deadline", async (session) => {
    await makeSide(session);
    const endless = "SELECT a.id, a.pad FROM side AS a, side AS b, side AS c";
    const error = await refusal(iterate(session.stream(endless, { timeoutMs: 300 })));
    assert.equal(error.code, "TIMEOUT");
    assert.deepEqual(await rowsOf(session, "SELECT 1"), [[1]]);
  });

  sessionTest(contract, "a stream ends when it is aborted", async (session) => {
    await makeSide(session);
    const endless = "SELECT a.id, a.pad FROM side AS a, side AS b, side AS c";
    const controller = new AbortController();
    const stream = session.stream(endless, { ...LIMIT, signal: controller.signal });
    const cut = async () => {
      for await (const rows of stream) if (rows.length > 0) controller.abort();
    };
    await assertRefused(cut(), "CANCELLED");
    assert.deepEqual(await rowsOf(session, "SELECT 1"), [[1]]);
  });

  sessionTest(contract, "a thrown error leaves the loop and the session whole", async (session) => {
    await makeSide(session);
    const failing = async () => {
      for await (const rows of session.stream(MANY, LIMIT)) throw new Error(`${rows.length > 0}`);
    };
    await assert.rejects(failing(), /^Error: true$/);
    assert.deepEqual(await rowsOf(session, "SELECT 1"), [[1]]);
  });
}

async function iterate(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
