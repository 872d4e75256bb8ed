/** Whatever is asked of tables on several servers, the answer is that of one database with all. */
import assert from "node:assert/strict";
import { type MariadbServer, startMariadb } from "../scripts/services/mariadb.ts";
import { SeededRandom } from "../src/adapters/seeded_random.ts";
import { SqliteEngine } from "../src/adapters/sqlite/engine.ts";
import { SystemClock } from "../src/adapters/system_clock.ts";
import { SystemRandom } from "../src/adapters/system_random.ts";
import type { QueryResult } from "../src/client/api.ts";
import type { Engine, Rows } from "../src/ports/engine.ts";
import { MinisqlError } from "../src/protocol/errors.ts";
import type { EngineFixture } from "./contract/engine_fixture.ts";
import { GATHER_TABLES, type MadeUp, makeUpQuery } from "./support/gather_queries.ts";
import { openMariadbEngine } from "./support/mariadb_engines.ts";
import { ReplicaSet } from "./support/replica_set.ts";

const QUERIES = 300;
const LEVELS = ["voted", "latest", "fast"] as const;
const LIMIT = { timeoutMs: 30_000 };

/** Each table in one copy, on the servers in turns. */
async function makeApart({ client, servers }: ReplicaSet): Promise<void> {
  const taken: number[] = [];
  for (const [table, [ddl = "", ...inserts]] of Object.entries(GATHER_TABLES)) {
    const { replicas } = await client.admin.master(
      "createTable",
      { table, ddl, replicas: 1 },
      LIMIT,
    );
    taken.push(...replicas);
    for (const sql of inserts) await client.query(sql);
  }
  assert.equal(new Set(taken).size, servers.length, `they are on ${taken.join(", ")}`);
}

async function makeTogether(engine: Engine): Promise<void> {
  const session = await engine.session();
  for (const sql of Object.values(GATHER_TABLES).flat()) await session.run(sql, LIMIT);
  await session.close();
}

type Result = Pick<Rows, "columns" | "rows"> | MinisqlError;

async function resultOf<T extends Rows | QueryResult>(
  asked: Promise<T>,
): Promise<T | MinisqlError> {
  return await asked.catch((error) => {
    if (error instanceof MinisqlError) return error;
    throw error;
  });
}

/** All that tells two answers apart. */
function shown(result: Result, { isOrdered }: MadeUp): unknown {
  if (result instanceof MinisqlError) return { code: result.code, errno: result.errno };
  const columns = result.columns.map(({ name, kind }) => `${name} ${kind}`);
  const rows = result.rows.map((row) => JSON.stringify(row));
  return { columns, rows: isOrdered ? rows : rows.sort() };
}

/** How much of the work was what is to be tested here. */
class Tally {
  gathered = 0;
  narrowed = 0;
  errors = 0;

  note(result: QueryResult | MinisqlError): void {
    if (result instanceof MinisqlError) {
      this.errors++;
      return;
    }
    const tables = result.receipt?.also?.flatMap(({ gathered }) => gathered?.tables ?? []) ?? [];
    if (tables.length > 0) this.gathered++;
    if (tables.some(({ where }) => where !== null)) this.narrowed++;
  }
}

async function compare(set: ReplicaSet, together: Engine, from: number): Promise<Tally> {
  const session = await together.session();
  const tally = new Tally();
  try {
    for (let seed = from; seed < from + QUERIES; seed++) {
      const query = makeUpQuery(new SeededRandom(seed));
      const expected = await resultOf(session.run(query.sql, LIMIT));
      const read = LEVELS[seed % LEVELS.length] ?? "voted";
      const found = await resultOf(set.client.query(query.sql, [], { read }));
      tally.note(found);
      const why = `query ${seed}: ${query.sql}`;
      assert.deepEqual(shown(found, query), shown(expected, query), why);
    }
  } finally {
    await session.close();
  }
  return tally;
}

function property(name: string, open: () => Promise<EngineFixture>, servers: number): void {
  Deno.test(`gathered answers are those of one database, on ${servers} of ${name}`, async () => {
    const fixtures = await Promise.all(Array.from({ length: servers + 1 }, open));
    const [together, ...apart] = fixtures.map(({ engine }) => engine) as [Engine, ...Engine[]];
    try {
      await makeTogether(together);
      await using set = await ReplicaSet.start(apart);
      await makeApart(set);
      const tally = await compare(set, together, servers * QUERIES);
      assert.ok(tally.gathered > QUERIES / 2, `${tally.gathered} of them gathered rows`);
      assert.ok(tally.narrowed > QUERIES / 5, `${tally.narrowed} of them only some`);
      assert.ok(tally.errors < QUERIES / 10, `${tally.errors} of them failed`);
    } finally {
      for (const fixture of fixtures) await fixture.close();
    }
  });
}

let mariadb: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await mariadb?.stop();
});

function onSqlite(): Promise<EngineFixture> {
  const engine = new SqliteEngine({ clock: new SystemClock(), random: new SystemRandom() });
  return Promise.resolve({ engine, close: () => engine.close() });
}

async function onMariadb(): Promise<EngineFixture> {
  mariadb ??= await startMariadb({ name: "gather" });
  return await openMariadbEngine(mariadb);
}

for (const servers of [2, 3]) {
  property("SQLite", onSqlite, servers);
  property("MariaDB", onMariadb, servers);
}
