/** Engine contract: single statements, their values, contexts and errors. */
import assert from "node:assert/strict";
import {
  assertRefused,
  assertSqlError,
  type EngineContract,
  LIMIT,
  rowsOf,
  runAll,
  runWith,
  sessionTest,
} from "./engine_fixture.ts";

const BOOKS =
  "CREATE TABLE books (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(50) NOT NULL, " +
  "isbn VARCHAR(20), UNIQUE (isbn))";

export function statementContract(contract: EngineContract): void {
  valueTests(contract);
  resultTests(contract);
  contextTests(contract);
  errorTests(contract);
}

function valueTests(contract: EngineContract): void {
  sessionTest(contract, "values keep their meaning, whatever their size", async (session) => {
    await runAll(
      session,
      "CREATE TABLE v (a BIGINT, b BIGINT UNSIGNED, c DECIMAL(65,30), d DOUBLE, e VARBINARY(9), " +
        "f VARCHAR(9), g DATETIME(6), h TIME(3), i DATE, j INT)",
      "INSERT INTO v VALUES (-9223372036854775808, 18446744073709551615, " +
        "-12345678901234567890123456789012345.123456789012345678901234567890, " +
        "1.7976931348623157e308, x'00ff27', '¿😀''', '2024-02-29 23:59:59.000001', " +
        "'-101:02:03.004', '2024-02-29', 9007199)",
    );
    const { columns, rows } = await session.run("SELECT * FROM v", LIMIT);
    assert.deepEqual(columns.map(({ name, kind }) => `${name} ${kind}`), [
      ...["a integer", "b integer", "c decimal", "d float", "e bytes", "f text"],
      ...["g datetime", "h time", "i date", "j integer"],
    ]);
    assert.deepEqual(rows, [[
      ...["-9223372036854775808", "18446744073709551615"],
      "-12345678901234567890123456789012345.123456789012345678901234567890",
      ...[1.7976931348623157e308, Uint8Array.of(0, 255, 39), "¿😀'"],
      ...["2024-02-29 23:59:59.000001", "-101:02:03.004", "2024-02-29", 9007199],
    ]]);
  });

  sessionTest(
    contract,
    "a zero byte in a text is one in the bytes that it becomes",
    async (session) => {
      await runAll(
        session,
        "CREATE TABLE v (a BLOB, b VARBINARY(9), c BINARY(4), d BIT(32), e VARCHAR(9), f BLOB)",
        "INSERT INTO v VALUES ('a\\0b', 'a\\0b', 'a\\0b', 'a\\0b', 'a\\0b', _binary 'a\\0b')",
      );
      const { rows } = await session.run("SELECT * FROM v", LIMIT);
      const bytes = Uint8Array.of(97, 0, 98);
      assert.deepEqual(rows, [[
        ...[bytes, bytes, Uint8Array.of(97, 0, 98, 0), Uint8Array.of(0, 97, 0, 98)],
        ...["a\0b", bytes],
      ]]);
    },
  );

  sessionTest(contract, "columns say what they hold as declared", async (session) => {
    await runAll(
      session,
      "CREATE TABLE v (a INT UNSIGNED NOT NULL, b VARCHAR(20), c DECIMAL(10,2), d DATETIME(3))",
    );
    const { columns } = await session.run("SELECT * FROM v", LIMIT);
    assert.deepEqual(columns.map(({ type }) => type?.replace(/^int\(\d+\)/, "int")), [
      ...["int unsigned", "varchar(20)", "decimal(10,2)", "datetime(3)"],
    ]);
    assert.deepEqual(columns.map(({ nullable }) => nullable), [false, true, true, true]);
  });

  sessionTest(contract, "NULL, empty text and columns of one name stay apart", async (session) => {
    const { columns, rows } = await session.run("SELECT NULL AS a, '' AS a, 'x' AS b", LIMIT);
    assert.deepEqual(columns.map(({ name }) => name), ["a", "a", "b"]);
    assert.deepEqual(rows, [[null, "", "x"]]);
  });
}

