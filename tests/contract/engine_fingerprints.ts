/** Engine contract: fingerprints are kept with the data, whatever becomes of it. */
import assert from "node:assert/strict";
import type { EngineSession, Fingerprint } from "../../src/ports/engine.ts";
import {
  assertInStep,
  assertSqlError,
  type EngineContract,
  engineTest,
  LIMIT,
  runAll,
  sessionTest,
  withSession,
} from "./engine_fixture.ts";

const BOOKS =
  "CREATE TABLE books (id INT PRIMARY KEY, title VARCHAR(50), sold INT NOT NULL DEFAULT 0)";
const THREE = "INSERT INTO books (id, title) VALUES (1, 'a'), (2, 'b'), (3, NULL)";

export function fingerprintContract(contract: EngineContract): void {
  maintainTests(contract);
  statementTests(contract);
  transactionTests(contract);
  savepointTests(contract);
  rangeTests(contract);
}

async function keptOf(session: EngineSession, table = "books"): Promise<Fingerprint> {
  const kept = await session.fingerprint(table);
  assert.ok(kept !== null);
  return kept;
}

function maintainTests(contract: EngineContract): void {
  sessionTest(
    contract,
    "maintenance begins by counting the rows there are",
    async (session, engine) => {
      await runAll(session, BOOKS, THREE);
      assert.equal(await session.fingerprint("books"), null);
      const begun = await engine.maintainFingerprint("books");
      assert.equal(begun.rows, 3);
      assert.deepEqual(await assertInStep(engine, session, "books"), begun);
      assert.deepEqual(await engine.maintainFingerprint("books"), begun, "again changes nothing");
    },
  );

  sessionTest(contract, "an empty table has no rows and the sum 0", async (session, engine) => {
    await runAll(session, BOOKS);
    const { rows, sum } = await engine.maintainFingerprint("books");
    assert.deepEqual([rows, sum], [0, "0"]);
    await runAll(session, THREE, "DELETE FROM books");
    assert.deepEqual([(await keptOf(session)).rows, (await keptOf(session)).sum], [0, "0"]);
  });

  sessionTest(
    contract,
    "after ALTER, TRUNCATE and RENAME it is put right again",
    async (session, engine) => {
      await runAll(session, BOOKS, THREE);
      const before = await engine.maintainFingerprint("books");
      await runAll(session, "ALTER TABLE books ADD COLUMN note TEXT");
      const altered = await engine.maintainFingerprint("books");
      assert.notEqual(altered.schema, before.schema);
      assert.notEqual(altered.sum, before.sum);
      await runAll(session, "UPDATE books SET note = 'n' WHERE id = 2");
      await assertInStep(engine, session, "books");
      await runAll(session, "TRUNCATE TABLE books");
      assert.equal((await engine.maintainFingerprint("books")).rows, 0);
      await runAll(session, THREE, "RENAME TABLE books TO tomes");
      await engine.maintainFingerprint("tomes");
      await engine.forgetFingerprint("books");
      await runAll(session, "DELETE FROM tomes WHERE id = 1");
      assert.equal((await assertInStep(engine, session, "tomes")).rows, 2);
      assert.equal(await session.fingerprint("books"), null);
    },
  );

  sessionTest(contract, "two tables may swap their names", async (session, engine) => {
    await runAll(session, BOOKS, THREE, BOOKS.replace("books", "shadow"));
    await engine.maintainFingerprint("books");
    await engine.maintainFingerprint("shadow");
    await runAll(session, "INSERT INTO shadow (id) VALUES (7)");
    await runAll(session, "RENAME TABLE books TO old, shadow TO books, old TO shadow");
    await engine.maintainFingerprint("books");
    await engine.maintainFingerprint("shadow");
    await runAll(session, "INSERT INTO books (id) VALUES (8)", "DELETE FROM shadow WHERE id = 1");
    assert.equal((await assertInStep(engine, session, "books")).rows, 2);
    assert.equal((await assertInStep(engine, session, "shadow")).rows, 2);
  });

  sessionTest(
    contract,
    "a forgotten table can be written, dropped and made again",
    async (session, engine) => {
      await runAll(session, BOOKS, THREE);
      await engine.maintainFingerprint("books");
      await engine.forgetFingerprint("books");
      assert.equal(await session.fingerprint("books"), null);
      await runAll(session, "DELETE FROM books WHERE id = 1", "DROP TABLE books");
      await engine.forgetFingerprint("books");
      await runAll(session, BOOKS);
      await engine.maintainFingerprint("books");
      await runAll(session, THREE);
      assert.equal((await assertInStep(engine, session, "books")).rows, 3);
    },
  );

  engineTest(contract, "a table that is not there cannot be maintained", async (engine) => {
    await assertSqlError(engine.maintainFingerprint("nowhere"), 1146, "42S02");
    await withSession(engine, async (session) => {
      assert.equal(await session.fingerprint("nowhere"), null);
      await assertSqlError(session.recompute("nowhere", LIMIT), 1146, "42S02");
    });
  });

  sessionTest(contract, "odd names of tables and columns do no harm", async (session, engine) => {
    const table = "we`ird '\" %s ü";
    const quoted = `\`${table.replaceAll("`", "``")}\``;
    await runAll(
      session,
      `CREATE TABLE ${quoted} (\`a b\` INT PRIMARY KEY, \`a\`\`b\` INT, \`B'\` INT, \`select\` INT)`,
    );
    await engine.maintainFingerprint(table);
    await runAll(session, `INSERT INTO ${quoted} VALUES (1, 2, 3, 4)`);
    const kept = await keptOf(session, table);
    assert.equal(kept.rows, 1);
    assert.deepEqual(await session.recompute(table, LIMIT), kept);
  });
}

