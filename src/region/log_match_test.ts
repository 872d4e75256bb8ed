/** Where logs part, by hand and against a plain comparison of random logs. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { heldLog, matchOf } from "./log_match.ts";

/** A log as the epochs of its entries, the first one at `base + 1`. */
function logOf(base: number, baseEpoch: number, epochs: readonly number[]) {
  const last = base + epochs.length;
  const epochAt = (_: string, seq: number) =>
    seq === base ? baseEpoch : epochs[seq - base - 1] ?? null;
  return heldLog({
    first: () => base + 1,
    last: () => ({ epoch: epochs.at(-1) ?? baseEpoch, seq: last }),
    epochAt,
  }, "r");
}

Deno.test("log match: the same log matches at its end", () => {
  const log = logOf(0, 0, [1, 1, 2, 5]);
  assert.deepEqual(log.epochs, [
    { epoch: 0, seq: 0 },
    { epoch: 1, seq: 2 },
    { epoch: 2, seq: 3 },
    { epoch: 5, seq: 4 },
  ]);
  assert.equal(matchOf(log, log), 4);
});

Deno.test("log match: a tail of an epoch that the other never had is left out", () => {
  assert.equal(matchOf(logOf(0, 0, [1, 1, 3]), logOf(0, 0, [1, 1, 2, 2])), 2);
  assert.equal(matchOf(logOf(0, 0, [1, 1, 1]), logOf(0, 0, [1])), 1);
  assert.equal(matchOf(logOf(0, 0, [2]), logOf(0, 0, [1])), 0);
});

Deno.test("log match: logs with nothing in common do not match", () => {
  assert.equal(matchOf(logOf(5, 2, [2, 2]), logOf(0, 0, [1, 1])), null);
  assert.equal(matchOf(logOf(5, 2, []), logOf(0, 0, [1, 1, 1, 1, 2])), 5);
});

Deno.test("log match: as a plain comparison says, for random logs of one history", () => {
  const rising = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 12 })
    .map((steps) => steps.map((_, at) => 1 + steps.slice(0, at + 1).reduce((a, b) => a + b, 0)));
  fc.assert(fc.property(rising, rising, fc.nat(12), (one, other, shared) => {
    // What they share, they share as one primary wrote it; behind it, epochs differ for good.
    const head = one.slice(0, shared);
    const end = head.at(-1) ?? 0;
    const mine = [...head, ...one.slice(head.length).map((epoch) => 2 * (end + epoch))];
    const theirs = [...head, ...other.map((epoch) => 2 * (end + epoch) + 1)];
    assert.equal(matchOf(logOf(0, 0, mine), logOf(0, 0, theirs)), head.length);
  }));
});
