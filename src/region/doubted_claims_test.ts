import assert from "node:assert/strict";
import { DoubtedClaims } from "./doubted_claims.ts";

type Sums = Readonly<Record<string, string>>;

function difference(epoch: number, seq: number, mine: Sums, claimed: Sums) {
  return {
    position: { epoch, seq },
    fingerprints: fingerprints(mine),
    claimed: fingerprints(claimed),
  };
}

function fingerprints(sums: Sums) {
  return new Map(
    Object.entries(sums).map(([table, sum]) => [table, { rows: 1, sum, schema: "s" }]),
  );
}

Deno.test("what a primary was out-voted on is doubted for as long as it leads", () => {
  const doubted = new DoubtedClaims();
  const first = difference(2, 7, { t: "10" }, { t: "4" });
  assert.ok(!doubted.explain(first));
  doubted.learn(first);
  assert.ok(doubted.explain(difference(2, 8, { t: "5" }, { t: "9" })));
  assert.ok(!doubted.explain(difference(3, 9, { t: "5" }, { t: "9" })));
});

Deno.test("another table is voted on by itself", () => {
  const doubted = new DoubtedClaims();
  doubted.learn(difference(2, 7, { t: "10", u: "1" }, { t: "4", u: "1" }));
  assert.ok(doubted.explain(difference(2, 8, { t: "5", u: "1" }, { t: "9", u: "1" })));
  assert.ok(!doubted.explain(difference(2, 8, { t: "5", u: "1" }, { t: "9", u: "2" })));
  assert.ok(!doubted.explain(difference(2, 8, { t: "5", u: "1" }, { t: "5", u: "2" })));
});

Deno.test("where all sums agree there is something else", () => {
  const doubted = new DoubtedClaims();
  doubted.learn(difference(2, 7, { t: "10" }, { t: "10" }));
  assert.ok(!doubted.explain(difference(2, 8, { t: "10" }, { t: "10" })));
});

Deno.test("doubts about one primary say nothing of the next", () => {
  const doubted = new DoubtedClaims();
  doubted.learn(difference(2, 7, { t: "10" }, { t: "4" }));
  doubted.learn(difference(3, 8, { u: "10" }, { u: "4" }));
  assert.ok(!doubted.explain(difference(3, 9, { t: "10" }, { t: "4" })));
});
