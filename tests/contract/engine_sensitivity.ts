/** Engine contract: contents that differ have fingerprints that differ, and equal ones equal. */
import assert from "node:assert/strict";
import type { Engine, EngineSession } from "../../src/ports/engine.ts";
import { assertInStep, type EngineContract, runAll, sessionTest } from "./engine_fixture.ts";

/** Pairs of contents that weak checksums take for one. `buckeroo` and `plumless` share a CRC32. */
const PAIRS: readonly (readonly [string, string, string])[] = [
  [
    "values swapped between rows",
    "(1, 'alice', '100'), (2, 'bob', '200')",
    "(1, 'alice', '200'), (2, 'bob', '100')",
  ],
  ["values swapped between columns", "(1, 'a', 'b')", "(1, 'b', 'a')"],
  ["NULL and empty text", "(1, NULL, 'x')", "(1, '', 'x')"],
  ["NULL in another column", "(1, NULL, 'x')", "(1, 'x', NULL)"],
  ["NULL and the letter N", "(1, NULL, '')", "(1, 'N', '')"],
  ["NULL and 0", "(1, NULL, '')", "(1, '0', '')"],
  ["a moved separator", "(1, 'a,b', 'c')", "(1, 'a', 'b,c')"],
  ["a moved boundary", "(1, 'ab', 'c')", "(1, 'a', 'bc')"],
  ["a value that looks like a length", "(1, '1:x', '')", "(1, '', '1:x')"],
  ["upper and lower case", "(1, 'a', 'b')", "(1, 'A', 'b')"],
  ["trailing space", "(1, 'a', 'b')", "(1, 'a ', 'b')"],
  ["accents", "(1, 'e', 'b')", "(1, 'é', 'b')"],
  ["texts of one CRC32", "(1, 'plumless', 'b')", "(1, 'buckeroo', 'b')"],
  ["a duplicate row", "(1, 'a', 'b')", "(1, 'a', 'b'), (1, 'a', 'b')"],
  ["two duplicates and none", "(1, 'a', 'b'), (1, 'a', 'b')", "(2, 'c', 'd')"],
  ["a transfer of 20", "(1, '10', NULL), (2, '1169', NULL)", "(1, '30', NULL), (2, '1149', NULL)"],
  ["four that cancel out", "(1, 'aa', 'x'), (2, 'bb', 'x')", "(1, 'ab', 'x'), (2, 'ba', 'x')"],
  ["a zero byte", "(1, 'a', '')", "(1, 'a\\0', '')"],
];

export function sensitivityContract(contract: EngineContract): void {
  sessionTest(
    contract,
    "contents that weak checksums confuse are told apart",
    async (session, engine) => {
      await runAll(session, "CREATE TABLE t (id INT, a VARCHAR(20), b VARCHAR(20))");
      await engine.maintainFingerprint("t");
      for (const [what, one, other] of PAIRS) {
        const first = await contentOf(engine, session, one);
        const second = await contentOf(engine, session, other);
        assert.notEqual(first, second, what);
      }
    },
  );

  sessionTest(contract, "the order of rows does not matter", async (session, engine) => {
    await runAll(session, "CREATE TABLE t (id INT, a VARCHAR(20), b VARCHAR(20))");
    await engine.maintainFingerprint("t");
    const rows = ["(1, 'a', NULL)", "(2, 'b', 'c')", "(2, 'b', 'c')", "(3, NULL, '')"];
    const forwards = await contentOf(engine, session, rows.join());
    assert.equal(await contentOf(engine, session, rows.toReversed().join()), forwards);
  });

  sessionTest(
    contract,
    "the order and case of columns does not matter",
    async (session, engine) => {
      await runAll(
        session,
        "CREATE TABLE one (id INT PRIMARY KEY, b_2 VARCHAR(9), B1 INT, a DATETIME(3))",
        "CREATE TABLE two (a DATETIME(3), B1 INT, id INT PRIMARY KEY, b_2 VARCHAR(9))",
        "INSERT INTO one VALUES (1, 'x', 7, '2024-01-01'), (2, NULL, NULL, NULL)",
        "INSERT INTO two VALUES (NULL, NULL, 2, NULL), ('2024-01-01', 7, 1, 'x')",
      );
      const one = await engine.maintainFingerprint("one");
      const two = await engine.maintainFingerprint("two");
      assert.deepEqual(two, one);
      await runAll(session, "UPDATE one SET B1 = 8", "UPDATE two SET B1 = 8");
      assert.deepEqual(
        await assertInStep(engine, session, "two"),
        await assertInStep(engine, session, "one"),
      );
    },
  );
}

async function contentOf(engine: Engine, session: EngineSession, rows: string): Promise<string> {
  await runAll(session, "DELETE FROM t", `INSERT INTO t VALUES ${rows}`);
  const { rows: count, sum } = await assertInStep(engine, session, "t");
  return `${count}:${sum}`;
}
