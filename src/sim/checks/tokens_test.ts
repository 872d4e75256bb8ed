import assert from "node:assert/strict";
import { sessionFault } from "./sessions.ts";
import {
  counterFault,
  listFault,
  type ListRead,
  type Outcome,
  tokenFault,
  type TokenWrite,
} from "./tokens.ts";

const wrote = (token: string, outcome: Outcome, called = 0, returned = called + 1): TokenWrite => ({
  token,
  outcome,
  called,
  returned: outcome === "unknown" ? Infinity : returned,
});
const saw = (tokens: string, called: number, latest = false): ListRead => ({
  tokens: tokens.split(""),
  called,
  returned: called + 1,
  latest,
});

Deno.test("tokenFault() finds what is lost, doubled, refused and there, or nobody's", () => {
  const writes = [wrote("a", "done"), wrote("b", "unknown"), wrote("c", "refused")];
  assert.equal(tokenFault("t", writes, ["a"]), null);
  assert.equal(tokenFault("t", writes, ["b", "a"]), null);
  assert.match(tokenFault("t", writes, ["b"]) ?? "", /a was done at 1.0 ms and is there 0 times/);
  assert.match(tokenFault("t", writes, ["a", "a"]) ?? "", /a was done .* is there 2 times/);
  assert.match(
    tokenFault("t", writes, ["a", "b", "b"]) ?? "",
    /b was unknown and is there 2 times/,
  );
  assert.match(tokenFault("t", writes, ["a", "c"]) ?? "", /c was refused .* is there 1 times/);
  assert.match(tokenFault("t", writes, ["a", "x"]) ?? "", /nobody wrote x/);
});

Deno.test("listFault() accepts a list that grew as its readers say", () => {
  const writes = [wrote("a", "done", 0), wrote("b", "unknown", 2), wrote("c", "done", 4)];
  const reads = [
    saw("", 0),
    saw("a", 1, true),
    saw("a", 3, true),
    saw("ab", 3),
    saw("abc", 6, true),
  ];
  assert.equal(listFault("l", writes, reads, ["a", "b", "c"]), null);
  assert.equal(listFault("l", writes, [saw("ac", 7)], ["a", "c"]), null);
});

Deno.test("listFault() finds a lost update, an older reader, a dirty read and a wrong order", () => {
  const writes = [wrote("a", "done", 0), wrote("b", "done", 2), wrote("c", "refused", 4)];
  const fault = (reads: readonly ListRead[], final = "ab") =>
    listFault("l", writes, reads, final.split("")) ?? "";
  assert.match(fault([], "b"), /a was done/);
  assert.match(fault([], "ba"), /a returned before b was called, and is behind it/);
  assert.match(fault([saw("a", 4, true)]), /missed b, acknowledged before/);
  assert.equal(fault([saw("a", 4)]), "");
  assert.match(fault([saw("abc", 5)]), /saw c, which is not there in the end/);
  assert.match(fault([saw("b", 5)]), /saw b, which is not there/);
  assert.match(fault([saw("ab", 0.2)]), /saw b, which was not yet written/);
});

Deno.test("counterFault() knows what a number may be", () => {
  const writes = [
    wrote("1", "done"),
    wrote("2", "done"),
    wrote("3", "unknown"),
    wrote("4", "refused"),
  ];
  for (const [final, fits] of [[1, false], [2, true], [3, true], [4, false]] as const) {
    assert.equal(counterFault("n", writes, final) === null, fits, String(final));
  }
});

Deno.test("sessionFault() finds a session that goes back", () => {
  const seen = (kind: "read" | "write", seq: number, region = "r1") => ({
    region,
    kind,
    epoch: 1,
    seq,
    at: 0,
  });
  const fine = [seen("read", 3), seen("write", 4), seen("read", 4), seen("read", 1, "r2")];
  assert.equal(sessionFault("s", [...fine, seen("read", 5), seen("write", 6)]), null);
  assert.match(
    sessionFault("s", [...fine, seen("read", 3)]) ?? "",
    /a read at 3 came after a read at 4/,
  );
  assert.match(sessionFault("s", [seen("write", 4), seen("read", 3)]) ?? "", /after a write at 4/);
  assert.match(sessionFault("s", [seen("write", 4), seen("write", 4)]) ?? "", /a write at 4 came/);
});
