import assert from "node:assert/strict";
import { Counter, COUNTER_MIN, STATEMENTS_PER_PART } from "./counter.ts";

Deno.test("counter: numbers rise, and parts can be told from them", () => {
  const counter = new Counter();
  let last = COUNTER_MIN - 1n;
  for (let part = 0; part < 3; part++) {
    assert.equal(counter.isUsed, false);
    for (let statement = 0; statement < 4; statement++) {
      const number = counter.nextStatement();
      assert.ok(number > last && number >= COUNTER_MIN);
      assert.equal(number / STATEMENTS_PER_PART, counter.part);
      last = number;
    }
    assert.equal(counter.isUsed, true);
    counter.nextPart();
  }
});

Deno.test("counter: a part that is full says so before a number would leave it", () => {
  const counter = new Counter();
  const { part } = counter;
  while (counter.room > 0) counter.nextStatement();
  assert.equal(counter.value / STATEMENTS_PER_PART, part);
  assert.equal(counter.value % STATEMENTS_PER_PART, STATEMENTS_PER_PART - 1n);
});
