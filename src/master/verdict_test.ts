/** The verdict: a code and one sentence that says the worst there is. */
import assert from "node:assert/strict";
import type { RegionState, Route } from "../protocol/model.ts";
import { type Subject, verdictOf } from "./verdict.ts";

function subject(
  tables: readonly string[],
  isr: number,
  state: Route["state"],
  replicas = isr,
  copies = replicas,
): Subject {
  const rids = Array.from({ length: replicas }, (_, i) => i + 1);
  const region: RegionState = {
    region: tables.join("-"),
    epoch: 1,
    primary: 1,
    isr: rids.slice(0, isr).map((rid) => ({ rid, incarnation: "i" })),
    replicas: rids,
    state: "open",
    copies,
  };
  return {
    route: { region: region.region, epoch: 1, tables, primary: null, slaves: [], state },
    region,
  };
}

Deno.test("verdict: cases", () => {
  const good = subject(["orders"], 3, "writable");
  const cases: readonly (readonly [readonly Subject[], number, string, string])[] = [
    [[], 0, "no_tolerance", "0 tables on 0 servers; ready"],
    [[], 3, "ok", "0 tables on 3 servers; ready"],
    [[good], 3, "ok", "1 table on 3 servers; each survives the loss of any 2 servers"],
    [
      [good, subject(["a", "b"], 2, "writable")],
      3,
      "ok",
      "3 tables on 3 servers; each survives the loss of any one server, a, b read-only until repaired",
    ],
    [
      [good, subject(["audit"], 1, "writable")],
      3,
      "no_tolerance",
      "2 tables on 3 servers; audit has one copy only",
    ],
    [
      [good, subject(["t"], 2, "writable", 3)],
      3,
      "degraded",
      "2 tables on 3 servers; copies of t are catching up",
    ],
    [
      [good, subject(["moving"], 3, "writable", 4, 3)],
      4,
      "ok",
      "2 tables on 4 servers; each survives the loss of any 2 servers",
    ],
    [
      [subject(["t"], 2, "writable", 2, 3)],
      2,
      "ok",
      "1 table on 2 servers; each survives the loss of any one server, t read-only until repaired",
    ],
    [
      [subject(["t"], 2, "writable", 2, 3)],
      3,
      "degraded",
      "1 table on 3 servers; copies of t are catching up",
    ],
    [
      [good, subject(["t"], 2, "read_only")],
      1,
      "read_only",
      "2 tables on 1 server; t can be read but not written",
    ],
    [
      [good, subject(["a", "b", "c", "d", "e"], 2, "unavailable"), subject(["t"], 2, "read_only")],
      1,
      "unavailable",
      "7 tables on 1 server; a, b, c and 2 more cannot be reached",
    ],
  ];
  for (const [subjects, servers, code, sentence] of cases) {
    const verdict = verdictOf({ subjects, servers, takers: servers, catalogLost: false });
    assert.deepEqual([verdict.code, verdict.sentence], [code, sentence]);
    assert.equal(verdict.healthy, code === "ok");
  }
});

Deno.test("verdict: a lost catalog is told beside it, and is not healthy", () => {
  const verdict = verdictOf({ subjects: [], servers: 3, takers: 3, catalogLost: true });
  assert.equal(verdict.code, "ok");
  assert.match(verdict.sentence, /ready; the catalog cannot be reached/);
  assert.equal(verdict.healthy, false);
});
