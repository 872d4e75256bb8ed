/** Copying a region while something goes wrong, or somebody writes. */
import assert from "node:assert/strict";
import { MinisqlError } from "../../src/protocol/errors.ts";
import { writeApplied } from "../../src/region/books.ts";
import { LIMIT, refusal } from "./engine_fixture.ts";
import { type CopyContract, copyTest, REGION, rowsSql } from "./region_copy_fixture.ts";

const T = "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40))";
const ROWS = 6000;
const FILL = `INSERT INTO t VALUES ${rowsSql(ROWS, (n) => `${n}, 'v${n}'`)}`;
const CHUNKS = { chunkRowsFirst: 1000, chunkRowsMax: 1000 };

export function copyTroubleContract(contract: CopyContract): void {
  interruptionTests(contract);
  writingTests(contract);
  lieTests(contract);
}

function interruptionTests(contract: CopyContract): void {
  copyTest(contract, "after a broken link it goes on where it was", async (bench) => {
    await bench.make("t", T, ["source"]);
    await bench.run("source", FILL);
    const failure = await refusal(bench.copy({
      limits: CHUNKS,
      onProgress: ({ done }) => done >= 3000 && bench.network.cut("source", "target"),
    }));
    assert.match(failure.code, /OUTCOME_UNKNOWN|UNAVAILABLE/);
    assert.equal(await bench.state(), "copying");
    const { rows } = await bench.copy({ limits: CHUNKS });
    assert.ok(rows >= 1000 && rows <= 3000, `${rows} rows travelled the second time`);
    await bench.assertAlike();
  });

  copyTest(contract, "a view that is closed under way is opened anew", async (bench) => {
    await bench.make("t", T, ["source"]);
    await bench.run("source", FILL);
    const failure = await refusal(bench.copy({
      limits: CHUNKS,
      throttle: () => bench.views.endRegion(REGION, "its schema changes"),
    }));
    assert.equal(failure.code, "UNAVAILABLE");
    assert.match(failure.message, /the view is closed/);
    assert.equal(bench.views.size, 0);
    await bench.run("source", "ALTER TABLE t ADD COLUMN w INT");
    await bench.source.maintainFingerprint("t");
    await bench.copy();
    await bench.assertAlike();
  });

  copyTest(contract, "a view outlives long pauses", async (bench) => {
    await bench.make("t", T, ["source"]);
    await bench.run("source", FILL);
    const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 700));
    const limits = { chunkRowsFirst: 4000, keepMs: 100 };
    await bench.copy({ limits, throttle: pause });
    await bench.assertAlike();
  }, { idleMs: 400 });

  copyTest(contract, "it ends when told to, and lets the view go", async (bench) => {
    await bench.make("t", T, ["source"]);
    await bench.run("source", FILL);
    const stop = new AbortController();
    const reason = new MinisqlError("CANCELLED", "enough");
    await assert.rejects(
      bench.copy({
        limits: CHUNKS,
        signal: stop.signal,
        onProgress: ({ done }) => done >= 2000 && stop.abort(reason),
      }),
      reason,
    );
    assert.equal(bench.views.size, 0);
    assert.equal(await bench.state(), "copying");
    await bench.copy();
    await bench.assertAlike();
  });

  copyTest(contract, "progress and pauses come between chunks", async (bench) => {
    await bench.make("t", T, ["source"]);
    await bench.run("source", FILL);
    let pauses = 0;
    const told: string[] = [];
    await bench.copy({
      limits: CHUNKS,
      throttle: () => Promise.resolve(void pauses++),
      onProgress: ({ done, of, table }) => told.push(`${table} ${done}/${of}`),
    });
    assert.equal(pauses, 6);
    assert.deepEqual(told.slice(0, 2), ["t 1000/6000", "t 2000/6000"]);
    assert.equal(told.at(-1), "t 6000/6000");
  });
}

