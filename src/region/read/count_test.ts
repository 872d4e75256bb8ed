/** Counting a table's rows bit by bit. */
import assert from "node:assert/strict";
import { settle } from "../../../tests/support/wait.ts";
import { SeededRandom } from "../../adapters/seeded_random.ts";
import { SqliteEngine } from "../../adapters/sqlite/engine.ts";
import { VirtualClock } from "../../adapters/virtual_clock.ts";
import type { EngineSession, Fingerprint, TableSchema } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { type Counting, countTable } from "./count.ts";

const LIMIT = { timeoutMs: 60_000 };

interface Bench {
  readonly clock: VirtualClock;
  readonly session: EngineSession;
  readonly schema: TableSchema;
  readonly kept: Fingerprint;
  readonly counting: Counting;
  /** The queries that counted: "whole", or a part. */
  readonly counted: string[];
}

async function counting(
  setup: readonly string[],
  body: (bench: Bench) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const engine = new SqliteEngine({ clock, random: new SeededRandom(3) });
  const session = await engine.session();
  for (const sql of setup) await session.run(sql, LIMIT);
  const kept = await engine.maintainFingerprint("t");
  const schema = await engine.schema("t");
  assert.ok(schema !== null);
  const counted: string[] = [];
  const { recompute } = session;
  session.recompute = (table, options) => {
    counted.push(options.range === undefined ? "whole" : "part");
    return recompute.call(session, table, options);
  };
  const { signal } = new AbortController();
  await body({
    ...{ clock, session, schema, kept, counted },
    counting: { clock, chunkMs: 0.001, chunkRows: 7, tableMs: 60_000, rest: () => 0, signal },
  });
  await engine.close();
}

const KEYED = [
  "CREATE TABLE t (a ENUM('z', 'y', 'x'), b VARCHAR(10), c INT, PRIMARY KEY (a, b))",
  ...Array.from(
    { length: 95 },
    (_, at) =>
      `INSERT INTO t VALUES ('${"zyx"[at % 3]}', 'b${at % 40}${at > 60 ? "É" : ""}', ${at})`,
  ),
];

/** Lets time pass for the pauses. */
async function outcome<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = () => {
    isSettled = true;
  };
  promise.then(settled, settled);
  for (let round = 0; round < 1000 && !isSettled; round++) await clock.advance(1000, settle);
  return await promise;
}

Deno.test("count: the parts of a table add up to the whole", async () => {
  await counting(KEYED, async ({ clock, session, schema, kept, counting, counted }) => {
    assert.deepEqual(await outcome(clock, countTable(session, schema, kept, counting)), kept);
    assert.ok(counted.length > 5, `${counted.length} parts`);
    assert.ok(!counted.includes("whole"));
  });
});

Deno.test("count: what does not come out right is counted once more in one go", async () => {
  await counting(KEYED, async ({ clock, session, schema, kept, counting, counted }) => {
    const wrong = { ...kept, sum: "1" };
    assert.deepEqual(await outcome(clock, countTable(session, schema, wrong, counting)), kept);
    assert.equal(counted.at(-1), "whole");
  });
});

Deno.test("count: a table without a key or without rows", async () => {
  const keyless = ["CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1), (1), (2)"];
  await counting(keyless, async ({ clock, session, schema, kept, counting, counted }) => {
    assert.deepEqual(await outcome(clock, countTable(session, schema, kept, counting)), kept);
    assert.deepEqual(counted, ["whole"]);
  });
  await counting(["CREATE TABLE t (a INT PRIMARY KEY)"], async ({ clock, ...rest }) => {
    const { session, schema, kept, counting } = rest;
    assert.equal((await outcome(clock, countTable(session, schema, kept, counting))).rows, 0);
  });
});

Deno.test("count: one that takes too long rests less in the end, and then is given up", async () => {
  await counting(KEYED, async ({ clock, session, schema, kept, counting }) => {
    const rests: number[] = [];
    const slow = {
      ...counting,
      tableMs: 10_000,
      rest: () => {
        rests.push(clock.now());
        return 2000;
      },
    };
    assert.deepEqual(await outcome(clock, countTable(session, schema, kept, slow)), kept);
    assert.equal(rests.length, 3);
    const slower = { ...counting, tableMs: 10_000, rest: () => 20_000 };
    const counted = outcome(clock, countTable(session, schema, kept, slower));
    await assert.rejects(counted, (error) => {
      assert.ok(error instanceof MinisqlError);
      assert.equal(error.code, "TIMEOUT");
      assert.match(error.message, /not counted within 10000 ms/);
      return true;
    });
  });
});
