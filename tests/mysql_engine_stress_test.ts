/** Many writers at once on MariaDB, with deadlocks, deadlines and killed connections. */
import assert from "node:assert/strict";
import { type MariadbServer, startMariadb } from "../scripts/services/mariadb.ts";
import { SeededRandom } from "../src/adapters/seeded_random.ts";
import type { Engine, EngineSession } from "../src/ports/engine.ts";
import { type ErrorCode, MinisqlError } from "../src/protocol/errors.ts";
import { assertInStep, LIMIT, runAll, withSession } from "./contract/engine_fixture.ts";
import { openAdmin, openMariadbEngine } from "./support/mariadb_engines.ts";

const TABLES = ["one", "two"];
const WRITERS = 4;
const TRANSACTIONS = 60;

let shared: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await shared?.stop();
});

/** Ends that are met here: anything else fails the test. */
const EXPECTED: readonly ErrorCode[] = ["SQL", "TIMEOUT", "OUTCOME_UNKNOWN", "UNAVAILABLE"];
const EXPECTED_ERRNO = new Set([1062, 1205, 1213]);

class Writer {
  readonly #engine: Engine;
  readonly #random: SeededRandom;
  #session: EngineSession | null = null;
  readonly ends = new Map<string, number>();

  constructor(engine: Engine, seed: number) {
    this.#engine = engine;
    this.#random = new SeededRandom(seed);
  }

  async work(): Promise<void> {
    for (let turn = 0; turn < TRANSACTIONS; turn++) {
      try {
        await this.#transaction(await this.#open());
        this.#count("done");
      } catch (error) {
        this.#judge(error);
        await this.#session?.rollback().catch((error) => this.#judge(error));
      }
    }
    await this.#session?.close();
  }

  async #open(): Promise<EngineSession> {
    if (this.#session?.usable !== true) {
      await this.#session?.close();
      this.#session = await this.#engine.session();
    }
    return this.#session;
  }

  async #transaction(session: EngineSession): Promise<void> {
    const isAlone = this.#below(4) === 0;
    if (!isAlone) await session.begin("write");
    const statements = isAlone ? 1 : 1 + this.#below(5);
    for (let n = 0; n < statements; n++) {
      if (!isAlone && this.#below(5) === 0) await session.savepoint(`s${n}`);
      await this.#statement(session);
    }
    if (isAlone) return;
    if (this.#below(4) === 0) await session.flushFingerprints();
    if (this.#below(6) === 0) await session.rollback();
    else await session.commit();
  }

  /** A statement that fails by itself is no end of its transaction. */
  async #statement(session: EngineSession): Promise<void> {
    const table = TABLES[this.#below(TABLES.length)];
    const id = this.#below(40);
    const draws = [
      `INSERT INTO ${table} (id, v) VALUES (${id}, 1), (${id + 1}, 2), (${id + 2}, 3)`,
      `REPLACE INTO ${table} (id, v) VALUES (${id}, ${this.#below(9)})`,
      `INSERT INTO ${table} (id, v) VALUES (${id}, 5) ON DUPLICATE KEY UPDATE v = v + 1`,
      `UPDATE ${table} SET v = v + 1 WHERE id BETWEEN ${id} AND ${id + 5}`,
      `UPDATE ${table} SET id = id + 1 WHERE id > ${id} ORDER BY id`,
      `DELETE FROM ${table} WHERE id = ${id}`,
      `UPDATE ${table} SET v = v + SLEEP(0.003) WHERE id BETWEEN ${id} AND ${id + 5}`,
    ];
    const timeoutMs = this.#below(6) === 0 ? this.#below(8) : LIMIT.timeoutMs;
    try {
      await session.run(draws[this.#below(draws.length)] as string, { timeoutMs });
    } catch (error) {
      this.#judge(error);
      if (session.undone || !session.usable) throw error;
    }
  }

  #judge(error: unknown): void {
    assert.ok(error instanceof MinisqlError, Deno.inspect(error));
    assert.ok(EXPECTED.includes(error.code), Deno.inspect(error));
    if (error.code === "SQL") assert.ok(EXPECTED_ERRNO.has(error.errno ?? 0), Deno.inspect(error));
    this.#count(error.code === "SQL" ? String(error.errno) : error.code);
  }

  #count(end: string): void {
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1);
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }
}

/** Kills a connection of the engine's now and then, and writes in between, until told to stop. */
async function disturb(server: MariadbServer, database: string, stop: AbortSignal): Promise<void> {
  const admin = await openAdmin(server, database);
  for (let turn = 0; !stop.aborted; turn++) {
    await admin.query(`REPLACE INTO one (id, v) VALUES (${1000 + (turn % 7)}, ${turn})`)
      .catch((error) => assert.ok([1205, 1213].includes(error.errno), String(error)));
    if (turn % 5 === 0) await killOne(admin, database);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await admin.end();
}

async function killOne(
  admin: Awaited<ReturnType<typeof openAdmin>>,
  database: string,
): Promise<void> {
  const [rows] = await admin.query(
    `SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '${database}' AND ` +
      "ID <> CONNECTION_ID() AND INFO LIKE '%INTO one%'",
  );
  const [row] = rows as { ID: number }[];
  if (row !== undefined) await admin.query(`KILL ${row.ID}`).catch(() => {});
}

for (const seed of [11, 12, 13]) {
  Deno.test(`mysql engine: many writers keep fingerprints right (seed ${seed})`, async () => {
    const settings = { "innodb-lock-wait-timeout": "1" };
    shared ??= await startMariadb({ name: "engine-stress", settings });
    const { engine, database, close } = await openMariadbEngine(shared);
    try {
      await withSession(engine, async (session) => {
        for (const table of TABLES) {
          await runAll(session, `CREATE TABLE ${table} (id INT PRIMARY KEY, v INT NOT NULL)`);
          await engine.maintainFingerprint(table);
        }
      });
      const stop = new AbortController();
      const disturbed = disturb(shared, database, stop.signal);
      const writers = Array.from(
        { length: WRITERS },
        (_, at) => new Writer(engine, seed * 100 + at),
      );
      try {
        await Promise.all(writers.map((writer) => writer.work()));
      } finally {
        stop.abort();
        await disturbed;
      }
      await withSession(engine, async (session) => {
        for (const table of TABLES) await assertInStep(engine, session, table);
      });
      const ends = new Set(writers.flatMap((writer) => [...writer.ends.keys()]));
      for (const end of ["done", "1062", "TIMEOUT"]) assert.ok(ends.has(end), [...ends].join());
    } finally {
      await close();
    }
  });
}