function writingTests(contract: CopyContract): void {
  copyTest(contract, "what is written at the source meanwhile is left out", async (bench) => {
    await bench.make("t", T, ["source"]);
    await bench.run("source", FILL);
    const before = await bench.at("source", (session) => session.recompute("t", LIMIT));
    let n = 0;
    const write = () =>
      bench.at("source", async (session) => {
        await session.begin("write");
        await session.run(`UPDATE t SET v = 'new' WHERE id % 6 = ${n++ % 6}`, LIMIT);
        await session.run(`INSERT INTO t VALUES (${ROWS + n}, 'new')`, LIMIT);
        await writeApplied(session, REGION, { epoch: 3, seq: 100 + n, state: "sound" });
        await session.commit();
      });
    const { position } = await bench.copy({ limits: CHUNKS, throttle: write });
    assert.ok(n > 3);
    assert.deepEqual(position, bench.position);
    const kept = await bench.at("target", (session) => session.fingerprint("t"));
    assert.deepEqual(kept, before);
  });

  copyTest(contract, `${contract.manyRows} rows, and nobody has to wait`, async (bench) => {
    await bench.make("t", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40), w BIGINT)", [
      "source",
    ]);
    await bench.make("w", "CREATE TABLE w (id INT PRIMARY KEY, v VARCHAR(9))", ["source"]);
    for (let from = 0; from < contract.manyRows; from += 4000) {
      const rows = rowsSql(4000, (n) => `${n}, 'some text for row ${n}', ${n * 1_000_003}`, from);
      await bench.run("source", `INSERT INTO t VALUES ${rows}`);
    }
    let isCopying = true;
    let slowest = 0;
    const writer = bench.at("source", async (session) => {
      for (let n = 0; isCopying; n++) {
        const started = performance.now();
        await session.run(`INSERT INTO t VALUES (${-n - 1}, 'x', ${n})`, LIMIT);
        await session.run(`INSERT INTO w VALUES (${n}, 'x')`, LIMIT);
        slowest = Math.max(slowest, performance.now() - started);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    const { rows, bytes, ms } = await bench.copy().finally(() => isCopying = false);
    await writer;
    assert.ok(rows >= contract.manyRows);
    assert.ok(slowest < 1000, `a write took ${slowest.toFixed()} ms`);
    const [perSecond, megabytes] = [rows / (ms / 1000), bytes / 1e6 / (ms / 1000)];
    console.log(
      `    ${perSecond.toFixed()} rows/s, ${megabytes.toFixed(1)} MB/s, slowest write ` +
        `${slowest.toFixed()} ms`,
    );
  });
}

function lieTests(contract: CopyContract): void {
  const { miscount } = contract;
  if (miscount === null) return;

  copyTest(contract, "a copy that has counted wrongly counts anew", async (bench) => {
    await bench.make("t", T);
    await bench.run("source", FILL);
    await bench.run("target", FILL, miscount);
    assert.equal((await bench.copy()).rows, 0);
    await bench.assertAlike();
  });

  copyTest(contract, "a source that has counted wrongly is found out", async (bench) => {
    await bench.make("t", T);
    await bench.run("source", FILL, miscount);
    const failure = await refusal(bench.copy());
    assert.equal(failure.code, "DIVERGED");
    assert.match(failure.message, /table t: its rows at the source do not add up/);
    assert.equal(await bench.state(), "copying");
  });

  copyTest(contract, "rows changed here while they are copied are found out", async (bench) => {
    await bench.make("t", T);
    await bench.run("source", FILL);
    const failure = await refusal(bench.copy({
      limits: CHUNKS,
      throttle: () => bench.run("target", "UPDATE t SET v = 'mine' WHERE id = 6"),
    }));
    assert.equal(failure.code, "DIVERGED");
    assert.match(failure.message, /table t: it is not what it is at the source/);
    await bench.copy();
    await bench.assertAlike();
  });
}
