/** Engine contract: several statements run in one go come to what they come to one by one. */
import assert from "node:assert/strict";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import type { Engine, EngineSession, Outcome, Statement } from "../../src/ports/engine.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import {
  assertInStep,
  type EngineContract,
  engineTest,
  LIMIT,
  rowsOf,
  runAll,
  sessionTest,
  withSession,
} from "./engine_fixture.ts";

const COLUMNS = "(id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(60))";

export function togetherContract(contract: EngineContract): void {
  outcomeTests(contract);
  textTests(contract);
  randomTests(contract);
  if (contract.can.slowSql !== null) timeTests(contract, contract.can.slowSql);
  if (contract.can.rowLocks) lockTests(contract);
}

function plain(...texts: readonly string[]): readonly Statement[] {
  return texts.map((sql) => ({ sql, context: {} }));
}

/** What an outcome says: rows changed, or the error. */
function toldBy(outcome: Outcome): number | string {
  if (outcome instanceof MinisqlError) return `${outcome.code} ${outcome.errno ?? ""}`.trim();
  return outcome.result.affected;
}

async function told(session: EngineSession, ...texts: readonly string[]) {
  return (await session.runAll(plain(...texts), LIMIT)).map(toldBy);
}

/** Runs a test body in a transaction on a table whose fingerprint is kept, and commits. */
function tableTest(
  contract: EngineContract,
  what: string,
  body: (session: EngineSession, engine: Engine) => Promise<void>,
): void {
  sessionTest(contract, what, async (session, engine) => {
    await runAll(session, `CREATE TABLE t ${COLUMNS}`);
    await engine.maintainFingerprint("t");
    await session.begin("write");
    await body(session, engine);
    await session.commit();
    await assertInStep(engine, session, "t");
  });
}

async function values(session: EngineSession): Promise<readonly unknown[]> {
  return (await rowsOf(session, "SELECT v FROM t ORDER BY id")).map(([v]) => v);
}

