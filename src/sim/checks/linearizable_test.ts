import assert from "node:assert/strict";
import { SeededRandom } from "../../adapters/seeded_random.ts";
import { linearize, type Model, type Operation } from "./linearizable.ts";
import { REGISTER, type RegisterInput, type RegisterOutput } from "./register.ts";

type Op = Operation<RegisterInput, RegisterOutput>;

const write = (value: number, called: number, returned: number): Op => ({
  input: { kind: "write", value },
  output: returned === Infinity ? null : { value },
  called,
  returned,
});
const read = (value: number | null, called: number, returned: number): Op => ({
  input: { kind: "read" },
  output: { value },
  called,
  returned,
});
const add = (called: number, returned: number): Op => ({
  input: { kind: "add", by: 1 },
  output: returned === Infinity ? null : { value: null },
  called,
  returned,
});

const HISTORIES: readonly { readonly what: string; readonly fits: boolean; readonly ops: Op[] }[] =
  [
    { what: "one after the other", fits: true, ops: [write(1, 0, 1), read(1, 2, 3)] },
    { what: "a read of what was never written", fits: false, ops: [write(1, 0, 1), read(2, 2, 3)] },
    {
      what: "a stale read",
      fits: false,
      ops: [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)],
    },
    {
      what: "an overlapping read of the old or the new value",
      fits: true,
      ops: [write(1, 0, 1), write(2, 2, 9), read(1, 3, 4), read(2, 5, 6)],
    },
    {
      what: "a new value that is old again",
      fits: false,
      ops: [write(1, 0, 1), write(2, 2, 9), read(2, 3, 4), read(1, 5, 6)],
    },
    {
      what: "an unknown write that happened late",
      fits: true,
      ops: [write(1, 0, 1), write(2, 2, Infinity), read(1, 3, 4), read(2, 8, 9)],
    },
    {
      what: "an unknown write that never happened",
      fits: true,
      ops: [write(1, 0, 1), write(2, 2, Infinity), read(1, 8, 9)],
    },
    {
      what: "an unknown write before it was called",
      fits: false,
      ops: [write(1, 0, 1), read(2, 2, 3), write(2, 4, Infinity)],
    },
    {
      what: "a lost acknowledged write",
      fits: false,
      ops: [read(null, 0, 1), write(1, 2, 3), read(null, 4, 5)],
    },
    {
      what: "two sums of which one is lost",
      fits: false,
      ops: [write(0, 0, 1), add(2, 3), add(2, 4), read(1, 5, 6)],
    },
    {
      what: "one sum done twice",
      fits: false,
      ops: [write(0, 0, 1), add(2, 3), read(2, 5, 6)],
    },
    {
      what: "an unknown sum done once",
      fits: true,
      ops: [write(0, 0, 1), add(2, Infinity), add(2, 3), read(1, 4, 5), read(2, 6, 7)],
    },
  ];

for (const { what, fits, ops } of HISTORIES) {
  Deno.test(`linearize() ${fits ? "accepts" : "refuses"} ${what}`, () => {
    assert.equal(linearize(REGISTER, ops) === null, fits);
  });
}

/** Runs operations at random moments on one variable, so that there is an order by construction. */
function honest(seed: number): { readonly op: Op; readonly at: number }[] {
  const random = new SeededRandom(seed);
  const drafts = Array.from({ length: 60 }, (_, n) => {
    const called = random.next() * 100;
    const at = called + random.next() * 5;
    const returned = random.next() < 0.1 ? Infinity : at + random.next() * 5;
    return { n, called, at, returned, isRead: random.next() < 0.5 };
  }).sort((a, b) => a.at - b.at);
  let value: number | null = null;
  return drafts.map(({ n, called, at, returned, isRead }) => {
    if (!isRead) value = n;
    const op = isRead ? read(value, called, at + 1) : write(n, called, returned);
    return { op, at };
  });
}

Deno.test("linearize() accepts what really happened, and refuses it with one stale read", () => {
  let refused = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const history = honest(seed).map(({ op }) => op);
    assert.equal(linearize(REGISTER, history), null, `seed ${seed}`);
    const last = Math.max(...history.map(({ called }) => called)) + 20;
    const first = history.find(({ input }) => input.kind === "write")?.output?.value ?? null;
    const stale = linearize(REGISTER, [
      ...history,
      write(999, last, last + 1),
      read(first, last + 2, last + 3),
    ]);
    if (stale !== null) refused++;
  }
  assert.equal(refused, 60);
});

Deno.test("linearize() gives the longest beginning it found", () => {
  const found = linearize(REGISTER, [write(1, 0, 1), read(1, 2, 3), read(5, 4, 5)]);
  assert.deepEqual(found, [0, 1]);
});

Deno.test("linearize() does not try the same state twice", () => {
  let steps = 0;
  const counting: Model<number | null, RegisterInput, RegisterOutput> = {
    ...REGISTER,
    step: (...args) => {
      steps++;
      return REGISTER.step(...args);
    },
  };
  const many = Array.from({ length: 14 }, () => add(1, Infinity));
  assert.notEqual(linearize(counting, [write(0, 0, 0.5), ...many, read(99, 2, 3)]), null);
  assert.ok(steps < 200_000, `${steps} steps`);
});
