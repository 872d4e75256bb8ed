/** What the engine does on MariaDB beyond its contract: pins, foreign writers, routines, limits. */
import assert from "node:assert/strict";
import type { Connection } from "mysql2/promise";
import { type MariadbServer, startMariadb } from "../scripts/services/mariadb.ts";
import type { MysqlEngineOptions } from "../src/adapters/mysql/options.ts";
import type { Engine, EngineSession } from "../src/ports/engine.ts";
import {
  assertInStep,
  assertRefused,
  assertSqlError,
  LIMIT,
  rowsOf,
  runAll,
} from "./contract/engine_fixture.ts";
import { administer, openAdmin, openMariadbEngine } from "./support/mariadb_engines.ts";
import { until } from "./support/wait.ts";

let shared: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await shared?.stop();
});

/** Set as badly as a server can be, so that whatever is right is so because it is pinned. */
const ODD_SETTINGS = [
  ...["autocommit = 0", "auto_increment_increment = 7", "auto_increment_offset = 3"],
  ...["character_set_server = latin1", "completion_type = CHAIN", "time_zone = 'Europe/Paris'"],
  ...["default_week_format = 3", "div_precision_increment = 9", "foreign_key_checks = 0"],
  ...["group_concat_max_len = 100", "lc_time_names = 'fr_FR'", "innodb_lock_wait_timeout = 2"],
  ...["tx_isolation = 'READ-COMMITTED'", "unique_checks = 0", "sql_select_limit = 3"],
  "sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'",
];

interface Stage {
  readonly engine: Engine;
  readonly session: EngineSession;
  readonly foreign: Connection;
}

/** A test with an engine, a session and a connection that knows nothing of minisql. */
function mysqlTest(
  what: string,
  body: (stage: Stage) => Promise<void>,
  with_: Partial<MysqlEngineOptions> = {},
): void {
  Deno.test(`mysql engine: ${what}`, async () => {
    shared ??= await startOdd();
    const { engine, database, close } = await openMariadbEngine(shared, with_);
    const foreign = await openAdmin(shared, database);
    try {
      await body({ engine, session: await engine.session(), foreign });
    } finally {
      await foreign.end();
      await close();
    }
  });
}

/** Time zones by name must be loaded before one can be the server's. */
async function startOdd(): Promise<MariadbServer> {
  const server = await startMariadb({ name: "engine-odd" });
  const settings = ODD_SETTINGS.map((setting) => `SET GLOBAL ${setting}`);
  await administer(server, ...PARIS, ...settings);
  return server;
}

/** Summer time in Paris ended on 27 October 2024 at 01:00 UTC. */
const PARIS = [
  "INSERT INTO mysql.time_zone (Time_zone_id, Use_leap_seconds) VALUES (1, 'N')",
  "INSERT INTO mysql.time_zone_name VALUES ('Europe/Paris', 1)",
  "INSERT INTO mysql.time_zone_transition_type VALUES (1, 0, 3600, 0, 'CET'), (1, 1, 7200, 1, 'CEST')",
  "INSERT INTO mysql.time_zone_transition VALUES (1, 1711846800, 1), (1, 1729990800, 0)",
];

mysqlTest("sessions are alike, whatever the server's own settings", async ({ session }) => {
  const [values] = await rowsOf(
    session,
    "SELECT @@autocommit, @@auto_increment_increment, @@auto_increment_offset, @@time_zone, " +
      "@@sql_mode, @@completion_type, @@div_precision_increment, @@foreign_key_checks, " +
      "@@group_concat_max_len, @@lc_time_names, @@tx_isolation, @@character_set_client, " +
      "@@character_set_results, @@collation_connection, @@default_week_format, 0.1 + 0.2",
  );
  assert.deepEqual(values, [
    ...[1, 1, 1, "+00:00"],
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE," +
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
    ...["NO_CHAIN", 4, 1, 1_048_576, "en_US", "REPEATABLE-READ", "utf8mb4", "utf8mb4"],
    ...["utf8mb4_unicode_ci", 0, "0.3"],
  ]);
});

