import assert from "node:assert/strict";
import { COPY_LIMITS } from "./limits.ts";
import { Pace } from "./pace.ts";

const LIMITS = { ...COPY_LIMITS, chunkMs: 500, chunkRowsFirst: 1000, chunkRowsMax: 50_000 };

/** Takes so long for each row. */
function settled(msEach: number, times: number): number {
  const pace = new Pace(LIMITS);
  for (let time = 0; time < times; time++) pace.took(pace.rows, pace.rows * msEach);
  return pace.rows;
}

Deno.test("pace: finds how many rows take as long as they are to take", () => {
  assert.equal(settled(0.1, 5), 5000);
  assert.equal(settled(5, 5), 100);
});

Deno.test("pace: is bounded, and changes little at once", () => {
  assert.equal(settled(0, 1), 4000);
  assert.equal(settled(0, 10), LIMITS.chunkRowsMax);
  assert.equal(settled(100_000, 10), 1);
});
