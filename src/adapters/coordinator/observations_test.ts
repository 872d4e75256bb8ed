import assert from "node:assert/strict";
import { settle } from "../../../tests/support/wait.ts";
import { Observations } from "./observations.ts";

Deno.test("observations: nothing is kept of what was told or released", () => {
  const observations = new Observations();
  for (let round = 0; round < 1000; round++) {
    observations.add("node", "/a", round).release();
    observations.add("children", `/${round}`, round);
  }
  assert.equal(observations.size, 1000);
  for (let round = 0; round < 999; round++) observations.fire("children", `/${round}`);
  assert.equal(observations.size, 1);
  observations.fireAll();
  assert.equal(observations.size, 0);
});

Deno.test("observations: the oldest of too many are told to look again", async () => {
  const observations = new Observations(10);
  const told: number[] = [];
  for (let i = 0; i < 13; i++) {
    void observations.add("node", i % 2 === 0 ? "/even" : "/odd", i).changed.then(() =>
      told.push(i)
    );
  }
  await settle();
  assert.deepEqual(told, [0, 1, 2]);
  assert.equal(observations.size, 10);
});