mysqlTest("settings that copies must share are told", ({ engine }) => {
  const { vendor, version, settings } = engine.info;
  assert.equal(vendor, "mariadb");
  assert.match(version, /MariaDB/);
  const told = {
    ...{ time_zone: "+00:00", collation_server: "latin1_swedish_ci", sysdate_is_now: "OFF" },
    ...{ lower_case_table_names: "0", innodb_autoinc_lock_mode: "1", time_zone_tables: "OFF" },
    ...{ event_scheduler: "OFF", tx_isolation: "REPEATABLE-READ" },
  };
  for (const [name, value] of Object.entries(told)) assert.equal(settings[name], value, name);
  return Promise.resolve();
});

mysqlTest("writes on a foreign connection show at once, however it is set", async (stage) => {
  const { engine, session, foreign } = stage;
  await runAll(
    session,
    "CREATE TABLE t (id INT PRIMARY KEY, c CHAR(9), v VARCHAR(9) CHARACTER SET latin1, " +
      "ts TIMESTAMP(3) NULL, tm TIMESTAMP NULL, d DOUBLE, b BIT(9), e ENUM('é', 'a')) " +
      "DEFAULT CHARSET utf8mb4",
  );
  const { sum } = await engine.maintainFingerprint("t");
  for (const charset of ["latin1", "utf8mb4"]) {
    await foreign.query(`SET NAMES ${charset}`);
    await foreign.query(
      "REPLACE INTO t VALUES (1, 'ab', 'é', '2024-10-27 02:30:00.5', FROM_UNIXTIME(1729992600), " +
        "0.1, b'101', 2), (2, ' a', '', FROM_UNIXTIME(1729989000), 0, 1e300, b'1', NULL)",
    );
    await foreign.query("COMMIT");
    assert.notEqual((await assertInStep(engine, session, "t")).sum, sum);
  }
  await foreign.query("UPDATE t SET ts = ts + INTERVAL 1 HOUR, c = CONCAT(c, 'é')");
  await foreign.query("ROLLBACK");
  await assertInStep(engine, session, "t");
  await foreign.query("DELETE FROM t");
  assert.equal((await session.fingerprint("t"))?.rows, 2, "not before it is committed");
  await foreign.query("COMMIT");
  assert.deepEqual((await assertInStep(engine, session, "t")).rows, 0);
});

mysqlTest("foreign writers and our transactions add up", async ({ engine, session, foreign }) => {
  await runAll(session, "CREATE TABLE t (id INT PRIMARY KEY)");
  await engine.maintainFingerprint("t");
  await session.begin("write");
  await runAll(session, "INSERT INTO t VALUES (1), (2)");
  await foreign.query("INSERT INTO t VALUES (3)");
  await foreign.query("COMMIT");
  await session.savepoint("a");
  await runAll(session, "INSERT INTO t VALUES (4)");
  await session.rollbackTo("a");
  await session.commit();
  assert.equal((await assertInStep(engine, session, "t")).rows, 3);
});

mysqlTest("triggers of the table's user coexist and may fail", async ({ engine, session }) => {
  await runAll(
    session,
    "CREATE TABLE t (id INT PRIMARY KEY, v INT)",
    "CREATE TABLE audit (n INT AUTO_INCREMENT PRIMARY KEY, id INT, what VARCHAR(9))",
    "CREATE TRIGGER first AFTER INSERT ON t FOR EACH ROW INSERT INTO audit (id, what) " +
      "VALUES (NEW.id, 'in')",
    "CREATE TRIGGER odd BEFORE UPDATE ON t FOR EACH ROW SET NEW.v = NEW.v * 2",
    "CREATE TRIGGER guard AFTER INSERT ON t FOR EACH ROW IF NEW.v = 13 THEN " +
      "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not 13'; END IF",
  );
  for (const table of ["t", "audit"]) await engine.maintainFingerprint(table);
  assert.deepEqual((await engine.schema("t"))?.triggers.toSorted(), ["first", "guard", "odd"]);
  const insert = "INSERT INTO t VALUES (1, 1), (2, 2), (3, 13)";
  await assertSqlError(session.run(insert, LIMIT), 1644, "45000");
  await session.begin("write");
  await runAll(session, "INSERT INTO t VALUES (5, 5)");
  await assertSqlError(session.run(insert, LIMIT), 1644, "45000");
  await runAll(session, "UPDATE t SET v = v + 1", "INSERT INTO t VALUES (6, 6)");
  assert.deepEqual([...(await session.flushFingerprints()).keys()].sort(), ["audit", "t"]);
  await session.commit();
  for (const table of ["t", "audit"]) {
    assert.equal((await assertInStep(engine, session, table)).rows, 2);
  }
  await engine.maintainFingerprint("t");
  const order = await rowsOf(
    session,
    "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_TABLE = 't' AND " +
      "EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_MANIPULATION = 'INSERT' ORDER BY ACTION_ORDER",
  );
  assert.match(order[0]?.[0] as string, /^_minisql_/, "ours comes first");
});

