/** Engine contract: lookups, for engines that have a way for many of them to share. */
import assert from "node:assert/strict";
import type { Engine, Found, Lookup, Lookups } from "../../src/ports/engine.ts";
import {
  assertRefused,
  assertSqlError,
  type EngineContract,
  engineTest,
  LIMIT,
  refusal,
  runAll,
  withSession,
} from "./engine_fixture.ts";

const NEVER = new AbortController().signal;
const ROWS = 60;

export function lookupsOf({ lookups }: Engine): Lookups {
  assert.ok(lookups !== null, "The engine has lookups");
  return lookups;
}

export function lookup(id: number | string, more: Partial<Lookup> = {}): Lookup {
  const sql = `SELECT id, v FROM ${more.table ?? "t"} WHERE id = ${id}`;
  return { sql, table: "t", kept: false, timeoutMs: LIMIT.timeoutMs, signal: NEVER, ...more };
}

export async function fillTable(engine: Engine, table = "t"): Promise<void> {
  await withSession(engine, async (session) => {
    const values = Array.from({ length: ROWS }, (_, id) => `(${id}, 'v${id}')`);
    await runAll(
      session,
      `CREATE TABLE ${table} (id INT PRIMARY KEY, v VARCHAR(20))`,
      `INSERT INTO ${table} VALUES ${values}`,
    );
  });
  await engine.maintainFingerprint(table);
}

function lookupTest(
  contract: EngineContract,
  what: string,
  body: (lookups: Lookups, engine: Engine) => Promise<void>,
): void {
  engineTest(contract, `lookups: ${what}`, async (engine) => {
    await fillTable(engine);
    await body(lookupsOf(engine), engine);
  });
}

export function lookupContract(contract: EngineContract): void {
  lookupTest(contract, "one finds what a session finds, or nothing", async (lookups, engine) => {
    const found = await lookups.find(lookup(7));
    const same = await withSession(engine, (session) => session.run(lookup(7).sql, LIMIT));
    assert.deepEqual(found, { columns: same.columns, rows: [[7, "v7"]], kept: null });
    const none = await lookups.find(lookup(ROWS));
    assert.deepEqual(none, { columns: same.columns, rows: [], kept: null });
  });

  lookupTest(contract, "the kept fingerprint comes where it is wanted", async (lookups, engine) => {
    const { kept } = await lookups.find(lookup(7, { kept: true }));
    const now = await withSession(engine, async (session) => {
      assert.deepEqual(kept, await session.fingerprint("t"));
      await runAll(session, "DELETE FROM t WHERE id = 8");
      return await session.fingerprint("t");
    });
    const all = await Promise.all([7, 8].map((id) => lookups.find(lookup(id, { kept: true }))));
    assert.deepEqual(all.map((each) => each.kept), [now, now]);
    assert.deepEqual(all.map(({ rows }) => rows.length), [1, 0]);
    await withSession(engine, (session) => runAll(session, "CREATE TABLE w (id INT PRIMARY KEY)"));
    const unkept = { sql: "SELECT id FROM w WHERE id = 1", table: "w" };
    assert.equal((await lookups.find(lookup(1, { ...unkept, kept: true }))).kept, null);
  });

  lookupTest(contract, "of many at once each is answered for itself", async (lookups) => {
    const asked = Array.from({ length: 300 }, (_, at) => {
      if (at % 10 === 3) return lookup("id AND nowhere = 1");
      if (at % 10 === 6) return lookup(at, { table: "nowhere" });
      return lookup(at % ROWS, { kept: at % 2 === 0 });
    });
    const outcomes = await Promise.allSettled(asked.map((each) => lookups.find(each)));
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") {
        assert.deepEqual(outcome.value.rows, [[at % ROWS, `v${at % ROWS}`]]);
        assert.equal(outcome.value.kept !== null, at % 2 === 0);
      } else if (at % 10 === 6) {
        await assertSqlError(Promise.reject(outcome.reason), 1146, "42S02");
      } else {
        assert.equal(at % 10, 3, Deno.inspect(outcome.reason));
        await assertSqlError(Promise.reject(outcome.reason), 1054, "42S22");
      }
    }
  });

  lookupTest(
    contract,
    "each sees what was committed before it was asked",
    async (lookups, engine) => {
      await withSession(engine, async (session) => {
        for (let round = 0; round < 30; round++) {
          await runAll(session, `UPDATE t SET v = 'round ${round}' WHERE id = 5`);
          const others = Array.from({ length: 20 }, (_, id) => lookups.find(lookup(id)));
          const { rows } = await lookups.find(lookup(5));
          assert.deepEqual(rows, [[5, `round ${round}`]]);
          await Promise.all(others);
        }
      });
    },
  );

  lookupTest(contract, "a closed engine has none", async (lookups, engine) => {
    await lookups.find(lookup(1));
    await engine.close();
    await assertRefused(lookups.find(lookup(1)), "UNAVAILABLE");
  });

  lookupTest(contract, "one that closes leaves nobody waiting", async (lookups, engine) => {
    const asked = Array.from({ length: 50 }, (_, id) => lookups.find(lookup(id)));
    await engine.close();
    for (const outcome of await Promise.allSettled<Found>(asked)) {
      if (outcome.status === "fulfilled") continue;
      assert.equal((await refusal(Promise.reject(outcome.reason))).code, "UNAVAILABLE");
    }
  });
}
