/** What goes wrong between the engine and MariaDB: lost connections, crashes, refusals, silence. */
import assert from "node:assert/strict";
import { type MariadbServer, startMariadb } from "../scripts/services/mariadb.ts";
import { MysqlEngine } from "../src/adapters/mysql_engine.ts";
import type { MysqlEngineOptions } from "../src/adapters/mysql/options.ts";
import { SystemClock } from "../src/adapters/system_clock.ts";
import { SystemRandom } from "../src/adapters/system_random.ts";
import type { EngineSession } from "../src/ports/engine.ts";
import { assertRefused, LIMIT, refusal, rowsOf, runAll } from "./contract/engine_fixture.ts";
import { administer, openAdmin, openMariadbEngine } from "./support/mariadb_engines.ts";
import { makeCertificate } from "./support/certificate.ts";
import { until, within } from "./support/wait.ts";

let shared: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await shared?.stop();
});

async function server(): Promise<MariadbServer> {
  shared ??= await startMariadb({ name: "engine-faults" });
  return shared;
}

async function threadOf(session: EngineSession): Promise<number> {
  return (await rowsOf(session, "SELECT CONNECTION_ID()"))[0]?.[0] as number;
}

/** Opens an engine that must be refused, and returns why. */
async function refusedOpening(options: MysqlEngineOptions) {
  const deps = { clock: new SystemClock(), random: new SystemRandom() };
  return await refusal(within("the refusal", MysqlEngine.open(deps, options), 20_000));
}

function optionsFor({ host, port, user, password }: MariadbServer): MysqlEngineOptions {
  return { server: { host, port }, user, password, database: "minisql" };
}

Deno.test("mysql engine: a connection killed under a query leaves its outcome unknown", async () => {
  await using fixture = await disposable(await server());
  const session = await fixture.engine.session();
  const thread = await threadOf(session);
  const query = refusal(session.run("SELECT SLEEP(30)", LIMIT));
  await kill(thread);
  assert.equal((await within("the end", query)).code, "OUTCOME_UNKNOWN");
  assert.equal(session.usable, false);
  await assertRefused(session.run("SELECT 1", LIMIT), "UNAVAILABLE");
  await assertRefused(session.commit(), "UNAVAILABLE");
  await session.close();
});

Deno.test("mysql engine: a connection killed between two calls is noticed without a call", async () => {
  await using fixture = await disposable(await server());
  const session = await fixture.engine.session();
  await runAll(session, "CREATE TABLE t (a INT)");
  await session.begin("write");
  await runAll(session, "INSERT INTO t VALUES (1)");
  await kill(await threadOf(session));
  await within("the session's end", session.ended);
  assert.equal(session.usable, false);
  await assertRefused(session.run("INSERT INTO t VALUES (2)", LIMIT), "UNAVAILABLE");
  await session.close();
  const other = await fixture.engine.session();
  assert.deepEqual(await rowsOf(other, "SELECT COUNT(*) FROM t"), [[0]]);
});

Deno.test("mysql engine: a connection killed under a stream ends the stream", async () => {
  await using fixture = await disposable(await server());
  const session = await fixture.engine.session();
  const thread = await threadOf(session);
  const read = async () => {
    const sql = "SELECT a.seq, REPEAT('x', 1000) FROM seq_1_to_1000000 a";
    let isKilled = false;
    for await (const rows of session.stream(sql, LIMIT)) {
      if (rows.length > 0 && !isKilled) await kill(thread);
      isKilled = true;
    }
  };
  await assertRefused(within("the end", read()), "OUTCOME_UNKNOWN");
  await session.close();
});

Deno.test("mysql engine: a COMMIT whose connection is killed has an unknown outcome", async () => {
  await using fixture = await disposable(await server());
  const session = await fixture.engine.session();
  await runAll(session, "CREATE TABLE t (a INT)");
  await session.begin("write");
  await runAll(session, "INSERT INTO t VALUES (1)");
  const thread = await threadOf(session);
  await withCommitsHeld(async () => {
    const commit = refusal(session.commit());
    await until("the COMMIT waits", () => isRunning(thread, "COMMIT"));
    await kill(thread);
    assert.equal((await within("the end", commit)).code, "OUTCOME_UNKNOWN");
  });
  assert.equal(session.usable, false);
  await session.close();
});

