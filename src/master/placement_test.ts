/** Placement: least loaded first, never two on a host or in a zone while another is free. */
import assert from "node:assert/strict";
import { type Candidate, place } from "./placement.ts";

const engine = { vendor: "mariadb", version: "10.11.1", settings: { sql_mode: "STRICT" } } as const;

function server(rid: number, more: Partial<Candidate> = {}): Candidate {
  return { rid, host: `h${rid}`, zone: "", engine, regions: 0, leads: 0, visits: 0, ...more };
}

Deno.test("placement: cases", () => {
  const cases: readonly (readonly [string, readonly Candidate[], number, readonly number[]])[] = [
    ["nobody is there", [], 3, []],
    ["fewer than wanted: all of them", [server(1), server(2)], 3, [1, 2]],
    ["equal load: by number", [server(3), server(1), server(2)], 2, [1, 2]],
    ["fewest regions first", [server(1, { regions: 2 }), server(2), server(3)], 2, [2, 3]],
    ["who leads the fewest leads", [server(1, { leads: 1 }), server(2)], 2, [2, 1]],
    ["then fewest visits", [server(1, { visits: 9 }), server(2, { visits: 1 })], 1, [2]],
    [
      "another host before a less loaded neighbour",
      [server(1, { host: "a" }), server(2, { host: "a" }), server(3, { regions: 50 })],
      2,
      [1, 3],
    ],
    [
      "the same host when no other is left",
      [server(1, { host: "a" }), server(2, { host: "a" })],
      2,
      [1, 2],
    ],
    [
      "another zone before a less loaded one",
      [server(1, { zone: "x" }), server(2, { zone: "x" }), server(3, { zone: "y", regions: 9 })],
      2,
      [1, 3],
    ],
    [
      "hosts count before zones",
      [
        server(1, { host: "a", zone: "x" }),
        server(2, { host: "a", zone: "y" }),
        server(3, { host: "b", zone: "x", regions: 9 }),
      ],
      2,
      [1, 3],
    ],
  ];
  for (const [what, candidates, wanted, expected] of cases) {
    assert.deepEqual(place(candidates, wanted).rids, expected, what);
  }
});

Deno.test("placement: a server that differs from the first is passed over, with the reason", () => {
  const other = { ...engine, settings: { sql_mode: "ANSI" } };
  const { rids, refused } = place([server(1), server(2, { engine: other }), server(3)], 3);
  assert.deepEqual(rids, [1, 3]);
  assert.deepEqual(refused, [{ rid: 2, why: "sql_mode is ANSI, not STRICT" }]);
});

Deno.test("placement: one more beside those there are shares no host with them", () => {
  const candidates = [server(1), server(2, { host: "h1" }), server(3, { regions: 9 }), server(4)];
  const { rids } = place(candidates, 1, [server(1), server(4)]);
  assert.deepEqual(rids, [3], "neither a holder, nor the neighbour of one");
  const other = { ...engine, version: "11" };
  const refused = place([server(5, { engine: other })], 1, [server(1)]);
  assert.deepEqual([refused.rids, refused.refused.length], [[], 1], "nor one unlike the holders");
});