function resultTests(contract: EngineContract): void {
  sessionTest(contract, "what a statement warns of is told with its result", async (session) => {
    await runAll(
      session,
      "CREATE TABLE w (id INT PRIMARY KEY, n TINYINT NOT NULL, t VARCHAR(3), d DECIMAL(4,1))",
      "INSERT INTO w VALUES (1, 1, 'a', 0)",
    );
    const told = async (sql: string) => {
      const { result } = await session.run(sql, LIMIT);
      return (result.conditions ?? []).map(({ level, code, message }) =>
        `${level} ${code} ${message.replace("'w.PRIMARY'", "'PRIMARY'")}`
      );
    };
    const ignoring = "INSERT IGNORE INTO w VALUES (1, 1, 'b', 0), (2, 999, 'long', 0)";
    await session.begin("write");
    assert.deepEqual(await told(ignoring), [
      "Warning 1062 Duplicate entry '1' for key 'PRIMARY'",
      "Warning 1264 Out of range value for column 'n' at row 2",
      "Warning 1265 Data truncated for column 't' at row 2",
    ]);
    assert.deepEqual(await told("INSERT INTO w VALUES (3, 1, 'c', 1.25)"), [
      "Note 1265 Data truncated for column 'd' at row 1",
    ]);
    assert.deepEqual(await told("INSERT IGNORE INTO w (id) VALUES (4)"), [
      "Warning 1364 Field 'n' doesn't have a default value",
    ]);
    assert.deepEqual(await told("UPDATE w SET d = 2 WHERE id = 1"), []);
    await session.commit();
    assert.deepEqual(await rowsOf(session, "SELECT * FROM w WHERE id = 2"), [[
      2,
      127,
      "lon",
      "0.0",
    ]]);
  });

  sessionTest(contract, "a statement tells what it changed, as MySQL counts", async (session) => {
    await runAll(session, BOOKS);
    const insert = await session.run(
      "INSERT INTO books (title) VALUES ('a'), ('b'), ('c')",
      LIMIT,
    );
    assert.deepEqual([insert.columns, insert.rows], [[], []]);
    assert.deepEqual([insert.result.affected, insert.result.insertId], [3, "1"]);
    const same = await session.run("UPDATE books SET title = 'b' WHERE id <= 2", LIMIT);
    assert.equal(same.result.affected, 1, "a row set to what it was is not changed");
    assert.ok([null, undefined].includes(same.result.insertId as null));
    const gone = await session.run("DELETE FROM books WHERE id > 1", LIMIT);
    assert.equal(gone.result.affected, 2);
    assert.equal((await session.run("SELECT * FROM books", LIMIT)).result.affected, 0);
  });

  sessionTest(contract, "an AUTO_INCREMENT value beyond 2^53 is told exactly", async (session) => {
    await runAll(
      session,
      "CREATE TABLE big (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, v INT)",
    );
    await runAll(session, "INSERT INTO big VALUES (9007199254740993, 1)");
    const { result } = await session.run("INSERT INTO big (v) VALUES (2)", LIMIT);
    assert.equal(result.insertId, "9007199254740994");
  });
}

function contextTests(contract: EngineContract): void {
  sessionTest(contract, "NOW() is the context's moment to the microsecond", async (session) => {
    const moment = { timestampMicros: 1_700_000_000_123_456 };
    const sql = "SELECT CAST(NOW(6) AS CHAR), CAST(CURRENT_TIMESTAMP AS CHAR)";
    assert.deepEqual(await runWith(session, moment, sql), [
      ["2023-11-14 22:13:20.123456", "2023-11-14 22:13:20"],
    ]);
    const [[after]] = await rowsOf(session, "SELECT CAST(NOW() AS CHAR)") as [[string]];
    assert.ok(after > "2025-01-01", `the next statement has the time of day again, not ${after}`);
  });

  sessionTest(contract, "INSERT_ID is drawn by one statement and no other", async (session) => {
    await runAll(session, BOOKS);
    const at = { insertId: "40" };
    await runWith(session, at, "INSERT INTO books (title) VALUES ('a'), ('b')");
    await runAll(session, "INSERT INTO books (title) VALUES ('c')");
    await runWith(session, { insertId: "90" }, "UPDATE books SET title = 'd' WHERE id = 42");
    await runAll(session, "INSERT INTO books (title) VALUES ('e')");
    assert.deepEqual(await rowsOf(session, "SELECT id FROM books ORDER BY id"), [
      ...[[40], [41], [42], [43]],
    ]);
  });

  sessionTest(contract, "LAST_INSERT_ID() is the context's", async (session) => {
    const rows = await runWith(session, { lastInsertId: "77" }, "SELECT LAST_INSERT_ID()");
    assert.deepEqual(rows, [[77]]);
  });

  sessionTest(contract, "RAND() repeats with the same seeds, not without", async (session) => {
    const seeds = { randSeed1: 1_234_567, randSeed2: 7_654_321 };
    const first = await runWith(session, seeds, "SELECT RAND(), RAND()");
    await rowsOf(session, "SELECT RAND()");
    assert.deepEqual(await runWith(session, seeds, "SELECT RAND(), RAND()"), first);
    assert.notDeepEqual(await rowsOf(session, "SELECT RAND(), RAND()"), first);
  });

  sessionTest(contract, "foreign keys can be unchecked for one statement", async (session) => {
    await runAll(
      session,
      "CREATE TABLE p (id INT PRIMARY KEY)",
      "CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id))",
    );
    await runWith(session, { foreignKeyChecks: false }, "INSERT INTO c VALUES (1, 5)");
    await assertSqlError(session.run("INSERT INTO c VALUES (2, 6)", LIMIT), 1452, "23000");
  });

  sessionTest(contract, "a failed statement's context does not outlive it", async (session) => {
    await runAll(session, BOOKS, "INSERT INTO books VALUES (1, 'a', 'x')");
    const context = { timestampMicros: 1_000_000_000_000_000, insertId: "70", randSeed1: 1 };
    const sql = "INSERT INTO books (title, isbn) VALUES (NOW(), 'x')";
    await assertSqlError(session.run(sql, { ...LIMIT, context }), 1062, "23000");
    await runAll(session, "INSERT INTO books (title) VALUES (NOW())");
    const [[id, title]] = await rowsOf(
      session,
      "SELECT id, title FROM books ORDER BY id DESC LIMIT 1",
    ) as [[number, string]];
    assert.ok(id < 70 && title > "2025", `got ${id} at ${title}`);
  });

  sessionTest(contract, "rows are copied as they stand", async (session) => {
    await runAll(session, "CREATE TABLE z (id INT AUTO_INCREMENT PRIMARY KEY, d DATE, v INT)");
    await session.run("INSERT INTO z VALUES (0, '0000-00-00', 1)", { ...LIMIT, copying: true });
    assert.deepEqual(await rowsOf(session, "SELECT id, CAST(d AS CHAR) FROM z"), [
      [0, "0000-00-00"],
    ]);
    const { result } = await session.run("INSERT INTO z VALUES (0, NULL, 2)", LIMIT);
    assert.equal(result.insertId, "1", "the next statement draws a value again");
  });
}

