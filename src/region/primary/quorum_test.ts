/** What counts as committed, and what never may. */
import assert from "node:assert/strict";
import { type Member, Quorum } from "./quorum.ts";

const A: Member = { rid: 1, incarnation: "a" };
const B: Member = { rid: 2, incarnation: "b" };
const C: Member = { rid: 3, incarnation: "c" };

function quorum(members: readonly Member[], min = 2): Quorum {
  const made = new Quorum(A, members, min, 0);
  made.local(10);
  return made;
}

Deno.test("quorum: every member must hold it, this server's own disk included", () => {
  const three = quorum([A, B, C]);
  three.acknowledged(B, 7);
  assert.equal(three.committed.value, 0);
  three.acknowledged(C, 5);
  assert.equal(three.committed.value, 5);
  three.acknowledged(C, 12);
  three.acknowledged(B, 12);
  assert.equal(three.committed.value, 10);
});

Deno.test("quorum: while the set changes, the old and the new one must hold it", () => {
  const two = quorum([A, B]);
  two.propose([A, B, C]);
  two.acknowledged(B, 9);
  assert.equal(two.committed.value, 0);
  two.acknowledged(C, 4);
  assert.equal(two.committed.value, 4);
  two.settle([A, B], 2);
  assert.equal(two.committed.value, 9);
});

Deno.test("quorum: a shrink counts only once it is settled", () => {
  const three = quorum([A, B, C]);
  three.acknowledged(B, 8);
  three.propose([A, B]);
  assert.equal(three.committed.value, 0);
  three.settle([A, B], 2);
  assert.equal(three.committed.value, 8);
});

Deno.test("quorum: an acknowledgement of another process of the same server does not count", () => {
  const two = quorum([A, B]);
  two.acknowledged({ rid: 2, incarnation: "newer" }, 9);
  assert.equal(two.committed.value, 0);
});

Deno.test("quorum: below the least number of copies nothing is committed", () => {
  const alone = quorum([A]);
  assert.equal(alone.committed.value, 0);
  alone.settle([A], 1);
  assert.equal(alone.committed.value, 10);
});

Deno.test("quorum: what was committed before is agreed on once all have said so in this epoch", () => {
  const two = new Quorum(A, [A, B], 2, 5);
  two.local(5);
  assert.deepEqual([two.committed.value, two.agreed.value], [5, -1]);
  two.acknowledged({ rid: 2, incarnation: "newer" }, 9);
  assert.equal(two.agreed.value, -1);
  two.acknowledged(B, 5);
  assert.equal(two.agreed.value, 5);
});
