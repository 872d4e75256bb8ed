/** Positions only rise, and each session has its own. */
import assert from "node:assert/strict";
import type { Receipt } from "../protocol/calls/region.ts";
import { Positions } from "./positions.ts";

function receipt(region: string, seq: number, also: Receipt["also"] = []): Receipt {
  return { region, epoch: 1, seq, rid: 1, agree: [1], dissent: [], ms: 0, also };
}

Deno.test("positions: what was seen is the least of what is seen next", () => {
  const positions = Positions.none();
  assert.equal(positions.at("a"), 0);
  positions.noteRead(receipt("a", 5, [{ region: "b", epoch: 1, seq: 7 }]));
  positions.noteRead(receipt("a", 3));
  assert.deepEqual([positions.at("a"), positions.at("b")], [5, 7]);
});

Deno.test("positions: a session begins with what is known, and tells of its writes alone", () => {
  const shared = Positions.none();
  shared.noteWrite("a", 1);
  const [one, other] = [shared.branch(), shared.branch()];
  one.noteWrite("a", 2);
  one.noteRead(receipt("a", 9));
  assert.deepEqual([one.at("a"), other.at("a"), shared.at("a")], [9, 1, 2]);
});