function outcomeTests(contract: EngineContract): void {
  tableTest(contract, "statements run together are answered one by one", async (session) => {
    const outcomes = await session.runAll(
      plain(
        "INSERT INTO t (v) VALUES ('a'), ('b')",
        "UPDATE t SET v = 'c' WHERE id = 2",
        "SELECT id, v FROM t ORDER BY id",
        "INSERT INTO t (v) VALUES ('d')",
        "DELETE FROM t WHERE id = 99",
      ),
      LIMIT,
    );
    assert.deepEqual(outcomes.map(toldBy), [2, 1, 0, 1, 0]);
    const [two, , read, one] = outcomes as Exclude<Outcome, MinisqlError>[];
    assert.deepEqual([two?.result.insertId, one?.result.insertId], ["1", "3"]);
    assert.deepEqual(read?.columns.map(({ name }) => name), ["id", "v"]);
    assert.deepEqual(read?.rows, [[1, "a"], [2, "c"]]);
    assert.deepEqual(await session.runAll([], LIMIT), []);
  });

  tableTest(contract, "one that fails is undone alone, and the rest runs", async (session) => {
    assert.deepEqual(
      await told(
        session,
        "INSERT INTO t VALUES (1, 'a')",
        "INSERT INTO t VALUES (2, 'x'), (3, 'x'), (1, 'x')",
        "INSERT INTO t VALUES (4, 'd')",
        "UPDATE nowhere SET a = 1",
        "INSERT INTO t VALUES (5, 'e'), (5, 'x')",
        "COMMIT",
        "UPDATE t SET v = 'D' WHERE id = 4",
      ),
      [1, "SQL 1062", 1, "SQL 1146", "SQL 1062", "BAD_REQUEST", 1],
    );
    assert.equal(session.undone, false);
    assert.deepEqual(await values(session), ["a", "D"]);
  });

  tableTest(contract, "each has its own context, and nothing of another's", async (session) => {
    const moment = 1_700_000_000_123_456;
    const insert = "INSERT INTO t (v) VALUES (NOW())";
    const contexts: readonly Statement["context"][] = [
      { timestampMicros: moment, insertId: "40" },
      {},
      { timestampMicros: moment + 60_000_000 },
      { timestampMicros: moment, insertId: "40" },
      {},
    ];
    const outcomes = await session.runAll(
      contexts.map((context) => ({ sql: insert, context })),
      LIMIT,
    );
    assert.deepEqual(outcomes.map(toldBy), [1, 1, 1, "SQL 1062", 1]);
    const [first, now, later, last] = await rowsOf(session, "SELECT id, v FROM t ORDER BY id");
    assert.deepEqual(first, [40, "2023-11-14 22:13:20"]);
    assert.deepEqual(later, [42, "2023-11-14 22:14:20"]);
    for (const row of [now, last]) assert.ok(String(row?.[1]) > "2025", `the time of ${row}`);
  });

  tableTest(contract, "savepoints and flushes know of statements run together", async (session) => {
    await told(session, "INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (2, 'b')");
    await session.savepoint("s");
    await told(session, "DELETE FROM t WHERE id = 1", "INSERT INTO t VALUES (3, 'c')");
    await session.rollbackTo("s");
    await told(session, "INSERT INTO t VALUES (4, 'd')", "INSERT INTO t VALUES (2, 'x')");
    const flushed = await session.flushFingerprints();
    assert.deepEqual([...flushed].map(([table, { rows }]) => [table, rows]), [["t", 3]]);
    await told(session, "INSERT INTO t VALUES (5, 'e')", "DELETE FROM t WHERE id = 2");
  });

  tableTest(contract, "a flush behind them is as one by itself", async (session, engine) => {
    const { outcomes, fingerprints } = await session.runAllAndFlush(
      plain(
        "INSERT INTO t VALUES (1, 'a')",
        "INSERT INTO t VALUES (2, 'b'), (1, 'x')",
        "INSERT INTO t VALUES (3, 'c')",
      ),
      LIMIT,
    );
    assert.deepEqual(outcomes.map(toldBy), [1, "SQL 1062", 1]);
    assert.deepEqual(fingerprints?.get("t"), await session.recompute("t", LIMIT));
    for (const texts of [["INSERT INTO t VALUES (1, 'x')"], ["DELETE FROM t WHERE id = 9"], []]) {
      const again = await session.runAllAndFlush(plain(...texts), LIMIT);
      assert.deepEqual(again.fingerprints, fingerprints, texts.join());
    }
    await session.savepoint("s");
    const more = await session.runAllAndFlush(plain("INSERT INTO t VALUES (4, 'd')"), LIMIT);
    assert.equal(more.fingerprints?.get("t")?.rows, 3);
    await session.rollbackTo("s");
    const options = { ...LIMIT, signal: AbortSignal.abort() };
    const none = await session.runAllAndFlush(plain("DELETE FROM t", "DELETE FROM t"), options);
    assert.deepEqual([none.outcomes.map(toldBy), none.fingerprints], [["CANCELLED"], null]);
    await session.commit();
    assert.deepEqual(await assertInStep(engine, session, "t"), fingerprints?.get("t"));
    await session.begin("write");
  });

  tableTest(contract, "what errors were ignored is told also among others", async (session) => {
    const insert = "INSERT INTO t VALUES (1, 'a')";
    const ignoring = "INSERT IGNORE INTO t VALUES (1, 'x')";
    const more = "INSERT INTO t VALUES (2, 'b')";
    const outcomes = await session.runAll(plain(insert, ignoring, more), LIMIT);
    assert.deepEqual(outcomes.map(toldBy), [1, 0, 1]);
    const [, among] = outcomes as Exclude<Outcome, MinisqlError>[];
    assert.deepEqual(among?.result, (await session.run(ignoring, LIMIT)).result);
  });

  sessionTest(contract, "a flush behind what changes nothing tells of nothing", async (session) => {
    await session.begin("write");
    const { outcomes, fingerprints } = await session.runAllAndFlush(plain("SELECT 1"), LIMIT);
    assert.deepEqual([outcomes.length, fingerprints], [1, new Map()]);
    await session.rollback();
  });

  sessionTest(contract, "without a transaction each stands for itself", async (session, engine) => {
    await runAll(session, `CREATE TABLE t ${COLUMNS}`);
    await engine.maintainFingerprint("t");
    const insert = (id: number) => `INSERT INTO t VALUES (${id}, 'a')`;
    assert.deepEqual(await told(session, insert(1), insert(1), insert(2)), [1, "SQL 1062", 1]);
    await session.rollback();
    assert.equal((await assertInStep(engine, session, "t")).rows, 2);
  });

  sessionTest(contract, "one that commits by itself ends the transaction", async (session) => {
    await runAll(session, `CREATE TABLE t ${COLUMNS}`);
    await session.begin("write");
    const [a, b] = ["INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (2, 'b')"] as const;
    assert.deepEqual(await told(session, a, "CREATE TABLE other (id INT)", b), [1, 0, 1]);
    await session.rollback();
    assert.deepEqual(await values(session), ["a", "b"]);
  });

  tableTest(contract, "many and long ones are run as few and short ones", async (session) => {
    const long = "x".repeat(60);
    const texts = Array.from({ length: 1200 }, (_, at) => `INSERT INTO t (v) VALUES ('${at}')`);
    const rows = Array.from({ length: 4000 }, () => `('${long}')`).join();
    texts.splice(700, 0, `INSERT INTO t (v) VALUES ${rows}`);
    const outcomes = await session.runAll(plain(...texts), LIMIT);
    assert.deepEqual(outcomes.map(toldBy), texts.map((_, at) => at === 700 ? 4000 : 1));
  });

  tableTest(contract, "none is run after an abort", async (session) => {
    const options = { ...LIMIT, signal: AbortSignal.abort() };
    const texts = plain("INSERT INTO t (v) VALUES ('a')", "INSERT INTO t (v) VALUES ('b')");
    assert.deepEqual((await session.runAll(texts, options)).map(toldBy), ["CANCELLED"]);
    assert.deepEqual(await values(session), []);
  });
}

