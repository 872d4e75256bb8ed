/** What checkpoints let go of, and what they say where they cannot. */
import assert from "node:assert/strict";
import { settle } from "../../tests/support/wait.ts";
import { MemoryReporter } from "../adapters/memory_reporter.ts";
import { VirtualClock } from "../adapters/virtual_clock.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { RegionCopy } from "./copy.ts";
import { REGION_LIMITS } from "./limits.ts";

interface Bench {
  readonly reporter: MemoryReporter;
  /** Why the database cannot be asked; null where it answers. */
  database: string | null;
  /** Positions up to which the log has let go. */
  readonly letGo: number[];
  readonly looks: (times: number) => Promise<void>;
}

/** A copy that is the further on the more time has passed. */
async function checkpoints(body: (bench: Bench) => Promise<void>): Promise<void> {
  const clock = new VirtualClock();
  const reporter = new MemoryReporter();
  const stop = new AbortController();
  const limits = { ...REGION_LIMITS, entriesKept: 0 };
  const applied = { value: 0 };
  const bench: Bench = {
    ...{ reporter, database: null, letGo: [] },
    looks: async (times) => {
      for (let done = 0; done < times; done++) {
        applied.value += 10;
        await clock.advance(limits.checkpointMs, settle);
      }
    },
  };
  const copy = {
    ...{ region: "r", applied, falls: 0, unfit: null },
    deps: {
      ...{ clock, limits, reporter },
      log: { checkpoint: (_region: string, seq: number) => Promise.resolve(bench.letGo.push(seq)) },
    },
    use: () =>
      bench.database === null
        ? Promise.resolve({ epoch: 1, seq: applied.value, state: "sound" })
        : Promise.reject(new Error(bench.database)),
  } as unknown as RegionCopy;
  const running = new Checkpoints(copy, () => Infinity, () => null).run(stop.signal);
  await body(bench);
  stop.abort();
  await running;
}

Deno.test("checkpoints: let go of what was applied at the look before", async () => {
  await checkpoints(async ({ letGo, looks }) => {
    await looks(4);
    assert.deepEqual(letGo, [10, 20, 30]);
  });
});

Deno.test("checkpoints: why nothing can be let go of is said once, and anew after it could", async () => {
  await checkpoints(async (bench) => {
    const said = () => bench.reporter.lines.map(({ message }) => message);
    bench.database = "it is away";
    await bench.looks(5);
    assert.deepEqual(said(), ["Cannot let old entries go: it is away"]);
    bench.database = "it is full";
    await bench.looks(2);
    assert.equal(said().length, 2);
    bench.database = null;
    await bench.looks(1);
    assert.equal(bench.letGo.length, 1);
    bench.database = "it is full";
    await bench.looks(2);
    assert.equal(said().length, 3);
  });
});
