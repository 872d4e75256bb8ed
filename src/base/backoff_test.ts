/** Delays between attempts: growth, limit, spread. */
import assert from "node:assert/strict";
import { backoffDelay } from "./backoff.ts";

const POLICY = { initialMs: 100, limitMs: 5_000 };
const LOWEST = () => 0;
const HIGHEST = () => 1 - 2 ** -53;

Deno.test("backoff: doubles from the first delay up to the limit", () => {
  const full = [0, 1, 2, 3, 4, 5, 6, 7].map((attempt) => 2 * backoffDelay(POLICY, attempt, LOWEST));
  assert.deepEqual(full, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
});

Deno.test("backoff: at least half of each delay is waited, and never more than all of it", () => {
  for (let attempt = 0; attempt < 50; attempt++) {
    const full = Math.min(POLICY.limitMs, 100 * 2 ** attempt);
    assert.equal(backoffDelay(POLICY, attempt, LOWEST), full / 2);
    const longest = backoffDelay(POLICY, attempt, HIGHEST);
    assert.ok(longest > full * 0.999 && longest <= full, `${longest} of ${full}`);
  }
});

Deno.test("backoff: a herd scatters over the other half", () => {
  const delays = Array.from({ length: 100 }, (_, n) => backoffDelay(POLICY, 3, () => n / 100));
  assert.equal(new Set(delays).size, 100);
  assert.ok(Math.max(...delays) - Math.min(...delays) > 390);
});

Deno.test("backoff: any number of attempts gives a delay within the limit", () => {
  for (const attempt of [31, 1_024, 1e9, Number.MAX_SAFE_INTEGER, Infinity]) {
    assert.equal(backoffDelay(POLICY, attempt, LOWEST), 2_500);
  }
  assert.equal(backoffDelay({ initialMs: 0, limitMs: 100 }, 5_000, HIGHEST), 0);
  assert.equal(backoffDelay({ initialMs: 900, limitMs: 100 }, 0, LOWEST), 50);
});
