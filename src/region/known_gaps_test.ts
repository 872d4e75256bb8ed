import assert from "node:assert/strict";
import { KnownGaps } from "./known_gaps.ts";

interface Sums {
  readonly mine: Readonly<Record<string, readonly [rows: number, sum: string]>>;
  readonly claimed: Readonly<Record<string, readonly [rows: number, sum: string]>>;
}

function difference(epoch: number, seq: number, { mine, claimed }: Sums) {
  return {
    position: { epoch, seq },
    fingerprints: fingerprints(mine),
    claimed: fingerprints(claimed),
  };
}

function fingerprints(sums: Sums["mine"]) {
  return new Map(
    Object.entries(sums).map(([table, [rows, sum]]) => [table, { rows, sum, schema: "s" }]),
  );
}

const MAX = "18446744073709551615";

Deno.test("a gap that a vote was about explains what is off by as much, in the same epoch", () => {
  const gaps = new KnownGaps();
  const first = difference(2, 7, { mine: { t: [3, "10"] }, claimed: { t: [2, "4"] } });
  assert.ok(!gaps.explain(first));
  gaps.learn(first);
  const again = {
    mine: { t: [5, "3"] as const },
    claimed: { t: [4, "18446744073709551613"] as const },
  };
  assert.ok(gaps.explain(difference(2, 8, again)));
  assert.ok(!gaps.explain(difference(3, 8, again)));
});

Deno.test("another gap, or one in another table too, is not explained", () => {
  const gaps = new KnownGaps();
  gaps.learn(difference(2, 7, { mine: { t: [3, "10"] }, claimed: { t: [3, MAX] } }));
  const alike = { u: [1, "1"] as const };
  const off = {
    mine: { t: [3, "11"] as const, ...alike },
    claimed: { t: [3, "0"] as const, ...alike },
  };
  assert.ok(gaps.explain(difference(2, 8, off)));
  assert.ok(!gaps.explain(difference(2, 8, { ...off, claimed: { ...off.claimed, t: [3, "1"] } })));
  assert.ok(!gaps.explain(difference(2, 8, { ...off, claimed: { ...off.claimed, u: [1, "2"] } })));
});

Deno.test("where all sums agree there is something else", () => {
  const gaps = new KnownGaps();
  const same = { mine: { t: [3, "10"] as const }, claimed: { t: [3, "10"] as const } };
  gaps.learn(difference(2, 7, same));
  assert.ok(!gaps.explain(difference(2, 8, same)));
});

Deno.test("a table that is not there, or has another schema, has no gap that could be known", () => {
  const gaps = new KnownGaps();
  const fingerprint = { rows: 1, sum: "1", schema: "s" };
  const gone = {
    position: { epoch: 1, seq: 1 },
    fingerprints: new Map([["t", fingerprint]]),
    claimed: new Map([["t", null]]),
  };
  gaps.learn(gone);
  assert.ok(!gaps.explain(gone));
  const altered = { ...gone, claimed: new Map([["t", { ...fingerprint, schema: "z" }]]) };
  gaps.learn(altered);
  assert.ok(!gaps.explain(altered));
});