function statementTests(contract: EngineContract): void {
  const statements = [
    "INSERT INTO books (id, title) VALUES (4, 'd'), (5, 'e')",
    "INSERT INTO books SELECT id + 100, title, sold FROM books",
    "UPDATE books SET sold = sold + 1",
    "UPDATE books SET id = id + 1000 WHERE id > 2",
    "UPDATE books SET title = title",
    "DELETE FROM books WHERE title IS NULL",
    "REPLACE INTO books (id, title) VALUES (1, 'again'), (50, 'new')",
    "INSERT INTO books (id, title) VALUES (1, 'x'), (60, 'y') ON DUPLICATE KEY UPDATE sold = 9",
    "INSERT IGNORE INTO books (id, title) VALUES (1, 'no'), (61, 'yes'), (1, 'no')",
    "DELETE FROM books",
  ];

  sessionTest(contract, "every kind of statement keeps it, alone", async (session, engine) => {
    await runAll(session, BOOKS, THREE);
    await engine.maintainFingerprint("books");
    for (const sql of statements) {
      await runAll(session, sql);
      await assertInStep(engine, session, "books");
    }
  });

  sessionTest(
    contract,
    "every kind of statement keeps it, in a transaction",
    async (session, engine) => {
      await runAll(session, BOOKS, THREE);
      await engine.maintainFingerprint("books");
      await session.begin("write");
      for (const sql of statements.slice(0, -1)) {
        await runAll(session, sql);
        await assertInStep(engine, session, "books");
      }
      const flushed = await session.flushFingerprints();
      await session.commit();
      assert.deepEqual(flushed.get("books"), await assertInStep(engine, session, "books"));
    },
  );

  sessionTest(
    contract,
    "a statement that fails half way leaves it right",
    async (session, engine) => {
      await runAll(session, BOOKS, THREE);
      const before = await engine.maintainFingerprint("books");
      const failing = [
        "INSERT INTO books (id) VALUES (10), (11), (1)",
        "UPDATE books SET id = id + 1 ORDER BY id",
        "REPLACE INTO books (id, title, sold) VALUES (1, 'x', 1), (2, 'y', NULL)",
      ];
      for (const sql of failing) {
        await assert.rejects(session.run(sql, LIMIT));
        assert.deepEqual(await assertInStep(engine, session, "books"), before, sql);
      }
      await session.begin("write");
      await runAll(session, "INSERT INTO books (id) VALUES (20)");
      for (const sql of failing) await assert.rejects(session.run(sql, LIMIT));
      await runAll(session, "UPDATE books SET sold = 5 WHERE id = 20");
      for (const sql of failing) await assert.rejects(session.run(sql, LIMIT));
      await session.commit();
      assert.equal((await assertInStep(engine, session, "books")).rows, 4);
    },
  );
}