mysqlTest("procedures and functions that swallow errors are counted right", async (stage) => {
  const { engine, session } = stage;
  const swallow = "DECLARE CONTINUE HANDLER FOR 1062, 1644 BEGIN END";
  const fill = "INSERT INTO t VALUES (10, 1), (11, 1), (1, 1), (12, 1)";
  await runAll(
    session,
    "CREATE TABLE t (id INT PRIMARY KEY, v INT)",
    "CREATE TABLE u (id INT PRIMARY KEY)",
    "CREATE TRIGGER guard AFTER INSERT ON t FOR EACH ROW IF NEW.v = 13 THEN " +
      "SIGNAL SQLSTATE '45000'; END IF",
    "INSERT INTO t VALUES (1, 1)",
    `CREATE PROCEDURE p() BEGIN ${swallow}; ${fill}; INSERT INTO t VALUES (20, 1); ` +
      "INSERT INTO t VALUES (21, 13); END",
    `CREATE FUNCTION f() RETURNS INT BEGIN ${swallow}; ${fill}; ` +
      "INSERT INTO t VALUES (30, 13); RETURN 1; END",
  );
  for (const table of ["t", "u"]) await engine.maintainFingerprint(table);
  const writing = ["CALL p()", "SELECT f()", "DO f()", "INSERT INTO u SELECT f()"];
  for (const sql of writing) {
    await runAll(session, "DELETE FROM t WHERE id > 1", "DELETE FROM u", sql);
    await assertInStep(engine, session, "t");
    await session.begin("write");
    await runAll(session, "DELETE FROM t WHERE id > 1", "DELETE FROM u", sql);
    await session.savepoint("a");
    await runAll(session, "DELETE FROM t WHERE id > 1", "DELETE FROM u", sql);
    await session.rollbackTo("a");
    assert.ok((await session.flushFingerprints()).has("t"), sql);
    await session.commit();
    await assertInStep(engine, session, "t");
    await assertInStep(engine, session, "u");
  }
});

mysqlTest("a procedure that fails half way keeps what it did before", async (stage) => {
  const { engine, session } = stage;
  await runAll(
    session,
    "CREATE TABLE t (id INT PRIMARY KEY)",
    "CREATE PROCEDURE p() BEGIN INSERT INTO t VALUES (1); INSERT INTO t VALUES (2), (1); END",
  );
  await engine.maintainFingerprint("t");
  await session.begin("write");
  await runAll(session, "INSERT INTO t VALUES (7)");
  await assertSqlError(session.run("CALL p()", LIMIT), 1062, "23000");
  await session.commit();
  assert.deepEqual(await rowsOf(session, "SELECT id FROM t"), [[1], [7]]);
  await assertInStep(engine, session, "t");
});