Deno.test("mysql engine: a COMMIT that does not end has an unknown outcome, in time", async () => {
  await using fixture = await disposable(await server(), { limits: { commandMs: 400 } });
  const session = await fixture.engine.session();
  await runAll(session, "CREATE TABLE t (a INT)");
  await session.begin("write");
  await runAll(session, "INSERT INTO t VALUES (1)");
  await withCommitsHeld(async () => {
    await assertRefused(within("the end", session.commit()), "OUTCOME_UNKNOWN");
  });
  assert.equal(session.usable, false);
  await session.close();
});

Deno.test("mysql engine: after a crash and a restart new sessions work", async () => {
  await using own = await startMariadb({ name: "engine-crash" });
  const { engine, close } = await openMariadbEngine(own);
  try {
    const session = await engine.session();
    await runAll(session, "CREATE TABLE t (a INT PRIMARY KEY)");
    await engine.maintainFingerprint("t");
    await runAll(session, "INSERT INTO t VALUES (1)");
    await session.begin("write");
    await runAll(session, "INSERT INTO t VALUES (2)");
    const waiting = refusal(session.run("SELECT SLEEP(30)", LIMIT));
    await own.kill();
    assert.equal((await within("the end", waiting)).code, "OUTCOME_UNKNOWN");
    await assertRefused(within("a ping", engine.ping(2_000)), "UNAVAILABLE");
    await assertRefused(within("a session", engine.session()), "UNAVAILABLE");
    await assertRefused(within("a schema", engine.schema("t")), "UNAVAILABLE");
    await session.close();
    await own.restart();
    await engine.ping(10_000);
    const after = await engine.session();
    assert.deepEqual(await rowsOf(after, "SELECT a FROM t"), [[1]]);
    assert.deepEqual(await after.recompute("t", LIMIT), await after.fingerprint("t"));
    await assertRefused(after.run("SELECT SLEEP(30)", { timeoutMs: 100 }), "TIMEOUT");
  } finally {
    await close();
  }
});

Deno.test("mysql engine: a silent server costs a call its deadline, not more", async () => {
  await using own = await startMariadb({ name: "engine-silent" });
  const { engine, close } = await openMariadbEngine(own, {
    limits: { endMs: 500, connectMs: 500 },
  });
  try {
    const session = await engine.session();
    own.pause();
    const since = performance.now();
    await assertRefused(session.run("SELECT 1", { timeoutMs: 300 }), "OUTCOME_UNKNOWN");
    await assertRefused(engine.ping(300), "UNAVAILABLE");
    await assertRefused(engine.session(), "UNAVAILABLE");
    const took = performance.now() - since;
    assert.ok(took < 6_000, `it took ${took} ms`);
    assert.equal(session.usable, false);
    own.resume();
    const after = await engine.session();
    assert.deepEqual(await rowsOf(after, "SELECT 1"), [[1]]);
  } finally {
    own.resume();
    await close();
  }
});

Deno.test("mysql engine: with all connections taken, statements can still be ended", async () => {
  const settings = { "max-connections": "12" };
  await using own = await startMariadb({ name: "engine-full", settings });
  const { engine, close } = await openMariadbEngine(own);
  const taken = [];
  try {
    const session = await engine.session();
    // An administrator has one connection more than there are.
    while (taken.length < 20) {
      const admin = await openAdmin(own).catch(() => null);
      if (admin === null) break;
      taken.push(admin);
    }
    const refused = await refusal(engine.session());
    assert.equal(refused.code, "UNAVAILABLE");
    assert.match(refused.message, /Too many connections; raise max_connections/);
    await assertRefused(session.run("SELECT SLEEP(30)", { timeoutMs: 100 }), "TIMEOUT");
    assert.deepEqual(await rowsOf(session, "SELECT 1"), [[1]]);
  } finally {
    for (const admin of taken) await admin.end();
    await close();
  }
});

Deno.test("mysql engine: triggers the server has read in part are read again", async () => {
  const own = await server();
  await using fixture = await disposable(own);
  const { engine, database } = fixture;
  const session = await engine.session();
  await runAll(session, "CREATE TABLE t (a INT PRIMARY KEY)");
  await engine.maintainFingerprint("t");
  // What a statement leaves behind that is killed at the wrong moment: right on disk, and wrong
  // in the cache of tables.
  const file = `${own.dataDir}/${database}/t.TRG`;
  const right = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, right.replaceAll("FOR EACH ROW", "FOR EACH RAW"));
  const admin = await openAdmin(own, database);
  await admin.query("FLUSH TABLES t");
  await assert.rejects(admin.query("INSERT INTO t VALUES (0)"), /has an error in its body/);
  await Deno.writeTextFile(file, right);
  await assert.rejects(admin.query("INSERT INTO t VALUES (0)"), /has an error in its body/);
  await admin.end();
  const refused = await refusal(session.run("INSERT INTO t VALUES (1)", LIMIT));
  assert.deepEqual([refused.code, refused.errno], ["UNAVAILABLE", 1064]);
  assert.equal(session.usable, true);
  await until("it is mended", async () => {
    return await session.run("INSERT INTO t VALUES (2)", LIMIT).then(() => true, () => false);
  });
  assert.deepEqual(await session.recompute("t", LIMIT), await session.fingerprint("t"));
});

