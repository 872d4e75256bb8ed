/** The small engine answers as the embedded one does, and loses what a server may lose. */
import assert from "node:assert/strict";
import type { Engine, EngineSession } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { SeededRandom } from "../seeded_random.ts";
import { SqliteEngine } from "../sqlite/engine.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { MemoryDatabase } from "./database.ts";
import { MemoryEngine } from "./engine.ts";

const LIMIT = { timeoutMs: 1000 };
const MAKE = "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, n INT NOT NULL DEFAULT 7, " +
  "v VARCHAR(12), UNIQUE KEY v (v))";

function draw(random: SeededRandom): string {
  const below = (limit: number) => Math.floor(random.next() * limit);
  const id = () => ["NULL", "0", String(below(20)), String(below(20))][below(4)];
  const text = () => ["NULL", "''", `'${below(9)}'`, `'x${below(9)}'`, "'É'"][below(5)];
  const rows = () =>
    Array.from({ length: 1 + below(3) }, () => `(${id()}, ${below(50)}, ${text()})`).join();
  const where = () =>
    [
      `id = ${below(20)}`,
      `n > ${below(50)} AND id <> ${below(9)}`,
      `v IS NULL OR n BETWEEN ${below(30)} AND ${below(60)}`,
      `NOT (n IN (${below(50)}, ${below(50)}, NULL))`,
      `(n, id) > (${below(50)}, ${below(20)})`,
      `v = '${below(9)}'`,
    ][below(6)];
  return [
    () => `INSERT INTO t VALUES ${rows()}`,
    () => `INSERT IGNORE INTO t VALUES ${rows()}`,
    () => `REPLACE INTO t VALUES ${rows()}`,
    () => `INSERT INTO t (v) VALUES (${text()}), (CONCAT('a', ${below(40)}))`,
    () => `INSERT INTO t (id, n) VALUES (${id()}, 1) ON DUPLICATE KEY UPDATE n = n + VALUES(n)`,
    () => `UPDATE t SET n = n + 1, v = CONCAT(COALESCE(v, ''), 'z') WHERE ${where()}`,
    () => `UPDATE t SET id = id + 1 WHERE id > ${below(20)} ORDER BY id DESC LIMIT ${below(4)}`,
    () => `UPDATE t SET n = n * 2 - id`,
    () => `DELETE FROM t WHERE ${where()}`,
    () => `SELECT id, n, v FROM t WHERE ${where()} ORDER BY n DESC, id LIMIT 5`,
    () => `SELECT COUNT(*), SUM(n), MAX(id), MIN(v) FROM t WHERE ${where()}`,
    () => `SELECT *, n + id AS sum FROM t ORDER BY id LIMIT 3 OFFSET ${below(4)}`,
    () => `SELECT nothing FROM t`,
    () => `INSERT INTO t (n) VALUES ('12'), (NULL)`,
    () => `INSERT INTO t (v) VALUES ('far too long for it')`,
  ][below(15)]?.() ?? "";
}

/** Which numbers a server gives out after failures is its own affair, so it is told them. */
async function outcome(session: EngineSession, sql: string, step: number): Promise<unknown> {
  try {
    const context = { insertId: String(100 + 10 * step) };
    const { columns, rows, result } = await session.run(sql, { ...LIMIT, context });
    const { affected, insertId = null } = result;
    return { columns: columns.map(({ name }) => name), rows, affected, insertId };
  } catch (error) {
    assert.ok(error instanceof MinisqlError, String(error));
    return { code: error.code, errno: error.errno };
  }
}

async function fingerprints(engine: Engine, session: EngineSession): Promise<unknown> {
  const hash = (await engine.schema("t"))?.hash;
  return [await session.fingerprint("t"), await session.recompute("t", LIMIT), hash];
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  Deno.test(`MemoryEngine answers as the embedded engine does (seed ${seed})`, async () => {
    const random = new SeededRandom(seed);
    const clock = new VirtualClock();
    const engines: Engine[] = [
      new SqliteEngine({ clock, random: new SeededRandom(seed) }),
      new MemoryEngine(new MemoryDatabase({ clock, random: new SeededRandom(seed) })),
    ];
    const sessions = await Promise.all(engines.map((engine) => engine.session()));
    const each = <T>(act: (session: EngineSession) => Promise<T>) => Promise.all(sessions.map(act));
    await each((session) => session.run(MAKE, LIMIT));
    for (const engine of engines) await engine.maintainFingerprint("t");
    let open = false;
    for (let step = 0; step < 150; step++) {
      const sql = draw(random);
      const [expected, found] = await each((session) => outcome(session, sql, step));
      assert.deepEqual(found, expected, sql);
      const next = random.next();
      if (open && next < 0.2) await each((session) => session.commit());
      else if (open && next < 0.3) await each((session) => session.rollback());
      else if (!open && next < 0.3) await each((session) => session.begin("write"));
      else continue;
      open = !open;
      const [one, other] = await Promise.all(
        engines.map((engine, at) => fingerprints(engine, sessions[at] as EngineSession)),
      );
      assert.deepEqual(other, one, sql);
    }
    for (const engine of engines) await engine.close();
  });
}