mysqlTest("partitions, and columns computed from others, are followed", async (stage) => {
  const { engine, session } = stage;
  await runAll(
    session,
    "CREATE TABLE t (id INT, v INT, w INT AS (v + 1) VIRTUAL, s VARCHAR(20) AS (CONCAT('n', v)) " +
      "STORED, x TEXT AS (REPEAT(s, 3)) VIRTUAL, PRIMARY KEY (id), KEY (w)) " +
      "PARTITION BY HASH (id) PARTITIONS 3",
  );
  await engine.maintainFingerprint("t");
  await session.begin("write");
  await runAll(
    session,
    "INSERT INTO t (id, v) VALUES (1, 1), (2, 2), (3, NULL), (4, 4)",
    "UPDATE t SET v = v + 10",
    "UPDATE t SET id = id + 10 WHERE id < 3",
    "INSERT INTO t (id, v) VALUES (3, 9), (5, 5) ON DUPLICATE KEY UPDATE v = VALUES(v)",
    "REPLACE INTO t (id, v) VALUES (4, 44)",
    "DELETE FROM t WHERE w = 12",
  );
  await session.commit();
  await assertInStep(engine, session, "t");
});

mysqlTest("tables whose names differ by case alone are two", async ({ engine, session }) => {
  await runAll(
    session,
    "CREATE TABLE p (a INT PRIMARY KEY)",
    "CREATE TABLE T (b INT, c INT, KEY k (c))",
  );
  const alone = await engine.schema("T");
  await runAll(
    session,
    "CREATE TABLE t (a INT PRIMARY KEY, CHECK (a > 0), CONSTRAINT f FOREIGN KEY (a) " +
      "REFERENCES p (a) ON DELETE CASCADE)",
    "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a",
  );
  assert.deepEqual(await engine.schema("T"), alone);
  assert.equal((await engine.schema("t"))?.foreignKeys.length, 1);
  for (const table of ["t", "T"]) await engine.maintainFingerprint(table);
  await runAll(session, "INSERT INTO p VALUES (1)", "INSERT INTO t VALUES (1)");
  await runAll(session, "INSERT INTO T VALUES (1, 1), (2, 2)");
  assert.equal((await assertInStep(engine, session, "T")).rows, 2);
  assert.equal((await assertInStep(engine, session, "t")).rows, 1);
});

mysqlTest("tables that cannot be followed are refused", async ({ engine, session }) => {
  await runAll(
    session,
    "CREATE TABLE isam (a INT) ENGINE = MyISAM",
    "CREATE TABLE mem (a INT) ENGINE = MEMORY",
    "CREATE TABLE old (a INT) WITH SYSTEM VERSIONING",
  );
  for (const table of ["isam", "mem", "old"]) {
    await assertRefused(engine.maintainFingerprint(table), "UNSUPPORTED");
    assert.ok(await engine.schema(table) !== null);
  }
});

