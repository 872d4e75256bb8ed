/** A statement of the embedded engine that keeps the process busy ends when somebody wants that. */
import assert from "node:assert/strict";
import { SqliteEngine } from "../src/adapters/sqlite/engine.ts";
import { SystemClock } from "../src/adapters/system_clock.ts";
import { SystemRandom } from "../src/adapters/system_random.ts";
import type { EngineSession } from "../src/ports/engine.ts";
import { is } from "./support/is.ts";

const LIMIT_MS = 20_000;
/** Gives no row before it has looked at a thousand million. */
const ENDLESS = "SELECT COUNT(*) FROM n a, n b, n c WHERE a.i + b.i + c.i < 0";
const ENDLESS_CHANGE = "UPDATE n SET i = i WHERE (SELECT COUNT(*) FROM n a, n b, n c) < 0";

/** A session of an engine whose process is interrupted after so many milliseconds. */
async function interrupted(
  afterMs: number,
  work: (session: EngineSession) => Promise<void>,
): Promise<void> {
  const clock = new SystemClock();
  const started = clock.now();
  const engine = new SqliteEngine({
    ...{ clock, random: new SystemRandom() },
    interrupts: () => clock.now() - started > afterMs ? 1 : 0,
  });
  const session = await engine.session();
  const values = Array.from({ length: 1000 }, (_, at) => `(${at})`).join(",");
  await session.run("CREATE TABLE n (i INT PRIMARY KEY)", { timeoutMs: LIMIT_MS });
  await session.run(`INSERT INTO n VALUES ${values}`, { timeoutMs: LIMIT_MS });
  await work(session);
  await engine.close();
}

for (const sql of [ENDLESS, ENDLESS_CHANGE]) {
  Deno.test(`sqlite: an interrupt ends what gives way to nobody: ${sql.slice(0, 6)}`, async () => {
    await interrupted(600, async (session) => {
      const { signal } = new AbortController();
      const begun = performance.now();
      await assert.rejects(
        session.run(sql, { timeoutMs: LIMIT_MS, signal }),
        is("CANCELLED", /cancelled/),
      );
      assert.ok(performance.now() - begun < LIMIT_MS / 2);
      const { rows } = await session.run("SELECT COUNT(*) FROM n", { timeoutMs: LIMIT_MS });
      assert.deepEqual(rows, [[1000]]);
    });
  });
}

Deno.test("sqlite: what nobody waits for is not interrupted, nor what began after it", async () => {
  await interrupted(300, async (session) => {
    const late = session.run(ENDLESS, { timeoutMs: 1000 });
    await assert.rejects(late, is("TIMEOUT", /./));
    const { signal } = new AbortController();
    const next = session.run(ENDLESS, { timeoutMs: 500, signal });
    await assert.rejects(next, is("TIMEOUT", /./));
    let rows = 0;
    const stream = session.stream("SELECT a.i FROM n a, n b LIMIT 9000", {
      ...{ timeoutMs: LIMIT_MS, signal },
    });
    for await (const batch of stream) {
      rows += batch.length;
      // Whoever takes the rows may take their time.
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    assert.equal(rows, 9000);
  });
});
