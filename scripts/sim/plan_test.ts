import assert from "node:assert/strict";
import { readPlan, replay } from "./plan.ts";

const plan = (...args: string[]) => readPlan(args, 2);

Deno.test("readPlan() runs everything when nothing is said", () => {
  const { kinds, first, runs, jobs } = plan() ?? {};
  assert.deepEqual([kinds, first, runs, jobs], [["masters", "clusters"], 1, 400, 2]);
});

Deno.test("readPlan() runs whole clusters, and one seed where one is named", () => {
  const { kinds, first, runs, jobs } = plan("--seed", "7") ?? {};
  assert.deepEqual([kinds, first, runs, jobs], [["clusters"], 7, 1, 1]);
  assert.deepEqual(plan("--runs", "2000")?.kinds, ["clusters"]);
  assert.deepEqual(plan("--of", "masters", "--seed", "7")?.kinds, ["masters"]);
  assert.equal(plan("--runs", "9", "--jobs", "4")?.jobs, 4);
});

Deno.test("readPlan() refuses what it does not understand", () => {
  for (
    const args of [["--runs", "0"], ["--seed", "x"], ["--of", "shells"], ["--jobs", "0"], ["?"], [
      "--without",
      "rain",
    ]]
  ) {
    assert.equal(plan(...args), null, args.join(" "));
  }
});

Deno.test("replay() says what readPlan() reads", () => {
  for (const kind of ["masters", "clusters"] as const) {
    const [, , , ...args] = replay(kind, 12, ["crash", "rot"]).split(" ");
    const { kinds, first, runs, trace, without } = plan(...args) ?? {};
    assert.deepEqual([kinds, first, runs, trace], [[kind], 12, 1, true]);
    assert.deepEqual(without, ["crash", "rot"]);
  }
});