mysqlTest("a range of a key is found by its index", async ({ engine, session }) => {
  await runAll(
    session,
    "CREATE TABLE t (a INT, b VARCHAR(9), c INT, v INT, PRIMARY KEY (a, b, c))",
    "INSERT INTO t SELECT seq DIV 1000, CONCAT('k', seq DIV 10 MOD 100), seq MOD 10, seq " +
      "FROM seq_1_to_20000",
    "ANALYZE TABLE t",
  );
  await engine.maintainFingerprint("t");
  const readRows = async () => {
    const counts = await rowsOf(session, "SHOW SESSION STATUS LIKE 'Handler_read%'");
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const before = await readRows();
  const range = { after: [3, "k50", 4], upTo: [4, "k10", 2] };
  const { rows } = await session.recompute("t", { ...LIMIT, range });
  assert.ok(rows > 100 && rows < 1200, `${rows} rows`);
  const read = await readRows() - before;
  assert.ok(read < rows + 200, `${read} rows were read for ${rows}`);
});

mysqlTest("ranges of keys of other types add up as well", async ({ engine, session }) => {
  const keys: readonly [string, string][] = [
    ["ENUM('z', 'm', 'a')", "ELT(1 + seq MOD 3, 'z', 'm', 'a')"],
    ["SET('z', 'm', 'a')", "seq MOD 8"],
    ["VARBINARY(9)", "UNHEX(MD5(seq) )"],
    ["BIT(20)", "seq * 7"],
    ["DOUBLE", "seq / 7"],
    ["FLOAT", "seq / 7"],
    ["TIMESTAMP(3)", "FROM_UNIXTIME(1729980000 + seq * 100.5)"],
    ["TIME(2)", "SEC_TO_TIME(seq * 1.25 - 50)"],
    ["VARCHAR(20) CHARACTER SET latin1", "CONCAT('é', seq)"],
    ["DECIMAL(20,6)", "seq * 1.000001"],
    ["UUID", "CONCAT('123e4567-e89b-12d3-a456-4266141740', LPAD(HEX(seq), 2, '0'))"],
    ["YEAR", "1950 + seq"],
  ];
  for (const [type, value] of keys) {
    const copying = { ...LIMIT, copying: true };
    await session.run(`CREATE TABLE t (k ${type}, n INT, PRIMARY KEY (k, n))`, copying);
    await session.run(`INSERT IGNORE INTO t SELECT ${value}, seq FROM seq_1_to_100`, copying);
    const whole = await engine.maintainFingerprint("t");
    const all = await rowsOf(
      session,
      `SELECT ${type === "FLOAT" ? "k*1e0" : "k"}, n FROM t ORDER BY k, n`,
    );
    const [one, two] = [all[33] ?? null, all[66] ?? null];
    let sum = 0n;
    const sizes: number[] = [];
    for (
      const range of [{ after: null, upTo: one }, { after: one, upTo: two }, {
        after: two,
        upTo: null,
      }]
    ) {
      const part = await session.recompute("t", { ...LIMIT, range });
      sum = BigInt.asUintN(64, sum + BigInt(part.sum));
      sizes.push(part.rows);
    }
    assert.deepEqual([sizes, sum.toString()], [[34, 33, whole.rows - 67], whole.sum], type);
    await runAll(session, "DROP TABLE t");
  }
});

mysqlTest("a statement too long for the server costs no connection", async ({ session }) => {
  await runAll(session, "CREATE TABLE t (a LONGTEXT)");
  const sql = `INSERT INTO t VALUES ('${"é".repeat(9_000_000)}')`;
  await assertSqlError(session.run(sql, LIMIT), 1153, "08S01");
  assert.deepEqual(await rowsOf(session, "SELECT COUNT(*) FROM t"), [[0]]);
});

mysqlTest("a row larger than the server's packet is counted right", async (stage) => {
  const { engine, session } = stage;
  await runAll(session, "CREATE TABLE t (id INT PRIMARY KEY, a LONGTEXT, b LONGBLOB, c JSON)");
  await engine.maintainFingerprint("t");
  await runAll(
    session,
    "INSERT INTO t VALUES (1, REPEAT('é', 5000000), REPEAT('b', 12000000), NULL)",
    "UPDATE t SET c = CONCAT('[\"', REPEAT('x', 9000000), '\"]')",
  );
  await assertInStep(engine, session, "t");
});

mysqlTest("a statement that is ended is no longer on the server's list", async (stage) => {
  const { session, foreign } = stage;
  const [[thread]] = await rowsOf(session, "SELECT CONNECTION_ID()") as [[number]];
  const isBusy = async () => {
    const [rows] = await foreign.query("SHOW PROCESSLIST");
    return (rows as { Id: number; Command: string; Info: string | null }[])
      .some(({ Id, Info }) => Id === thread && Info?.includes("SLEEP"));
  };
  const run = assertRefused(session.run("SELECT SLEEP(30)", { timeoutMs: 500 }), "TIMEOUT");
  await until("it runs", isBusy);
  await run;
  assert.equal(await isBusy(), false);
});

mysqlTest("many statements between two flushes keep their order", async ({ engine, session }) => {
  await runAll(session, "CREATE TABLE t (id INT PRIMARY KEY, v INT)");
  await engine.maintainFingerprint("t");
  await session.begin("write");
  for (let id = 0; id < 300; id++) await runAll(session, `INSERT INTO t VALUES (${id}, 0)`);
  await assert.rejects(session.run("UPDATE t SET id = id + 1", LIMIT));
  await session.commit();
  assert.equal((await assertInStep(engine, session, "t")).rows, 300);
});