interface Served {
  readonly clock: VirtualClock;
  readonly database: MemoryDatabase;
  readonly engine: MemoryEngine;
  readonly session: EngineSession;
}

async function served(seed = 1): Promise<Served> {
  const clock = new VirtualClock();
  const database = new MemoryDatabase({ clock, random: new SeededRandom(seed) });
  const engine = new MemoryEngine(database);
  const session = await engine.session();
  await session.run("CREATE TABLE t (id INT PRIMARY KEY)", LIMIT);
  await engine.maintainFingerprint("t");
  return { clock, database, engine, session };
}

const ids = (database: MemoryDatabase) => database.rowsOf("t")?.map(([id]) => id);

Deno.test("MemoryDatabase: a killed server loses what is open and nothing else", async () => {
  const { database, engine, session } = await served();
  await session.run("INSERT INTO t VALUES (1)", LIMIT);
  await session.begin("write");
  await session.run("INSERT INTO t VALUES (2)", LIMIT);
  const other = await engine.session();
  const waiting = other.run("INSERT INTO t VALUES (3)", LIMIT);
  waiting.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 0));
  database.kill();
  await assert.rejects(waiting, { code: "OUTCOME_UNKNOWN" });
  await assert.rejects(engine.session(), { code: "UNAVAILABLE" });
  await assert.rejects(engine.ping(10), { code: "UNAVAILABLE" });
  assert.equal(session.usable, false);
  database.start();
  assert.deepEqual(ids(database), [1]);
  const fresh = await engine.session();
  await fresh.run("INSERT INTO t VALUES (2)", LIMIT);
  assert.deepEqual(ids(database), [1, 2]);
});

Deno.test("MemoryDatabase: a power cut takes the last commits, and none that is old", async () => {
  const kept = new Set<string>();
  for (let seed = 1; seed <= 40; seed++) {
    const { clock, database, session } = await served(seed);
    await session.run("INSERT INTO t VALUES (1)", LIMIT);
    await clock.advance(1000, () => Promise.resolve());
    for (const id of [2, 3, 4]) await session.run(`INSERT INTO t VALUES (${id})`, LIMIT);
    database.cutPower();
    kept.add(String(ids(database)));
  }
  assert.deepEqual([...kept].sort(), ["1", "1,2", "1,2,3", "1,2,3,4"]);
});

Deno.test("MemoryEngine: makeDurable() leaves a power cut nothing of what was committed", async () => {
  const { database, engine, session } = await served();
  await session.run("INSERT INTO t VALUES (1)", LIMIT);
  await engine.makeDurable();
  await session.run("INSERT INTO t VALUES (2)", LIMIT);
  assert.equal(database.cutPower(true), 1);
  assert.deepEqual(ids(database), [1]);
});

Deno.test("MemoryDatabase: the answer to a commit may be lost, done or not", async () => {
  for (const lost of ["applied", "not applied"] as const) {
    const { database, session } = await served();
    await session.begin("write");
    await session.run("INSERT INTO t VALUES (1)", LIMIT);
    database.lostCommits.push(lost);
    await assert.rejects(session.commit(), { code: "OUTCOME_UNKNOWN" });
    assert.equal(session.usable, false);
    assert.deepEqual(ids(database), lost === "applied" ? [1] : []);
  }
});

Deno.test("MemoryDatabase: a vanished client holds its locks until it is noticed", async () => {
  const { clock, database, engine, session } = await served();
  await session.begin("write");
  await session.run("INSERT INTO t VALUES (1)", LIMIT);
  database.disconnect(300);
  const fresh = await engine.session();
  const writing = fresh.run("INSERT INTO t VALUES (2)", LIMIT);
  const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
  await clock.advance(299, settle);
  assert.deepEqual(ids(database), []);
  await clock.advance(1, settle);
  await writing;
  assert.deepEqual(ids(database), [2]);
});

Deno.test("MemoryDatabase: rows change behind the triggers' back, or before their eyes", async () => {
  for (const noticed of [false, true]) {
    const { database, session } = await served();
    await session.run("INSERT INTO t VALUES (1), (2)", LIMIT);
    const before = await session.fingerprint("t");
    database.corrupt("t", ([row]) => ({ remove: row }), noticed);
    assert.deepEqual(ids(database), [2]);
    assert.equal((await session.fingerprint("t"))?.rows, noticed ? 1 : 2);
    if (!noticed) assert.deepEqual(await session.fingerprint("t"), before);
    assert.equal((await session.recompute("t", LIMIT)).rows, 1);
  }
});

Deno.test("MemoryEngine shows how a table would be made again, and what it numbers next", async () => {
  const { session } = await served();
  await session.run("CREATE TABLE `a``b` (id INT AUTO_INCREMENT PRIMARY KEY)", LIMIT);
  await session.run("INSERT INTO `a``b` VALUES (7)", LIMIT);
  const { rows: [row] } = await session.run("SHOW CREATE TABLE `a``b`", LIMIT);
  assert.match(String(row?.[1]), /^CREATE TABLE `a``b` [^]*AUTO_INCREMENT=8\b/);
});