function transactionTests(contract: EngineContract): void {
  engineTest(
    contract,
    "a transaction sees its own changes, others once committed",
    async (engine) => {
      await withSession(engine, (writer) =>
        withSession(engine, async (reader) => {
          await runAll(writer, BOOKS, THREE);
          await engine.maintainFingerprint("books");
          await writer.begin("write");
          await runAll(writer, "DELETE FROM books WHERE id = 1");
          assert.equal((await keptOf(writer)).rows, 2);
          assert.equal((await keptOf(reader)).rows, 3);
          const flushed = (await writer.flushFingerprints()).get("books");
          assert.deepEqual(flushed, await keptOf(writer));
          assert.equal((await keptOf(reader)).rows, 3);
          await writer.commit();
          assert.deepEqual(await assertInStep(engine, reader, "books"), flushed);
        }));
    },
  );

  sessionTest(
    contract,
    "a flush tells all that the transaction changed, nothing else",
    async (session, engine) => {
      for (const table of ["a", "b", "c"]) {
        await runAll(session, `CREATE TABLE ${table} (id INT PRIMARY KEY)`);
        await engine.maintainFingerprint(table);
      }
      await session.begin("write");
      assert.equal((await session.flushFingerprints()).size, 0);
      await runAll(session, "INSERT INTO a VALUES (1)", "SELECT * FROM b");
      await assert.rejects(session.run("INSERT INTO c VALUES (1), (1)", LIMIT));
      assert.deepEqual([...(await session.flushFingerprints()).keys()], ["a"]);
      await runAll(session, "INSERT INTO b VALUES (1)");
      const second = await session.flushFingerprints();
      assert.deepEqual([...second.keys()].sort(), ["a", "b"]);
      assert.deepEqual(await session.flushFingerprints(), second, "again writes nothing twice");
      await session.commit();
      for (const table of ["a", "b", "c"]) await assertInStep(engine, session, table);
    },
  );

  sessionTest(
    contract,
    "a rollback takes back what was flushed and what was not",
    async (session, engine) => {
      await runAll(session, BOOKS, THREE);
      const before = await engine.maintainFingerprint("books");
      await session.begin("write");
      await runAll(session, "DELETE FROM books WHERE id = 1");
      await session.flushFingerprints();
      await runAll(session, "DELETE FROM books WHERE id = 2");
      await session.rollback();
      assert.deepEqual(await assertInStep(engine, session, "books"), before);
      await session.begin("write");
      assert.equal((await session.flushFingerprints()).size, 0, "nothing is left over");
      await runAll(session, "DELETE FROM books WHERE id = 3");
      await session.commit();
      assert.equal((await assertInStep(engine, session, "books")).rows, 2);
    },
  );

  sessionTest(contract, "sums beyond 2^53 are exact", async (session, engine) => {
    await runAll(session, "CREATE TABLE t (id INT PRIMARY KEY)");
    await engine.maintainFingerprint("t");
    const rows = Array.from({ length: 1000 }, (_, id) => `(${id})`).join();
    await runAll(session, `INSERT INTO t VALUES ${rows}`);
    for (let step = 1000; step < 64_000; step *= 2) {
      await runAll(session, `INSERT INTO t SELECT id + ${step} FROM t`);
    }
    const { rows: count, sum } = await assertInStep(engine, session, "t");
    assert.equal(count, 64_000);
    assert.ok(BigInt(sum) > 1n << 46n);
  });
}

function savepointTests(contract: EngineContract): void {
  sessionTest(contract, "going back to a savepoint takes it along", async (session, engine) => {
    await runAll(session, BOOKS, THREE, BOOKS.replace("books", "other"));
    await engine.maintainFingerprint("books");
    await engine.maintainFingerprint("other");
    await session.begin("write");
    await session.savepoint("empty");
    await runAll(session, "DELETE FROM books WHERE id = 1");
    await session.savepoint("a");
    await runAll(session, "DELETE FROM books WHERE id = 2", "INSERT INTO other (id) VALUES (1)");
    await session.rollbackTo("a");
    assert.equal((await assertInStep(engine, session, "books")).rows, 2);
    assert.deepEqual([...(await session.flushFingerprints()).keys()], ["books"]);
    await runAll(session, "INSERT INTO other (id) VALUES (2)");
    await session.flushFingerprints();
    await session.rollbackTo("a");
    assert.equal((await keptOf(session, "other")).rows, 0, "flushed behind the savepoint");
    assert.equal((await keptOf(session)).rows, 2, "flushed behind it, changed before it");
    await session.rollbackTo("empty");
    assert.equal((await session.flushFingerprints()).size, 0);
    await runAll(session, "DELETE FROM books WHERE id = 3");
    await session.commit();
    assert.equal((await assertInStep(engine, session, "books")).rows, 2);
    assert.equal((await assertInStep(engine, session, "other")).rows, 0);
  });
}

function rangeTests(contract: EngineContract): void {
  sessionTest(
    contract,
    "ranges of a composite key add up to the whole",
    async (session, engine) => {
      await runAll(
        session,
        "CREATE TABLE t (a INT, b VARCHAR(9), c DECIMAL(5,1), v INT, PRIMARY KEY (b, a, c))",
      );
      const rows = Array.from(
        { length: 300 },
        (_, n) => `(${n % 7}, '${"abcde"[n % 5]}', ${(n % 60) / 2}, ${n})`,
      );
      await runAll(session, `INSERT IGNORE INTO t VALUES ${rows.join()}`);
      const whole = await engine.maintainFingerprint("t");
      const keys = (await session.run("SELECT b, a, c FROM t ORDER BY b, a, c", LIMIT)).rows;
      const bounds = [null, ...keys.filter((_, at) => at % 37 === 5), null];
      let sum = 0n;
      let count = 0;
      for (const [at, after] of bounds.slice(0, -1).entries()) {
        const range = { after, upTo: bounds[at + 1] ?? null };
        const part = await session.recompute("t", { ...LIMIT, range });
        sum += BigInt(part.sum);
        count += part.rows;
        if (at > 0 && at < bounds.length - 2) assert.equal(part.rows, 37);
      }
      assert.deepEqual([count, sum.toString()], [whole.rows, whole.sum]);
    },
  );
}
