/** Engine contract: what goes along with a transaction's last statement, and with its end. */
import assert from "node:assert/strict";
import { MinisqlError } from "../../src/protocol/errors.ts";
import { appliedSql, movedSql, prepareBooks } from "../../src/region/books.ts";
import {
  assertInStep,
  type EngineContract,
  LIMIT,
  rowsOf,
  runAll,
  sessionTest,
} from "./engine_fixture.ts";

export function booksContract(contract: EngineContract): void {
  sessionTest(
    contract,
    "books are committed with the rows, or neither is",
    async (session, engine) => {
      await runAll(
        session,
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(60))",
        "CREATE TABLE _minisql_book (id INT PRIMARY KEY, n INT NOT NULL)",
      );
      await engine.maintainFingerprint("t");
      const stored = async () => [
        await rowsOf(session, "SELECT n FROM _minisql_book"),
        await rowsOf(session, "SELECT v FROM t"),
      ];
      const books = [
        "INSERT INTO _minisql_book VALUES (1, 0) ON DUPLICATE KEY UPDATE n = n + 1",
        "UPDATE _minisql_book SET n = n + 7 WHERE id = 1",
      ];
      await session.begin("write");
      await session.run("INSERT INTO t VALUES (1, 'a')", LIMIT);
      await session.commit(books);
      assert.deepEqual(await stored(), [[[7]], [["a"]]]);
      await session.begin("write");
      await session.run("INSERT INTO t VALUES (2, 'b')", LIMIT);
      const wrong = [...books, "INSERT INTO _minisql_book VALUES (1, 9)"];
      await assert.rejects(session.commit(wrong), { code: "SQL", errno: 1062 });
      await session.rollback();
      assert.deepEqual(await stored(), [[[7]], [["a"]]]);
      assert.equal((await assertInStep(engine, session, "t")).rows, 1);
    },
  );

  sessionTest(
    contract,
    "a region moves on from where it is, and from nowhere else",
    async (session, engine) => {
      await prepareBooks(engine);
      await runAll(session, "CREATE TABLE t (id INT PRIMARY KEY)");
      await engine.maintainFingerprint("t");
      let row = 0;
      const move = async (seq: number) => {
        await session.begin("write");
        await session.run(`INSERT INTO t VALUES (${++row})`, LIMIT);
        await session.commit([movedSql("r", { epoch: 2, seq })]);
      };
      const refused = async (seq: number) => {
        await assert.rejects(move(seq), { code: "SQL", errno: 1048 });
        await session.rollback();
      };
      const applied = () => rowsOf(session, "SELECT epoch, seq, state FROM _minisql_applied");
      await runAll(session, appliedSql("r", { epoch: 1, seq: 4, state: "sound" }));
      await move(5);
      await refused(5);
      await refused(7);
      assert.deepEqual(await applied(), [[2, 5, "sound"]]);
      await runAll(session, appliedSql("r", { epoch: 2, seq: 5, state: "copying" }));
      await refused(6);
      assert.deepEqual(await rowsOf(session, "SELECT id FROM t"), [[1]]);
    },
  );

  sessionTest(contract, "of one statement all is told that it warns of", async (session) => {
    await runAll(session, "CREATE TABLE w (id INT PRIMARY KEY, d DECIMAL(4,1))");
    await session.begin("write");
    const insert = (id: number) => `INSERT INTO w VALUES (${id}, 1.25)`;
    const [outcome] =
      (await session.runAllAndFlush([{ sql: insert(1), context: {} }], LIMIT)).outcomes;
    assert.ok(outcome !== undefined && !(outcome instanceof MinisqlError));
    assert.deepEqual(outcome.result, (await session.run(insert(2), LIMIT)).result);
    await session.rollback();
  });
}