Deno.test("mysql engine: sessions are limited, and closing one makes room", async () => {
  await using fixture = await disposable(await server(), { limits: { sessionsMax: 2 } });
  const { engine } = fixture;
  const first = await engine.session();
  await engine.session();
  await assertRefused(engine.session(), "UNAVAILABLE");
  await first.close();
  await engine.session();
});

Deno.test("mysql engine: a session the server has closed for idling is not usable", async () => {
  await using fixture = await disposable(await server());
  const session = await fixture.engine.session();
  await runAll(session, "SET SESSION wait_timeout = 1");
  await until("the server closes it", () => !session.usable, 15_000);
  await assertRefused(session.run("SELECT 1", LIMIT), "UNAVAILABLE");
  await session.close();
});

Deno.test("mysql engine: what cannot be reached or entered is said, with what to do", async () => {
  const options = optionsFor(await server());
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port: silentPort } = silent.addr as Deno.NetAddr;
  const cases: readonly [Partial<MysqlEngineOptions>, RegExp][] = [
    [{ password: "wrong" }, /Access denied.*check the password of user minisql/],
    [{ database: "nowhere" }, /Unknown database.*CREATE DATABASE `nowhere`/],
    [{ server: { host: "127.0.0.1", port: 1 } }, /at 127\.0\.0\.1:1: .*refused/i],
    [{ server: { host: "127.0.0.1", port: silentPort } }, /no answer within 300 ms/],
    [{ tls: {} }, /TLS|SSL|secure|certificate/i],
  ];
  for (const [wrong, message] of cases) {
    const refused = await refusedOpening({ ...options, limits: { connectMs: 300 }, ...wrong });
    assert.equal(refused.code, "UNAVAILABLE");
    assert.match(refused.message, message);
  }
});

Deno.test("mysql engine: a missing privilege is named at the start", async () => {
  const own = await server();
  const options = optionsFor(own);
  await administer(
    own,
    "CREATE USER poor@'%' IDENTIFIED BY 'p'",
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX ON minisql.* TO poor@'%'",
  );
  const refused = await refusedOpening({ ...options, user: "poor", password: "p" });
  assert.equal(refused.code, "UNSUPPORTED");
  assert.match(refused.message, /create triggers .*TRIGGER command denied.*GRANT ALL/);
  await administer(own, "GRANT TRIGGER ON minisql.* TO poor@'%'");
  const deps = { clock: new SystemClock(), random: new SystemRandom() };
  const engine = await MysqlEngine.open(deps, { ...options, user: "poor", password: "p" });
  const session = await engine.session();
  await runAll(session, "CREATE TABLE t (a INT)");
  await engine.maintainFingerprint("t");
  await assertRefused(session.run("SELECT SLEEP(30)", { timeoutMs: 50 }), "TIMEOUT");
  await engine.close();
});

Deno.test("mysql engine: makeDurable() saves from a crash what relaxed commits would lose", async () => {
  const settings = { innodb_flush_log_at_trx_commit: "0", innodb_flush_log_at_timeout: "2" };
  await using own = await startMariadb({ name: "engine-relaxed", settings });
  await using fixture = await disposable(own);
  const session = await fixture.engine.session();
  await runAll(session, "CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)");
  const written = async () => {
    const sql =
      "SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_lsn_current','Innodb_lsn_flushed')";
    const [current, flushed] = (await rowsOf(session, sql)).map(([, lsn]) => BigInt(lsn as string));
    return { current: current ?? 0n, flushed: flushed ?? 0n };
  };
  const before = await written();
  assert.ok(before.flushed < before.current, "the commit is not on disk by itself");
  await fixture.engine.makeDurable();
  assert.ok((await written()).flushed >= before.current);
  await own.kill();
  await own.restart();
  const after = await fixture.engine.session();
  assert.deepEqual(await rowsOf(after, "SELECT a FROM t"), [[1]]);
  // Triggers would outlive what they add to.
  const kept = await fixture.engine.maintainFingerprint("t");
  await own.kill();
  await own.restart();
  const last = await fixture.engine.session();
  assert.deepEqual(await last.fingerprint("t"), kept);
});

