import assert from "node:assert/strict";
import { minInSync } from "../../cluster/route.ts";
import type { RegionState } from "../../protocol/model.ts";
import { ConfigBook } from "./config_book.ts";
import { BookedLog, LogBook, matchFault } from "./log_book.ts";
import { type CommittedState, StateBook } from "./state_book.ts";

const state = (
  server: string,
  seq: number,
  rows: readonly (readonly number[])[],
  { fingerprint = JSON.stringify(rows), epoch = 1 } = {},
): CommittedState => ({
  ...{ server, region: "r", epoch, seq },
  content: new Map([["t", { rows: rows.map((cells) => ({ cells })), fingerprint }]]),
});

Deno.test("StateBook holds every copy to what the first one had at a position", () => {
  const book = new StateBook();
  assert.equal(book.commit(state("a", 1, [[1, 5]])), null);
  assert.equal(book.commit(state("b", 1, [[1, 5]])), null);
  assert.equal(book.commit(state("a", 2, [[1, 5], [2, 6]])), null);
  assert.match(
    book.commit(state("b", 2, [[1, 5]])) ?? "",
    /table t differs: a has \[2,6\], b has null/,
  );
  assert.match(book.commit(state("c", 2, [[1, 5], [2, 7]])) ?? "", /a has \[2,6\], c has \[2,7\]/);
  assert.match(
    book.commit(state("c", 2, [[1, 5], [2, 6]], { epoch: 2 })) ?? "",
    /in epoch 2, a in 1/,
  );
  assert.equal(book.applied("b", "r"), 2);
  assert.equal(book.newest("r"), 2);
  assert.deepEqual(book.at("r", 1)?.get("t")?.rows.length, 1);
});

Deno.test("StateBook holds fingerprints to the rows, in both directions", () => {
  const book = new StateBook();
  book.commit(state("a", 1, [[1]], { fingerprint: "x" }));
  assert.match(
    book.commit(state("b", 1, [[1]], { fingerprint: "y" })) ?? "",
    /is alike .* x and y/,
  );
  assert.match(
    book.commit(state("b", 1, [[2]], { fingerprint: "x" })) ?? "",
    /under one fingerprint/,
  );
  assert.equal(book.collisions, 1);
  const missing = { ...state("b", 1, []), content: new Map() };
  assert.match(book.commit(missing) ?? "", /a has table t and b has not/);
});

Deno.test("LogBook finds two entries at one place, other pasts, and acknowledgements of the past", () => {
  const book = new LogBook();
  const entry = { epoch: 2, seq: 7, body: "x" };
  assert.equal(book.appended("a", "r", entry, 1), null);
  assert.equal(book.appended("b", "r", entry, 1), null);
  assert.equal(book.appended("c", "r", entry, null), null);
  assert.match(
    book.appended("b", "r", { ...entry, body: "y" }, 1) ?? "",
    /one thing on a and another on b/,
  );
  assert.match(book.appended("b", "r", entry, 2) ?? "", /after epoch 1 on a and after 2 on b/);
  assert.equal(book.answered("a", "r", 3), null);
  assert.equal(book.answered("a", "q", 1), null);
  assert.match(book.answered("a", "r", 2) ?? "", /a answered in epoch 2 of r after epoch 3/);
  book.forget("a");
  assert.equal(book.answered("a", "r", 1), null);
});

Deno.test("matchFault() compares what is committed, and nothing behind it", () => {
  const log = (...epochs: number[]) => {
    const booked = new BookedLog();
    epochs.forEach((epoch, at) => booked.append({ epoch, seq: at + 1, body: `${epoch}.${at}` }));
    return booked;
  };
  const [one, other] = [log(1, 1, 2), log(1, 1, 1)];
  const sides = [{ server: "a", log: one }, { server: "b", log: other }] as const;
  assert.equal(matchFault("r", ...sides, 2), null);
  assert.match(matchFault("r", ...sides, 3) ?? "", /part at 3 of r, .* epochs 2 and 1/);
  other.cut(2);
  assert.equal(matchFault("r", ...sides, 3), null);
  other.reset(9, 2);
  assert.equal(matchFault("r", ...sides, 9), null);
  assert.equal(other.epochAt(9), 2);
});

Deno.test("ConfigBook knows how a region's node may change", () => {
  const open = (epoch: number, primary: number | null, ...isr: number[]): RegionState => ({
    ...{ region: "r", epoch, primary, replicas: [1, 2, 3], state: "open" },
    isr: isr.map((rid) => ({ rid, incarnation: "i" })),
  });
  const fault = (...states: readonly RegionState[]) => {
    const book = new ConfigBook({ minInSync });
    return states.map((each, at) => book.changed(each, at + 1)).at(-1) ?? "";
  };
  assert.equal(
    fault(open(1, 1, 1, 2, 3), open(1, 1, 1, 2), open(2, 2, 2, 1), open(2, 2, 2, 1, 3)),
    "",
  );
  assert.match(fault(open(1, 1, 1, 2), open(2, 3, 3, 1)), /server 3 took over and was not in sync/);
  assert.match(
    fault(open(1, 1, 1, 2), open(2, 2, 2, 3)),
    /3 became in sync by a change of primary/,
  );
  assert.match(fault(open(1, 1, 1, 2), open(1, 2, 1, 2)), /epoch 1 had primary 1 and has 2/);
  assert.match(fault(open(2, 1, 1, 2), open(1, 1, 1, 2)), /fell from 2 to 1/);
  assert.match(fault(open(1, 1, 1, 2), open(1, 1, 1)), /shrank from 2 to 1, below 2/);
  assert.match(fault(open(1, 1, 2, 3)), /primary 1 is not in sync/);
  assert.match(fault(open(1, 1, 1, 1)), /names a server twice/);
  assert.match(fault(open(1, 1, 1, 4)), /server 4 is in sync and no replica/);
  const book = new ConfigBook({ minInSync });
  book.changed(open(1, 1, 1, 2), 3);
  assert.equal(book.changed(open(3, 3, 3, 1), 5), null, "what lies between was not seen");
  book.forget("r");
  book.changed(open(1, 1, 1, 2), 5);
  assert.match(book.changed(open(1, 1, 1, 2, 3), 5) ?? "", /its version did not rise/);
});
