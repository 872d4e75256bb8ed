/** Each write has a number of its own, and each session one write at a time. */
import assert from "node:assert/strict";
import { SeededRandom } from "../adapters/seeded_random.ts";
import { WriteNumbers } from "./write_numbers.ts";

Deno.test("write numbers: a session that was given back goes on counting", () => {
  const numbers = new WriteNumbers(new SeededRandom(1));
  const first = numbers.take();
  numbers.giveBack(first);
  assert.deepEqual(numbers.take(), { session: first.session, n: 2 });
});

Deno.test("write numbers: sessions in use, or in doubt, are nobody else's", () => {
  const numbers = new WriteNumbers(new SeededRandom(1));
  const taken = Array.from({ length: 1000 }, () => numbers.take());
  assert.equal(new Set(taken.map(({ session }) => session)).size, 1000);
  assert.ok(taken.every(({ n }) => n === 1));
  for (const number of taken) numbers.giveBack(number);
  const again = Array.from({ length: 1000 }, () => numbers.take());
  const all = [...taken, ...again].map(({ session, n }) => `${session} ${n}`);
  assert.equal(new Set(all).size, 2000);
});
