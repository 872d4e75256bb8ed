/** Engine contract: what a table is, and the hash that tells two apart. */
import assert from "node:assert/strict";
import type { Engine, EngineSession, TableSchema } from "../../src/ports/engine.ts";
import { type EngineContract, engineTest, runAll, sessionTest } from "./engine_fixture.ts";

export function schemaContract(contract: EngineContract): void {
  tableTests(contract);
  factTests(contract);
  hashTests(contract);
}

async function schemaOf(engine: Engine, table: string): Promise<TableSchema> {
  const schema = await engine.schema(table);
  assert.ok(schema !== null, `there is no table ${table}`);
  return schema;
}

function tableTests(contract: EngineContract): void {
  sessionTest(
    contract,
    "tables are listed by name, minisql's own left out",
    async (session, engine) => {
      assert.deepEqual(await engine.tables(), []);
      await runAll(
        session,
        "CREATE TABLE zebra (a INT)",
        "CREATE TABLE `odd ``name`` ü` (a INT)",
        "CREATE TABLE apple (a INT)",
        "CREATE TABLE _minisql_own (a INT)",
        "CREATE VIEW seen AS SELECT a FROM apple",
      );
      await engine.maintainFingerprint("odd `name` ü");
      assert.deepEqual(await engine.tables(), ["apple", "odd `name` ü", "zebra"]);
    },
  );

  engineTest(contract, "a table that is not there has no schema", async (engine) => {
    assert.equal(await engine.schema("nowhere"), null);
  });

  engineTest(contract, "the engine answers a ping and says what it is", async (engine) => {
    await engine.ping(10_000);
    assert.ok(["mariadb", "mysql", "sqlite"].includes(engine.info.vendor));
    assert.match(engine.info.version, /^\d+\.\d+/);
    assert.ok(Object.keys(engine.info.settings).length > 0);
  });
}

function factTests(contract: EngineContract): void {
  sessionTest(contract, "columns are told as declared, in order", async (session, engine) => {
    await runAll(
      session,
      "CREATE TABLE t (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, " +
        "name VARCHAR(40) NOT NULL DEFAULT 'o''neil', price DECIMAL(8,2), " +
        "total DECIMAL(9,2) AS (price * 2) STORED, made DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6))",
    );
    const { columns, name } = await schemaOf(engine, "t");
    assert.equal(name, "t");
    assert.deepEqual(columns.map((column) => [column.name, column.kind, column.nullable]), [
      ["id", "integer", false],
      ["name", "text", false],
      ["price", "decimal", true],
      ["total", "decimal", true],
      ["made", "datetime", true],
    ]);
    const [id, text, price, total, made] = columns as TableSchema["columns"] & { length: 5 };
    assert.match(id?.type ?? "", /^bigint(\(20\))? unsigned$/);
    assert.deepEqual([id?.autoIncrement, text?.autoIncrement], [true, false]);
    assert.deepEqual([text?.type, text?.defaultSql], ["varchar(40)", "'o''neil'"]);
    assert.deepEqual([price?.defaultSql, price?.generatedSql, price?.collation], [
      null,
      null,
      null,
    ]);
    assert.match(total?.generatedSql ?? "", /price/);
    assert.match(made?.defaultSql ?? "", /^current_timestamp\(6\)$/i);
    assert.ok(text?.collation?.startsWith("utf8mb4_"));
  });

  sessionTest(contract, "indexes and foreign keys are told", async (session, engine) => {
    await runAll(
      session,
      "CREATE TABLE p (a INT, b INT, PRIMARY KEY (b, a))",
      "CREATE TABLE c (id INT PRIMARY KEY, x INT, y INT, z INT, UNIQUE KEY u (z, x), " +
        "KEY xy (x, y), CONSTRAINT to_p FOREIGN KEY (x, y) REFERENCES p (b, a) ON DELETE CASCADE)",
    );
    const { indexes, foreignKeys, storage, triggers, createSql } = await schemaOf(engine, "c");
    const told = indexes.map(({ name, unique, columns }) => [name, unique, columns.join()]);
    assert.deepEqual(told.sort(), [
      ["PRIMARY", true, "id"],
      ["u", true, "z,x"],
      ["xy", false, "x,y"],
    ]);
    assert.deepEqual(new Set(indexes.map(({ method }) => method)), new Set(["btree"]));
    assert.equal(foreignKeys.length, 1);
    const [key] = foreignKeys;
    assert.deepEqual(
      [key?.columns, key?.references, key?.onDelete.toUpperCase()],
      [["x", "y"], { table: "p", columns: ["b", "a"] }, "CASCADE"],
    );
    assert.ok(["NO ACTION", "RESTRICT"].includes(key?.onUpdate.toUpperCase() ?? ""));
    assert.equal(storage, storage.toLowerCase());
    assert.deepEqual(triggers, []);
    assert.match(createSql, /^CREATE TABLE/i);
  });

  sessionTest(
    contract,
    "a schema's statement makes the same table again",
    async (session, engine) => {
      await runAll(
        session,
        "CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a VARCHAR(9) DEFAULT 'x', " +
          "b DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3), KEY a (a))",
        "INSERT INTO t (a) VALUES ('y')",
      );
      await engine.maintainFingerprint("t");
      const before = await schemaOf(engine, "t");
      await runAll(session, "DROP TABLE t", before.createSql);
      assert.equal((await schemaOf(engine, "t")).hash, before.hash);
    },
  );
}

