/** What goes wrong on MariaDB while statements run together in one packet. */
import assert from "node:assert/strict";
import { type MariadbServer, startMariadb } from "../scripts/services/mariadb.ts";
import type { EngineSession, Statement } from "../src/ports/engine.ts";
import { MinisqlError } from "../src/protocol/errors.ts";
import { assertRefused, LIMIT, rowsOf, runAll } from "./contract/engine_fixture.ts";
import { administer, openAdmin, openMariadbEngine } from "./support/mariadb_engines.ts";
import { until, within } from "./support/wait.ts";

let shared: MariadbServer | null = null;

Deno.test.afterAll(async () => {
  await shared?.stop();
});

function togetherTest(
  what: string,
  body: (session: EngineSession, server: MariadbServer) => Promise<void>,
): void {
  Deno.test(`mysql engine: ${what}`, async () => {
    shared ??= await startMariadb({ name: "engine-together" });
    const { engine, close } = await openMariadbEngine(shared);
    try {
      await body(await engine.session(), shared);
    } finally {
      await close();
    }
  });
}

function plain(...texts: readonly string[]): readonly Statement[] {
  return texts.map((sql) => ({ sql, context: {} }));
}

togetherTest("of statements run together, one whose connection is killed is unknown", async (
  session,
  server,
) => {
  await runAll(session, "CREATE TABLE t (a INT)");
  await session.begin("write");
  const [[thread]] = await rowsOf(session, "SELECT CONNECTION_ID()") as [[number]];
  const statements = plain(
    "INSERT INTO t VALUES (1)",
    "DO SLEEP(30)",
    "INSERT INTO t VALUES (2)",
  );
  const ends = session.runAll(statements, LIMIT);
  await until("the second one runs", () => isSleeping(server, thread));
  await administer(server, `KILL ${thread}`);
  const outcomes = await within("the end", ends);
  const last = outcomes.at(-1);
  assert.ok(last instanceof MinisqlError && last.code === "OUTCOME_UNKNOWN", Deno.inspect(last));
  assert.ok(outcomes.length < statements.length);
  assert.equal(session.usable, false);
  await assertRefused(session.commit(), "UNAVAILABLE");
});

async function isSleeping(server: MariadbServer, thread: number): Promise<boolean> {
  const admin = await openAdmin(server);
  const sql = `SELECT STATE FROM information_schema.PROCESSLIST WHERE ID = ${thread}`;
  const [rows] = await admin.query(sql);
  await admin.end();
  return (rows as { STATE: string | null }[])[0]?.STATE === "User sleep";
}

togetherTest("an end between two statements run together is an end as any", async (session) => {
  await session.begin("write");
  // So short that it is often between two of them that the server is told.
  const statements = plain(...Array.from({ length: 400 }, () => "DO 0"));
  let tookMs = Infinity;
  for (let turn = 0, ended = 0; ended < 25; turn++) {
    const since = performance.now();
    const timeoutMs = turn < 5 ? LIMIT.timeoutMs : tookMs * (0.1 + turn % 7 / 10);
    const outcomes = await session.runAll(statements, { timeoutMs });
    if (turn < 5) tookMs = Math.min(tookMs, performance.now() - since);
    const last = outcomes.at(-1);
    if (!(last instanceof MinisqlError)) continue;
    ended++;
    assert.equal(last.code, "TIMEOUT");
    assert.equal(session.usable, true);
    assert.deepEqual(await rowsOf(session, `SELECT ${turn}`), [[turn]]);
  }
});
