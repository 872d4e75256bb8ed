/** The embedded engine's SQL beside MariaDB's: the same answers, or a clear refusal. */
import assert from "node:assert/strict";
import { type MariadbServer, startMariadb } from "../scripts/services/mariadb.ts";
import { SqliteEngine } from "../src/adapters/sqlite/engine.ts";
import { SystemClock } from "../src/adapters/system_clock.ts";
import { SystemRandom } from "../src/adapters/system_random.ts";
import type { EngineSession, RunOptions } from "../src/ports/engine.ts";
import { MinisqlError } from "../src/protocol/errors.ts";
import { CHANGES } from "./dialect/changes.ts";
import { DATES } from "./dialect/dates.ts";
import type { DialectGroup } from "./dialect/dialect_case.ts";
import { EXPRESSIONS } from "./dialect/expressions.ts";
import { FUNCTIONS } from "./dialect/functions.ts";
import { KINDS } from "./dialect/kinds.ts";
import { NUMBERING } from "./dialect/numbering.ts";
import { QUERIES } from "./dialect/queries.ts";
import { VALUES } from "./dialect/values.ts";
import { openMariadbEngine } from "./support/mariadb_engines.ts";

const GROUPS: readonly DialectGroup[] = [
  ...EXPRESSIONS,
  ...FUNCTIONS,
  ...DATES,
  ...QUERIES,
  ...CHANGES,
  ...VALUES,
  ...KINDS,
  ...NUMBERING,
];

/** What both are told of the world, so that clocks and random numbers say the same. */
const OPTIONS: RunOptions = {
  timeoutMs: 30_000,
  context: { timestampMicros: 1_700_000_000_123_456, randSeed1: 1_234_567, randSeed2: 7_654_321 },
};

let mariadb: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await mariadb?.stop();
});

/** All that a client is told of a statement. */
async function answer(session: EngineSession, sql: string): Promise<unknown> {
  try {
    const { columns, rows, result } = await session.run(sql, OPTIONS);
    if (columns.length > 0) {
      return { names: columns.map(({ name }) => name), kinds: columns.map(kindOf), rows };
    }
    const { affected, insertId = null, info = "" } = result;
    return { affected, insertId, info };
  } catch (error) {
    if (!(error instanceof MinisqlError)) throw error;
    return { code: error.code, errno: error.errno, sqlState: error.sqlState };
  }
}

/** JSON is text to MariaDB as soon as a function has made it. */
function kindOf({ kind }: { readonly kind: string }): string {
  return kind === "json" ? "text" : kind;
}

for (const group of GROUPS) {
  Deno.test(`dialect: ${group.name} are as MariaDB has them`, async () => {
    mariadb ??= await startMariadb({ name: "dialect" });
    const server = await openMariadbEngine(mariadb);
    const deps = { clock: new SystemClock(), random: new SystemRandom() };
    const embedded = new SqliteEngine({ ...deps, database: server.database });
    try {
      const [theirs, ours] = [await server.engine.session(), await embedded.session()];
      for (const sql of group.setup) {
        await theirs.run(sql, OPTIONS);
        await ours.run(sql, OPTIONS);
      }
      const differing: unknown[] = [];
      for (const sql of group.statements) {
        const [expected, actual] = [await answer(theirs, sql), await answer(ours, sql)];
        try {
          assert.deepEqual(actual, expected, sql);
        } catch (error) {
          differing.push((error as Error).message);
        }
      }
      assert.equal(differing.length, 0, differing.join("\n\n"));
      for (const sql of group.refused ?? []) {
        assert.deepEqual(
          await answer(ours, sql),
          { code: "UNSUPPORTED", errno: undefined, sqlState: undefined },
          sql,
        );
      }
    } finally {
      await embedded.close();
      await server.close();
    }
  });
}

Deno.test("dialect: the table is as long as it says", () => {
  const statements = GROUPS.flatMap((group) => group.statements);
  assert.ok(statements.length >= 300, `${statements.length} statements`);
});