/** Texts that hold, hide or look as if they held a second statement, and what comes of each. */
const TEXTS: readonly (readonly [sql: string, outcome: number | string])[] = [
  ["INSERT INTO t (v) VALUES ('a;b')", 1],
  ["INSERT INTO t (v) VALUES ('1'); INSERT INTO t (v) VALUES ('2')", "SQL 1064"],
  ["INSERT INTO t (v) VALUES ('c''; DELETE FROM t; --')", 1],
  ['INSERT INTO t (v) VALUES ("d\'; e")', 1],
  ["INSERT INTO t (v) VALUES ('f\\'; DELETE FROM t')", 1],
  ["INSERT INTO t (v) VALUES ('g') -- to the end; of the text", 1],
  ["INSERT INTO t (v) VALUES ('h') # to the end", 1],
  ["INSERT INTO t (v) VALUES ('i') /* closed; */", 1],
  ["INSERT INTO t (v) VALUES ('j') /* not closed", "SQL 1064"],
  ["INSERT INTO t (v) VALUES ('k", "SQL 1064"],
  ["INSERT INTO t (`v) VALUES (1)", "SQL 1064"],
  ["INSERT INTO t (v) VALUES ('l' -- x\n)", 1],
  ["INSERT INTO t (v) VALUES ('m');", 1],
  ["INSERT INTO t (v) VALUES ('n'); COMMIT", "SQL 1064"],
  ["DELETE FROM t WHERE v = 'f''; DELETE FROM t' AND 2--1 = 3", 1],
  ["", "SQL 1065"],
];