Deno.test("mysql engine: relaxed commits that are written out too seldom are named at the start", async () => {
  const settings = { innodb_flush_log_at_trx_commit: "2", innodb_flush_log_at_timeout: "60" };
  await using own = await startMariadb({ name: "engine-seldom", settings });
  const refused = await refusedOpening(optionsFor(own));
  assert.equal(refused.code, "UNSUPPORTED");
  assert.match(refused.message, /innodb_flush_log_at_timeout is 60; set it to 1, or innodb_flush/);
  await administer(own, "SET GLOBAL innodb_flush_log_at_trx_commit = 1");
  const deps = { clock: new SystemClock(), random: new SystemRandom() };
  await (await MysqlEngine.open(deps, optionsFor(own))).close();
});

Deno.test("mysql engine: a binary log that forbids triggers is named at the start", async () => {
  await using own = await startMariadb({
    name: "engine-binlog",
    settings: { "log-bin": "on", "skip-log-bin": "0" },
  });
  const options = optionsFor(own);
  await administer(
    own,
    "CREATE USER plain@'%' IDENTIFIED BY 'p'",
    "GRANT ALL ON minisql.* TO plain@'%'",
  );
  const refused = await refusedOpening({ ...options, user: "plain", password: "p" });
  assert.match(refused.message, /SET GLOBAL log_bin_trust_function_creators = 1/);
});

Deno.test("mysql engine: it comes in through the server's socket", async () => {
  const own = await server();
  const options = { ...optionsFor(own), server: { socket: own.socket } };
  const main = new URL("./support/mysql_socket_main.ts", import.meta.url).pathname;
  // Tests may not open sockets by their path, and no permission names a path not yet known.
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", main, JSON.stringify(options)],
  }).output();
  const decoder = new TextDecoder();
  assert.equal(decoder.decode(stdout).trim(), "localhost", decoder.decode(stderr));
});

Deno.test("mysql engine: TLS is used where asked for, and the server verified", async () => {
  const folder = await Deno.makeTempDir({ prefix: "minisql-tls-" });
  const { cert, key } = await makeCertificate("127.0.0.1");
  try {
    await Deno.writeTextFile(`${folder}/cert.pem`, cert);
    await Deno.writeTextFile(`${folder}/key.pem`, key);
    const settings = { "ssl-cert": `${folder}/cert.pem`, "ssl-key": `${folder}/key.pem` };
    await using own = await startMariadb({ name: "engine-tls", settings });
    const untrusted = await refusedOpening({ ...optionsFor(own), tls: {} });
    assert.match(untrusted.message, /certificate/i);
    const misnamed = { host: "localhost", port: own.port };
    const other = await refusedOpening({ ...optionsFor(own), server: misnamed, tls: { ca: cert } });
    assert.match(other.message, /altnames/);
    // Another address that leads here.
    const address = { host: "0.0.0.0", port: own.port };
    const moved = await refusedOpening({ ...optionsFor(own), server: address, tls: { ca: cert } });
    assert.match(moved.message, /altnames/);
    await using fixture = await disposable(own, { tls: { ca: cert } });
    const session = await fixture.engine.session();
    const [[, cipher]] = await rowsOf(session, "SHOW STATUS LIKE 'Ssl_cipher'") as [
      [string, string],
    ];
    assert.notEqual(cipher, "");
    await assertRefused(session.run("SELECT SLEEP(30)", { timeoutMs: 50 }), "TIMEOUT");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function disposable(own: MariadbServer, with_: Partial<MysqlEngineOptions> = {}) {
  const fixture = await openMariadbEngine(own, with_);
  return { ...fixture, [Symbol.asyncDispose]: () => fixture.close() };
}

async function kill(thread: number): Promise<void> {
  await administer(await server(), `KILL CONNECTION ${thread}`);
}

async function isRunning(thread: number, statement: string): Promise<boolean> {
  const admin = await openAdmin(await server());
  const sql = `SELECT INFO FROM information_schema.PROCESSLIST WHERE ID = ${thread}`;
  const [rows] = await admin.query(sql);
  await admin.end();
  return (rows as { INFO: string | null }[])[0]?.INFO === statement;
}

/** A global read lock holds every COMMIT. */
async function withCommitsHeld(body: () => Promise<void>): Promise<void> {
  const admin = await openAdmin(await server());
  await admin.query("FLUSH TABLES WITH READ LOCK");
  try {
    await body();
  } finally {
    await admin.end();
  }
}
