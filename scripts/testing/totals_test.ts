import assert from "node:assert/strict";
import { totalsIn } from "./totals.ts";

Deno.test("totals: are the sum of every summary line, whatever stands around them", () => {
  const output = [
    "running 2 tests from ./a_test.ts",
    "a: holds ... ok (3ms)",
    "ok | 2 passed | 0 failed (1s)",
    "\x1b[32mok\x1b[0m | 40 passed (7 steps) | 0 failed | 3 ignored (2 steps) \x1b[90m(25s)\x1b[0m",
    "",
    "FAILED | 5 passed | 1 failed | 2 filtered out (12ms)",
  ].join("\n");
  assert.deepEqual(totalsIn(output), { passed: 47, failed: 1, ignored: 3 });
});

Deno.test("totals: are nought, when no test ran or a test only speaks of totals", () => {
  const none = { passed: 0, failed: 0, ignored: 0 };
  assert.deepEqual(totalsIn(""), none);
  assert.deepEqual(totalsIn("the line ok | 2 passed | 0 failed"), none);
});