const LEFT = ["a;b", "c'; DELETE FROM t; --", "d'; e", "g", "h", "i", "l", "m"];

function textTests(contract: EngineContract): void {
  if (contract.name === "MemoryEngine") return;
  for (const beside of [true, false]) {
    const how = beside ? "among others" : "after others";
    tableTest(contract, `a text is one statement ${how}, whatever is in it`, async (session) => {
      const other = "UPDATE t SET v = v WHERE id = 0";
      assert.deepEqual(await told(session, other, other), [0, 0]);
      for (const [sql, outcome] of TEXTS) {
        const got = beside
          ? await told(session, other, sql, other)
          : [0, await session.run(sql, LIMIT).then(toldBy, toldBy), 0];
        assert.deepEqual(got, [0, outcome, 0], sql);
      }
      assert.deepEqual(await values(session), LEFT);
      await session.rollback();
      await session.begin("write");
    });
  }
}

/** Statements of which many fail, as keys are few. */
function draw(random: SeededRandom, table: string): string {
  const below = (limit: number) => Math.floor(random.next() * limit);
  const id = () => 1 + below(12);
  const draws = [
    `INSERT INTO ${table} VALUES (${id()}, 'a')`,
    `INSERT INTO ${table} VALUES (${id()}, 'b'), (${id()}, 'c')`,
    `INSERT INTO ${table} (v) VALUES ('d')`,
    `UPDATE ${table} SET v = 'e' WHERE id < ${id()}`,
    `UPDATE ${table} SET id = id + 1 WHERE id = ${id()}`,
    `DELETE FROM ${table} WHERE id = ${id()}`,
    `REPLACE INTO ${table} VALUES (${id()}, 'f')`,
  ];
  return draws[below(draws.length)] as string;
}

function randomTests(contract: EngineContract): void {
  for (const seed of [1, 2, 3]) {
    sessionTest(contract, `together as one by one (seed ${seed})`, async (session, engine) => {
      for (const table of ["one", "two"]) {
        await runAll(session, `CREATE TABLE ${table} ${COLUMNS}`);
        await engine.maintainFingerprint(table);
      }
      const random = new SeededRandom(seed);
      for (let turn = 0; turn < 12; turn++) {
        const drawn = Array.from({ length: 1 + turn }, () => draw(random, "t"));
        const texts = (table: string) => drawn.map((sql) => sql.replace(/\bt\b/, table));
        await session.begin("write");
        const together = await told(session, ...texts("one"));
        const single: (number | string)[] = [];
        for (const sql of texts("two")) {
          single.push(await session.run(sql, LIMIT).then(toldBy, toldBy));
        }
        assert.deepEqual(together, single, drawn.join("; "));
        const flushed = await session.flushFingerprints();
        assert.deepEqual(flushed.get("one")?.sum, flushed.get("two")?.sum);
        if (turn % 4 === 3) await session.rollback();
        else await session.commit();
      }
      const [one, two] = [
        await assertInStep(engine, session, "one"),
        await session.fingerprint("two"),
      ];
      assert.deepEqual(one, two);
    });
  }
}

