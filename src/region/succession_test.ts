/** Who may take over, with what, and who may not. */
import assert from "node:assert/strict";
import type { RegionState } from "../protocol/model.ts";
import { type Heir, nextTerm, stepOf } from "./succession.ts";

const STATE: RegionState = {
  region: "r",
  epoch: 4,
  primary: 1,
  isr: [
    { rid: 1, incarnation: "a" },
    { rid: 2, incarnation: "b" },
    { rid: 3, incarnation: "c" },
  ],
  replicas: [1, 2, 3],
  state: "open",
};

function heir(changes: Partial<Heir> = {}): Heir {
  return {
    self: { rid: 2, incarnation: "b" },
    promised: 4,
    unfit: null,
    suspicion: "its node is gone",
    ...changes,
  };
}

const all = () => true;

Deno.test("succession: one in sync takes over from a suspected primary, which leaves the set", () => {
  const step = stepOf(STATE, heir());
  assert.equal(step.kind, "take");
  if (step.kind !== "take") return;
  const next = nextTerm(STATE, heir(), all);
  assert.equal(next.epoch, 5);
  assert.equal(next.primary, 2);
  assert.deepEqual(next.isr.map(({ rid }) => rid), [2, 3]);
  assert.equal(step.turn, 0);
  assert.equal(
    (stepOf(STATE, heir({ self: { rid: 3, incarnation: "c" } })) as { turn: number }).turn,
    1,
  );
});

Deno.test("succession: nobody takes over without a suspicion, out of sync, or with a copy in doubt", () => {
  assert.equal(stepOf(STATE, heir({ suspicion: null })).kind, "none");
  assert.equal(stepOf(STATE, heir({ self: { rid: 9, incarnation: "z" } })).kind, "none");
  assert.equal(stepOf(STATE, heir({ unfit: "its copy was not finished" })).kind, "none");
  assert.equal(stepOf({ ...STATE, state: "dropping" }, heir()).kind, "none");
});

Deno.test("succession: the old primary stays in a set that would become too small without it", () => {
  const pair = { ...STATE, isr: STATE.isr.slice(0, 2) };
  assert.equal(stepOf(pair, heir()).kind, "take");
  assert.deepEqual(nextTerm(pair, heir(), all).isr.map(({ rid }) => rid), [2, 1]);
});

Deno.test("succession: the old primary stays where too few of the others answer", () => {
  const next = nextTerm(STATE, heir(), () => false);
  assert.deepEqual(next.isr.map(({ rid }) => rid), [2, 1, 3]);
});

Deno.test("succession: a primary that was restarted leads again only in a new epoch", () => {
  const restarted = heir({ self: { rid: 1, incarnation: "a2" }, suspicion: null });
  assert.equal(stepOf(STATE, restarted).kind, "take");
  assert.equal(nextTerm(STATE, restarted, all).isr[0]?.incarnation, "a2");
});

Deno.test("succession: who is named as the primary, as the process it is, leads", () => {
  const self = { rid: 1, incarnation: "a" };
  assert.equal(stepOf(STATE, heir({ self, suspicion: null })).kind, "assume");
  // It has promised more since: what it is named for is over.
  const promised = heir({ self, suspicion: null, promised: 6 });
  assert.equal(stepOf(STATE, promised).kind, "take");
  assert.equal(nextTerm(STATE, promised, all).epoch, 7);
});

Deno.test("succession: a region without a primary is taken by whoever is in sync", () => {
  assert.equal(stepOf({ ...STATE, primary: null }, heir({ suspicion: null })).kind, "take");
});
