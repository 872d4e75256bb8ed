import assert from "node:assert/strict";
import { leadersFault } from "./leaders.ts";

function fault(...said: readonly (readonly [process: string, message: string])[]): string | null {
  return leadersFault(said.map(([process, message]) => ({ process, message })));
}

Deno.test("each epoch of each region may be begun once", () => {
  assert.equal(
    fault(
      ["r1", "Leads region a in epoch 1"],
      ["r2", "Leads region a in epoch 2"],
      ["r2", "Leads region b in epoch 1"],
      ["r1", "Leads region a in epoch 4"],
    ),
    null,
  );
});

Deno.test("an epoch that is begun again is a fault, whoever begins it", () => {
  const first = ["r1", "Leads region a in epoch 3"] as const;
  const other = ["r2", "Leads region a in epoch 3"] as const;
  assert.match(fault(first, other) ?? "", /epoch 3 of a was begun by r1, and again by r2/);
  assert.match(fault(first, first) ?? "", /by r1, and again by r1/);
});

Deno.test("what else is reported says nothing", () => {
  const said = ["r1", "A table is what it is at the source"] as const;
  assert.equal(fault(said, said), null);
});
