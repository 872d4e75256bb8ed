/** Which copies agree: the majority is right, of halves the primary's. */
import assert from "node:assert/strict";
import { type CountedCopy, type Fingerprint, judgeCopies } from "./judge_copies.ts";

const one: Fingerprint = { rows: 3, sum: "17", schema: "00000000" };
const other: Fingerprint = { rows: 3, sum: "99", schema: "00000000" };

function copy(rid: number, kept: Fingerprint, more: Partial<CountedCopy> = {}): CountedCopy {
  return { rid, kept, counted: kept, at: kept, ...more };
}

function verdicts(copies: readonly CountedCopy[], primary: number | null): string {
  return [...judgeCopies(copies, primary).values()].map(({ verdict }) => verdict).join(" ");
}

Deno.test("judging copies: cases", () => {
  const cases: readonly (readonly [string, readonly CountedCopy[], number | null, string])[] = [
    ["all alike", [copy(1, one), copy(2, one), copy(3, one)], 1, "agrees agrees agrees"],
    ["a minority", [copy(1, one), copy(2, other), copy(3, one)], 1, "agrees differs agrees"],
    ["it is the primary", [copy(1, other), copy(2, one), copy(3, one)], 1, "differs agrees agrees"],
    ["halves: the primary is right", [copy(1, one), copy(2, other)], 2, "differs agrees"],
    ["a single one", [copy(1, one)], null, "agrees"],
    [
      "rows that are not what was kept count of",
      [copy(1, one, { counted: other }), copy(2, one)],
      1,
      "differs agrees",
    ],
    ["one whose past is not known", [copy(1, one), copy(2, one, { at: null })], 1, "agrees behind"],
  ];
  for (const [what, copies, primary, expected] of cases) {
    assert.equal(verdicts(copies, primary), expected, what);
  }
});
