/** Engine contract: random work with failures and savepoints keeps every fingerprint right. */
import assert from "node:assert/strict";
import type { Engine, EngineSession } from "../../src/ports/engine.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import {
  assertInStep,
  type EngineContract,
  engineTest,
  LIMIT,
  runAll,
  withSession,
} from "./engine_fixture.ts";

const TABLES = ["one", "two"];
const SEEDS = [1, 2, 3, 4];
const STEPS = 120;

/** Draws the steps of one session's work, and knows what can be drawn next. */
class Worker {
  readonly #session: EngineSession;
  readonly #random: SeededRandom;
  #isOpen = false;
  #savepoints: string[] = [];
  readonly counts = { done: 0, failed: 0 };

  constructor(session: EngineSession, seed: number) {
    this.#session = session;
    this.#random = new SeededRandom(seed);
  }

  async step(): Promise<void> {
    const drawn = this.#below(100);
    if (!this.#isOpen) {
      if (drawn < 40) return await this.#begin();
      return await this.#statement();
    }
    if (drawn < 70) return await this.#statement();
    if (drawn < 77) return await this.#savepoint();
    if (drawn < 85) return await this.#rollbackTo();
    if (drawn < 88) return await this.#release();
    if (drawn < 92) return void await this.#session.flushFingerprints();
    return await this.finish(drawn < 97);
  }

  async finish(commits = true): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#savepoints = [];
    if (commits) await this.#session.commit();
    else await this.#session.rollback();
  }

  #below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  async #begin(): Promise<void> {
    await this.#session.begin("write");
    this.#isOpen = true;
  }

  async #statement(): Promise<void> {
    try {
      await this.#session.run(this.#draw(), LIMIT);
      this.counts.done++;
    } catch (error) {
      assert.ok(error instanceof MinisqlError && error.code === "SQL", String(error));
      this.counts.failed++;
    }
  }

  async #savepoint(): Promise<void> {
    const name = `s${this.#below(3)}`;
    await this.#session.savepoint(name);
    this.#savepoints = [...this.#savepoints.filter((other) => other !== name), name];
  }

  async #rollbackTo(): Promise<void> {
    if (this.#savepoints.length === 0) return;
    const at = this.#below(this.#savepoints.length);
    await this.#session.rollbackTo(this.#savepoints[at] as string);
    this.#savepoints.length = at + 1;
  }

  async #release(): Promise<void> {
    const at = this.#below(this.#savepoints.length);
    const name = this.#savepoints[at];
    if (name === undefined) return;
    await this.#session.release(name);
    this.#savepoints.length = at;
  }

  /** Keys are few, so that many statements meet a duplicate, often behind rows that went well. */
  #draw(): string {
    const table = TABLES[this.#below(TABLES.length)] as string;
    const other = TABLES[this.#below(TABLES.length)] as string;
    const id = () => this.#below(25);
    const value = () => ["NULL", "''", `'${this.#below(5)}'`, "'é'"][this.#below(4)] as string;
    const rows = Array.from({ length: 1 + this.#below(4) }, () => `(${id()}, ${value()})`).join();
    const draws = [
      `INSERT INTO ${table} (id, v) VALUES ${rows}`,
      `INSERT INTO ${table} (id, v) VALUES ${rows}`,
      `INSERT IGNORE INTO ${table} (id, v) VALUES ${rows}`,
      `REPLACE INTO ${table} (id, v) VALUES ${rows}`,
      `INSERT INTO ${table} (id, v) VALUES ${rows} ON DUPLICATE KEY UPDATE n = n + 1`,
      `INSERT INTO ${table} (id, v) SELECT id + ${id()}, v FROM ${other} WHERE id < ${id()}`,
      `UPDATE ${table} SET v = ${value()}, n = n + 1 WHERE id < ${id()}`,
      `UPDATE ${table} SET id = id + ${1 + this.#below(3)} WHERE id > ${id()} ORDER BY id`,
      `UPDATE ${table} SET n = 100 - n WHERE id < ${id()}`,
      `DELETE FROM ${table} WHERE id > ${id()} AND id < ${id()}`,
      `SELECT COUNT(*) FROM ${table}`,
    ];
    return draws[this.#below(draws.length)] as string;
  }
}

export function workloadContract(contract: EngineContract): void {
  for (const seed of SEEDS) {
    engineTest(contract, `random work keeps fingerprints right (seed ${seed})`, async (engine) => {
      await withSession(engine, (session) => work(engine, session, seed));
    });
  }
}

async function work(engine: Engine, session: EngineSession, seed: number): Promise<void> {
  for (const table of TABLES) {
    const columns =
      "id INT PRIMARY KEY, v VARCHAR(9), n SMALLINT NOT NULL DEFAULT 0, CHECK (n <> 97)";
    await runAll(session, `CREATE TABLE ${table} (${columns})`);
    await engine.maintainFingerprint(table);
  }
  const worker = new Worker(session, seed);
  for (let step = 0; step < STEPS; step++) {
    await worker.step();
    if (step % 5 !== 0) continue;
    for (const table of TABLES) await assertInStep(engine, session, table);
  }
  await worker.finish();
  for (const table of TABLES) await assertInStep(engine, session, table);
  assert.ok(worker.counts.done > 20 && worker.counts.failed > 5, JSON.stringify(worker.counts));
}
