import assert from "node:assert/strict";
import { RegionState } from "./region_state.ts";

const region = "r";

/** A state with entries of these epochs, from seq 1 on. */
function stateOf(epochs: readonly number[]): RegionState {
  const state = new RegionState();
  epochs.forEach((epoch, at) =>
    state.apply({ kind: "entry", region, n: at + 1, epoch, seq: at + 1 })
  );
  return state;
}

function epochs(state: RegionState, to: number): readonly (number | null)[] {
  return Array.from({ length: to + 1 }, (_, seq) => state.epochAt(seq));
}

Deno.test("region state: epochs are known for all entries, by runs", () => {
  const state = stateOf([1, 1, 4, 4, 4, 9]);
  assert.deepEqual(epochs(state, 7), [0, 1, 1, 4, 4, 4, 9, null]);
  assert.equal(state.isNext({ epoch: 8, seq: 7 }), false);
  assert.equal(state.isNext({ epoch: 9, seq: 8 }), false);
  assert.equal(state.isNext({ epoch: 9, seq: 7 }), true);
});

Deno.test("region state: a cut takes the epochs along, also before the base", () => {
  const state = stateOf([1, 1, 4, 4, 9]);
  state.apply({ kind: "cut", region, n: 6, epoch: 4, seq: 3 });
  assert.deepEqual(epochs(state, 5), [0, 1, 1, 4, null, null]);
  state.apply({ kind: "entry", region, n: 7, epoch: 5, seq: 4 });
  assert.deepEqual(epochs(state, 5), [0, 1, 1, 4, 5, null]);
  state.release(2);
  assert.deepEqual(epochs(state, 4), [null, null, 1, 4, 5]);
  state.apply({ kind: "cut", region, n: 8, epoch: 1, seq: 1 });
  assert.deepEqual([state.base, state.last], [{ epoch: 1, seq: 1 }, { epoch: 1, seq: 1 }]);
});

Deno.test("region state: a copy goes its own way", () => {
  const state = stateOf([1, 2]);
  const copy = state.copy();
  copy.apply({ kind: "entry", region, n: 3, epoch: 3, seq: 3 });
  assert.deepEqual([state.last.seq, copy.last.seq], [2, 3]);
  assert.equal(copy.beganWith(state), true);
  copy.apply({ kind: "reset", region, n: 4, epoch: 1, seq: 0, promised: null });
  assert.equal(copy.beganWith(state), false);
});

Deno.test("region state: what a header carries over is all there is to it", () => {
  const state = stateOf([1, 1, 4]);
  state.apply({ kind: "promise", region, n: 4, word: "w" });
  state.apply({ kind: "checkpoint", region, seq: 2 });
  const carried = RegionState.carriedOver(state.carry(region));
  assert.deepEqual(carried.carry(region), state.carry(region));
  assert.deepEqual(epochs(carried, 4), [null, null, null, 4, null]);
});
