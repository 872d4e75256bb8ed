/** What a copy makes of what its database holds when it is read again. */
import assert from "node:assert/strict";
import { MemoryDatabase } from "../adapters/memory_engine/database.ts";
import { MemoryEngine } from "../adapters/memory_engine/engine.ts";
import { SeededRandom } from "../adapters/seeded_random.ts";
import { SystemClock } from "../adapters/system_clock.ts";
import type { EngineSession, Fingerprint } from "../ports/engine.ts";
import { type CopyState, prepareBooks, writeApplied, writeOwned } from "./books.ts";
import { type CopyDeps, RegionCopy } from "./copy.ts";
import { REGION_LIMITS } from "./limits.ts";

const LIMIT = { timeoutMs: 1000 };

/** A database with one row in `t`, and a log whose last entry says what that comes to. */
async function prepared() {
  const [clock, random] = [new SystemClock(), new SeededRandom(1)];
  const engine = new MemoryEngine(new MemoryDatabase({ clock, random }));
  await prepareBooks(engine);
  const session = await engine.session();
  await session.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)", LIMIT);
  await session.run("INSERT INTO t VALUES (1, 1)", LIMIT);
  const claim = await engine.maintainFingerprint("t");
  await session.begin("write");
  await writeOwned(session, "r", ["t"]);
  await session.commit();
  await note(session, "sound");
  const open = () => RegionCopy.open(depsOf(engine, claim), "r");
  return { session, claim, open };
}

async function note(session: EngineSession, state: CopyState): Promise<void> {
  await session.begin("write");
  await writeApplied(session, "r", { epoch: 1, seq: 1, state });
  await session.commit();
}

function depsOf(engine: MemoryEngine, claim: Fingerprint): CopyDeps {
  const body = { kind: "change", statements: [], answered: [], fingerprints: { t: claim }, at: 1 };
  const entry = { region: "r", epoch: 1, seq: 1, body: JSON.stringify(body) };
  const log = {
    damage: [],
    first: () => 1,
    last: () => ({ epoch: 1, seq: 1 }),
    epochAt: () => 1,
    promised: () => "1",
    read: () => Promise.resolve([entry]),
  };
  return { engine, log, limits: REGION_LIMITS } as unknown as CopyDeps;
}

Deno.test("copy: a row changed beside the cluster shows when it is read again", async () => {
  const { session, open } = await prepared();
  const copy = await open();
  assert.equal(await copy.reload(), null);
  await session.run("UPDATE t SET v = 2", LIMIT);
  assert.match(await copy.reload() ?? "", /table t was changed beside the cluster/);
});

Deno.test("copy: what it goes by after a restart is what its log says", async () => {
  const { session, claim, open } = await prepared();
  await session.run("UPDATE t SET v = 2", LIMIT);
  assert.deepEqual((await open()).history.latest("t"), claim);
});

Deno.test("copy: in the middle of a TRUNCATE nobody is accused", async () => {
  const { session, claim, open } = await prepared();
  const copy = await open();
  await note(session, "emptying");
  await session.run("DELETE FROM t", LIMIT);
  assert.equal(await copy.reload(), null);
  const restarted = await open();
  assert.notDeepEqual(restarted.history.latest("t"), claim);
  assert.equal(await restarted.reload(), null);
});