function errorTests(contract: EngineContract): void {
  sessionTest(contract, "errors have MySQL's number and state; the session goes on", async (s) => {
    await runAll(s, BOOKS, "INSERT INTO books VALUES (1, 'a', 'x')");
    const run = (sql: string) => s.run(sql, LIMIT);
    await assertSqlError(run("INSERT INTO books VALUES (1, 'b', 'y')"), 1062, "23000");
    await assertSqlError(run("SELECT * FROM no_such_table"), 1146, "42S02");
    await assertSqlError(run("SELEC 1"), 1064, "42000");
    await assertSqlError(run("SELECT no_such_column FROM books"), 1054, "42S22");
    await assertSqlError(run("INSERT INTO books (title) VALUES (NULL)"), 1048, "23000");
    await assertSqlError(run(BOOKS), 1050, "42S01");
    assert.equal(s.usable, true);
    assert.deepEqual(await rowsOf(s, "SELECT COUNT(*) FROM books"), [[1]]);
  });

  sessionTest(contract, "the message is MySQL's own", async (session) => {
    const error = await session.run("SELECT 1 FROM nowhere", LIMIT).catch((error) => error);
    assert.match(error.message, /^Table '.*nowhere' doesn't exist$/);
  });

  sessionTest(contract, "values that do not fit are refused, not cut", async (session) => {
    await runAll(session, "CREATE TABLE n (a TINYINT, b VARCHAR(3))");
    await assertSqlError(session.run("INSERT INTO n (a) VALUES (300)", LIMIT), 1264, "22003");
    await assertSqlError(session.run("INSERT INTO n (b) VALUES ('abcd')", LIMIT), 1406, "22001");
    assert.deepEqual(await rowsOf(session, "SELECT COUNT(*) FROM n"), [[0]]);
  });

  sessionTest(contract, "transactions are not begun or ended by statements", async (session) => {
    const statements = ["BEGIN", "start transaction", "COMMIT", "/* x */ ROLLBACK"];
    for (const sql of [...statements, "SAVEPOINT a", "RELEASE SAVEPOINT a", "XA START 'a'"]) {
      await assertRefused(session.run(sql, LIMIT), "BAD_REQUEST");
    }
    assert.deepEqual(await rowsOf(session, "SELECT 1"), [[1]]);
  });

  sessionTest(contract, "one text is one statement", async (session) => {
    await runAll(session, "CREATE TABLE n (a INT)");
    const sql = "INSERT INTO n VALUES (1); INSERT INTO n VALUES (2)";
    await assertSqlError(session.run(sql, LIMIT), 1064, "42000");
    assert.deepEqual(await rowsOf(session, "SELECT COUNT(*) FROM n"), [[0]]);
  });
}
