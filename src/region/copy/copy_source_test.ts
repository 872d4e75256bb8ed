import assert from "node:assert/strict";
import { MemoryDatabase } from "../../adapters/memory_engine/database.ts";
import { MemoryEngine } from "../../adapters/memory_engine/engine.ts";
import { MemoryReporter } from "../../adapters/memory_reporter.ts";
import { SeededRandom } from "../../adapters/seeded_random.ts";
import { VirtualClock } from "../../adapters/virtual_clock.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { RowsContext } from "../../protocol/handlers.ts";
import type { Column, Row } from "../../protocol/values.ts";
import { prepareBooks, writeApplied } from "../books.ts";
import { CopySource } from "./copy_source.ts";
import type { CopyLimits } from "./limits.ts";

const REGION = "shop";
const RUN = { timeoutMs: 10_000 };

interface Bench {
  readonly clock: VirtualClock;
  readonly engine: MemoryEngine;
  readonly source: CopySource;
  open(reader?: number | null): Promise<string>;
}

/** A source with a table of a hundred rows. */
async function withSource(
  limits: Partial<CopyLimits>,
  body: (bench: Bench) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const random = new SeededRandom(5);
  const engine = new MemoryEngine(new MemoryDatabase({ clock, random }));
  await prepareBooks(engine);
  const session = await engine.session();
  await session.run("CREATE TABLE t (id INT PRIMARY KEY)", RUN);
  await engine.maintainFingerprint("t");
  const rows = Array.from({ length: 100 }, (_, n) => `(${n})`).join();
  await session.run(`INSERT INTO t VALUES ${rows}`, RUN);
  await writeApplied(session, REGION, { epoch: 1, seq: 9, state: "sound" });
  await session.close();
  const source = new CopySource({ engine, clock, random, reporter: new MemoryReporter() }, limits);
  const open = async (reader: number | null = null) =>
    (await source.open({ region: REGION, epoch: 1 }, ["t"], contextOf(reader))).copy;
  try {
    await body({ clock, engine, source, open });
  } finally {
    await source.close();
    await engine.close();
  }
}

function contextOf(
  rid: number | null,
  take: (columns: readonly Column[], rows: readonly Row[]) => Promise<void> = async () => {},
  signal = new AbortController().signal,
): RowsContext {
  const caller = {
    role: "region",
    name: "s",
    user: null,
    rid,
    incarnation: null,
    from: "",
  } as const;
  return { caller, signal, within: null, rows: take };
}

async function assertGone(bench: Bench, copy: string, why: RegExp): Promise<void> {
  await assert.rejects(
    bench.source.handlers.keepCopy({ copy }, contextOf(null)),
    (error) =>
      error instanceof MinisqlError && error.code === "UNAVAILABLE" && why.test(error.message),
  );
}

Deno.test("copy source: a view that is idle is closed, one that is kept is not", async () => {
  await withSource({ idleMs: 1000 }, async (bench) => {
    const [kept, idle] = [await bench.open(), await bench.open()];
    for (let round = 0; round < 4; round++) {
      await bench.clock.advance(600, async () => {});
      await bench.source.handlers.keepCopy({ copy: kept }, contextOf(null));
    }
    assert.equal(bench.source.size, 1);
    await assertGone(bench, idle, /idle for too long/);
  });
});

Deno.test("copy source: views are few, and a server that opens another gives up its last", async () => {
  await withSource({ openMax: 2 }, async (bench) => {
    const first = await bench.open(7);
    const second = await bench.open(7);
    await assertGone(bench, first, /view is closed/);
    await bench.open(8);
    await assert.rejects(bench.open(9), /2 copies are open/);
    await bench.source.handlers.closeCopy({ copy: second }, contextOf(null));
    await bench.open(9);
    assert.equal(bench.source.size, 2);
  });
});

Deno.test("copy source: a reader that takes nothing does not keep a view open", async () => {
  await withSource({}, async (bench) => {
    const copy = await bench.open();
    const stuck = Promise.withResolvers<void>();
    const request = { copy, table: "t", after: null, upTo: null };
    const reading = bench.source.handlers.copyRows(
      request,
      contextOf(null, () => {
        stuck.resolve();
        return new Promise(() => {});
      }),
    );
    const failure = assert.rejects(reading, /a schema changes/);
    await stuck.promise;
    await bench.source.endRegion(REGION, "a schema changes");
    await failure;
    assert.equal(bench.source.size, 0);
  });
});

Deno.test("copy source: a view that is being opened when all are ended is ended too", async () => {
  await withSource({}, async (bench) => {
    const opening = assert.rejects(bench.open(), /about to change/);
    await bench.source.endRegion(REGION, "a schema changes");
    await opening;
    assert.equal(bench.source.size, 0);
    await bench.open();
    await bench.source.close();
    await assert.rejects(bench.open(), /the server stops/);
  });
});

Deno.test("copy source: calls on one view take turns", async () => {
  await withSource({}, async (bench) => {
    const copy = await bench.open();
    const chunk = (after: number | null) =>
      bench.source.handlers.copyChunk(
        { copy, table: "t", after: after === null ? null : [after], rows: 30 },
        contextOf(null),
      );
    const chunks = await Promise.all([chunk(null), chunk(29), chunk(59), chunk(89)]);
    assert.deepEqual(chunks.map(({ upTo }) => upTo), [[29], [59], [89], null]);
    assert.deepEqual(chunks.map(({ fingerprint }) => fingerprint.rows), [30, 30, 30, 10]);
  });
});

Deno.test("copy source: a copy that is not sound is not copied from", async () => {
  await withSource({}, async (bench) => {
    const session = await bench.engine.session();
    await writeApplied(session, REGION, { epoch: 1, seq: 9, state: "copying" });
    await session.close();
    await assert.rejects(bench.open(), /no sound copy/);
    assert.equal(bench.source.size, 0);
  });
});