function timeTests(contract: EngineContract, slowSql: string): void {
  const slow = `INSERT INTO t (v) SELECT 'slow' UNION ALL (${slowSql})`;
  const insert = (v: string) => `INSERT INTO t (v) VALUES ('${v}')`;

  tableTest(contract, "the one that runs at the deadline is the last begun", async (session) => {
    const texts = plain(insert("a"), insert("b"), slow, insert("c"));
    const outcomes = await session.runAll(texts, { timeoutMs: 300 });
    assert.deepEqual(outcomes.map(toldBy), [1, 1, "TIMEOUT"]);
    assert.deepEqual([session.usable, session.undone], [true, false]);
    assert.deepEqual(await told(session, insert("d"), insert("e")), [1, 1]);
    assert.deepEqual(await values(session), ["a", "b", "d", "e"]);
  });

  tableTest(contract, "an abort ends the one that runs and those behind it", async (session) => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 100);
    const texts = plain(insert("a"), slow, insert("b"));
    // A deadline too: a query of the embedded engine is not to be aborted while it gives no row.
    const options = { timeoutMs: 1500, signal: controller.signal };
    const [first, second, ...rest] = (await session.runAll(texts, options)).map(toldBy);
    clearTimeout(timer);
    assert.deepEqual([first, rest], [1, []]);
    assert.ok(second === "CANCELLED" || second === "TIMEOUT", String(second));
    assert.deepEqual(await values(session), ["a"]);
  });

  tableTest(contract, "a deadline just at their end does no harm", async (session) => {
    let done = 0;
    for (let turn = 0; turn < 80; turn++) {
      const texts = Array.from({ length: 12 }, () => insert("x"));
      const outcomes = (await session.runAll(plain(...texts), { timeoutMs: turn % 8 })).map(toldBy);
      const failed = outcomes.filter((each) => each !== 1);
      assert.deepEqual(failed, outcomes.length < texts.length ? ["TIMEOUT"] : failed.slice(0, 1));
      done += outcomes.length - failed.length;
    }
    assert.equal((await values(session)).length, done);
  });
}

function lockTests(contract: EngineContract): void {
  const ACCOUNTS = "CREATE TABLE accounts (id INT PRIMARY KEY, balance INT NOT NULL)";
  const add = (id: number) => `UPDATE accounts SET balance = balance + 1 WHERE id = ${id}`;

  engineTest(contract, "a deadlock is the end of all that run together", async (engine) => {
    await withSession(engine, (one) =>
      withSession(engine, async (two) => {
        await runAll(one, ACCOUNTS, "INSERT INTO accounts VALUES (1, 0), (2, 0), (3, 0), (4, 0)");
        await engine.maintainFingerprint("accounts");
        for (const session of [one, two]) await session.begin("write");
        await told(one, add(1), add(1));
        await told(two, add(2), add(2));
        const ends = await Promise.all([
          told(one, add(3), add(2), add(3)),
          told(two, add(4), add(1), add(4)),
        ]);
        const lost = ends[0].includes("SQL 1213") ? 0 : 1;
        const [loser, winner] = (lost === 0 ? [one, two] : [two, one]) as [
          ...[EngineSession, EngineSession],
        ];
        assert.deepEqual(ends[lost], [1, "SQL 1213"]);
        assert.deepEqual(ends[1 - lost], [1, 1, 1]);
        assert.deepEqual([loser.undone, winner.undone], [true, false]);
        await loser.rollback();
        await winner.commit();
        const expected = lost === 0 ? [[1], [2], [0], [2]] : [[2], [1], [2], [0]];
        const sql = "SELECT balance FROM accounts ORDER BY id";
        assert.deepEqual(await rowsOf(loser, sql), expected);
        await assertInStep(engine, loser, "accounts");
      }));
  });

  engineTest(contract, "waiting too long for a lock fails that one only", async (engine) => {
    await withSession(engine, (holder) =>
      withSession(engine, async (waiter) => {
        await runAll(holder, ACCOUNTS, "INSERT INTO accounts VALUES (1, 0), (2, 0), (3, 0)");
        await engine.maintainFingerprint("accounts");
        await holder.begin("write");
        await runAll(holder, add(2));
        await waiter.begin("write");
        assert.deepEqual(await told(waiter, add(1), add(2), add(3)), [1, "SQL 1205", 1]);
        await holder.rollback();
        await waiter.commit();
        const sql = "SELECT balance FROM accounts ORDER BY id";
        assert.deepEqual(await rowsOf(waiter, sql), [[1], [0], [1]]);
        await assertInStep(engine, waiter, "accounts");
      }));
  });
}
