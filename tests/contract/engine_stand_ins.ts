/** Engine contract: sessions with tables of their own in the place of others. */
import assert from "node:assert/strict";
import type { Engine, EngineSession, StandIn } from "../../src/ports/engine.ts";
import { insertSql } from "../../src/region/copy/row_sql.ts";
import { exactSelectList } from "../../src/sql/fingerprint.ts";
import { TYPE_CASES, type TypeCase } from "./engine_type_cases.ts";
import {
  assertSqlError,
  type EngineContract,
  engineTest,
  LIMIT,
  rowsOf,
  runAll,
  sessionTest,
  withSession,
} from "./engine_fixture.ts";

export function standInContract(contract: EngineContract): void {
  standInVisibility(contract);
  hiddenTests(contract);
  typeTests(contract);
}

const ITEM: StandIn = {
  name: "item",
  columns: [
    {
      name: "id",
      kind: "integer",
      type: "int",
      nullable: false,
      collation: null,
      invisible: false,
    },
    {
      ...{ name: "name", kind: "text", type: "varchar(20)", nullable: true },
      ...{ collation: "utf8mb4_general_ci", invisible: false },
    },
  ],
  indexes: [{ name: "PRIMARY", unique: true, columns: ["id"], method: "btree" }],
};

async function withStandIns(
  engine: Engine,
  standIns: readonly StandIn[],
  body: (session: EngineSession) => Promise<void>,
): Promise<void> {
  const session = await engine.sessionWith(standIns);
  try {
    await body(session);
  } finally {
    await session.close();
  }
}

export function standInVisibility(contract: EngineContract): void {
  sessionTest(contract, "a stand-in is seen by its session alone", async (session, engine) => {
    await runAll(
      session,
      "CREATE TABLE item (id INT PRIMARY KEY, name VARCHAR(20))",
      "INSERT INTO item VALUES (7, 'original')",
    );
    await withStandIns(engine, [ITEM], async (own) => {
      await runAll(own, "INSERT INTO item VALUES (1, 'a'), (2, NULL)");
      assert.deepEqual(await rowsOf(session, "SELECT id FROM item"), [[7]]);
      await own.begin("snapshot");
      assert.deepEqual(await rowsOf(own, "SELECT id, name FROM item ORDER BY id"), [
        [1, "a"],
        [2, null],
      ]);
      await own.rollback();
      await withStandIns(engine, [ITEM], async (another) => {
        assert.deepEqual(await rowsOf(another, "SELECT id FROM item"), []);
      });
    });
    assert.deepEqual(await rowsOf(session, "SELECT id, name FROM item"), [[7, "original"]]);
  });

  engineTest(
    contract,
    "a stand-in needs no original, and leaves nothing behind",
    async (engine) => {
      await withStandIns(engine, [ITEM], async (own) => {
        await runAll(own, "INSERT INTO item VALUES (1, 'a')");
        assert.deepEqual(await rowsOf(own, "SELECT name FROM item"), [["a"]]);
      });
      assert.deepEqual(await engine.tables(), []);
      await withSession(engine, async (session) => {
        await assertSqlError(session.run("SELECT name FROM item", LIMIT), 1146, "42S02");
      });
    },
  );

  sessionTest(
    contract,
    "beside stand-ins other tables are of one moment",
    async (session, engine) => {
      await runAll(
        session,
        "CREATE TABLE side (id INT PRIMARY KEY)",
        "INSERT INTO side VALUES (1)",
      );
      await engine.maintainFingerprint("side");
      await withStandIns(engine, [ITEM], async (own) => {
        await own.begin("snapshot");
        assert.deepEqual(await rowsOf(own, "SELECT id FROM side"), [[1]]);
        await runAll(session, "INSERT INTO side VALUES (2)");
        assert.deepEqual(await rowsOf(own, "SELECT id FROM side"), [[1]]);
        assert.equal((await own.fingerprint("side"))?.rows, 1);
        await own.rollback();
      });
    },
  );
}

function typeTests(contract: EngineContract): void {
  for (const [at, each] of TYPE_CASES.entries()) {
    if (contract.can.refusedTypes.includes(each.name)) continue;
    sessionTest(
      contract,
      `a stand-in is like its original: ${at} ${each.name}`,
      async (session, engine) => {
        await compare(engine, session, each);
      },
    );
  }
}

function hiddenTests(contract: EngineContract): void {
  sessionTest(
    contract,
    "what an original hides or keys its rows by, a stand-in does",
    async (session, engine) => {
      const hidden =
        "CREATE TABLE t (v INT, id INT NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY, " +
        "s TEXT, wide VARCHAR(700), w INT INVISIBLE DEFAULT 3, KEY (s(5)), KEY (wide), KEY (v, w))";
      await runAll(
        session,
        hidden,
        "INSERT INTO t (v, s, wide) VALUES (1, 'a', 'x'), (2, 'b', 'y')",
      );
      const schema = await engine.schema("t");
      assert.ok(schema !== null);
      const { rows } = await session.run(`SELECT ${exactSelectList(schema.columns)} FROM t`, LIMIT);
      await withStandIns(engine, [schema], async (own) => {
        await own.run(insertSql(schema, rows), { ...LIMIT, copying: true });
        for (const sql of ["SELECT * FROM t ORDER BY v", "SELECT id, w FROM t ORDER BY id"]) {
          assert.deepEqual(await rowsOf(own, sql), await rowsOf(session, sql), sql);
        }
      });
    },
  );
}

/** Whatever is asked of it, values, their order and which of them are equal. */
const QUESTIONS = [
  "SELECT * FROM t ORDER BY v, id",
  "SELECT id, v FROM t ORDER BY v DESC, id",
  "SELECT COUNT(*), COUNT(DISTINCT v) FROM t",
  "SELECT a.id, b.id FROM t a JOIN t b ON a.v = b.v ORDER BY a.id, b.id",
];

async function compare(engine: Engine, session: EngineSession, each: TypeCase): Promise<void> {
  const copying = { ...LIMIT, copying: true };
  await session.run(`CREATE TABLE t (id INT PRIMARY KEY, ${each.column}, KEY (id))`, LIMIT);
  const target = /^u /.test(each.column) && !/INVISIBLE/.test(each.column) ? "u" : "v";
  const values = each.values.map((value, id) => `(${id}, ${value})`).join();
  await session.run(`INSERT INTO t (id, ${target}) VALUES ${values}`, copying);
  const schema = await engine.schema("t");
  assert.ok(schema !== null);
  const columns = schema.columns.map((column) => ({ ...column, generatedSql: null }));
  const { rows } = await session.run(`SELECT ${exactSelectList(columns)} FROM t`, LIMIT);
  await withStandIns(engine, [{ ...schema, columns }], async (own) => {
    await own.run(insertSql({ ...schema, columns }, rows), copying);
    for (const sql of QUESTIONS) {
      const [there, here] = [await session.run(sql, LIMIT), await own.run(sql, LIMIT)];
      assert.deepEqual(here.rows, there.rows, sql);
      const kinds = (result: typeof here) => result.columns.map(({ name, kind }) => [name, kind]);
      assert.deepEqual(kinds(here), kinds(there), sql);
    }
  });
}
