/** Which regions want another copy, and which come first. */
import assert from "node:assert/strict";
import type { RegionState } from "../protocol/model.ts";
import { repairsNeeded } from "./repair.ts";

function region(name: string, more: Partial<RegionState> = {}): RegionState {
  return {
    region: name,
    epoch: 1,
    primary: 1,
    isr: [1, 2, 3].map((rid) => ({ rid, incarnation: "i" })),
    replicas: [1, 2, 3],
    state: "open",
    copies: 3,
    ...more,
  };
}

function needs(
  regions: readonly RegionState[],
  online: readonly number[],
  lost: readonly number[],
) {
  const found = repairsNeeded({
    regions,
    isOnline: (rid) => online.includes(rid),
    isLost: (rid) => lost.includes(rid),
  });
  return found.map((need) => [need.region, need.instead]);
}

Deno.test("repair: cases", () => {
  assert.deepEqual(needs([region("a")], [1, 2, 3], []), [], "all are there");
  assert.deepEqual(needs([region("a")], [1, 2], []), [], "one is away, and waited for");
  assert.deepEqual(needs([region("a")], [1, 2], [3]), [["a", 3]], "one is lost");
  assert.deepEqual(needs([region("a")], [2, 3], [1]), [], "the primary is lost: nobody leads yet");
  assert.deepEqual(needs([region("a", { primary: null })], [1, 2], [3]), [], "nobody leads");
  assert.deepEqual(needs([region("a", { state: "dropping" })], [1, 2], [3]), [], "it goes anyway");
  const grown = { replicas: [1, 2], isr: [{ rid: 1, incarnation: "i" }] };
  assert.deepEqual(needs([region("a", grown)], [1, 2], []), [["a", null]], "fewer than asked for");
  assert.deepEqual(needs([region("a", { ...grown, copies: 2 })], [1, 2], []), [], "as asked for");
});

Deno.test("repair: the regions nearest to being lost come first", () => {
  const alone = region("z", { isr: [{ rid: 1, incarnation: "i" }] });
  const regions = [region("b"), region("a"), alone];
  assert.deepEqual(needs(regions, [1, 2], [3]), [["z", 3], ["a", 3], ["b", 3]]);
});