/** The hash of a table made by the statement, which is dropped again. */
async function hashOf(engine: Engine, session: EngineSession, create: string): Promise<string> {
  await runAll(session, create);
  const { hash } = await schemaOf(engine, "t");
  await runAll(session, "DROP TABLE t");
  assert.match(hash, /^[0-9a-f]{8}$/);
  return hash;
}

function hashTests(contract: EngineContract): void {
  const plain = "CREATE TABLE t (id INT NOT NULL, a VARCHAR(9) DEFAULT 'x', b INT, " +
    "PRIMARY KEY (id), KEY a (a), KEY b (b))";
  const alike = [
    "create table  t(id int not null primary key,a varchar(9) default 'x',b int,key a(a),key b(b))",
    "CREATE TABLE t (b INT, a VARCHAR(9) DEFAULT 'x', id INT NOT NULL, KEY b (b), KEY a (a), " +
    "PRIMARY KEY (id))",
  ];
  const other = [
    plain.replace("VARCHAR(9)", "VARCHAR(10)"),
    plain.replace("'x'", "'y'"),
    plain.replace("b INT,", "b INT NOT NULL,"),
    plain.replace("b INT,", "b BIGINT,"),
    plain.replace(", KEY b (b)", ""),
    plain.replace("KEY a (a)", "UNIQUE KEY a (a)"),
    plain.replace("KEY a (a)", "KEY a (a, b)"),
    plain.replace("b INT,", "c INT,").replace("(b)", "(c)"),
    plain.replace("id INT NOT NULL", "id INT NOT NULL AUTO_INCREMENT"),
  ];

  sessionTest(
    contract,
    "tables alike have one hash, whatever their order",
    async (session, engine) => {
      const hash = await hashOf(engine, session, plain);
      for (const create of alike) assert.equal(await hashOf(engine, session, create), hash, create);
    },
  );

  sessionTest(contract, "any difference that matters changes the hash", async (session, engine) => {
    const hashes = [await hashOf(engine, session, plain)];
    for (const create of other) hashes.push(await hashOf(engine, session, create));
    assert.equal(new Set(hashes).size, hashes.length, hashes.join());
  });

  sessionTest(
    contract,
    "rows, counters and maintenance do not change the hash",
    async (session, engine) => {
      await runAll(session, "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a INT)");
      const { hash } = await schemaOf(engine, "t");
      await runAll(session, "INSERT INTO t (a) VALUES (1), (2)");
      assert.equal((await schemaOf(engine, "t")).hash, hash);
      const kept = await engine.maintainFingerprint("t");
      const after = await schemaOf(engine, "t");
      assert.deepEqual([after.hash, kept.schema, after.triggers], [hash, hash, []]);
    },
  );
}
