/** Routes: what can be written, what only read, and what neither. */
import assert from "node:assert/strict";
import type { RegionState, ServerRef } from "../protocol/model.ts";
import { minInSync, routeOf } from "./route.ts";

const region: RegionState = {
  region: "r1",
  epoch: 4,
  primary: 1,
  isr: [1, 2, 3].map((rid) => ({ rid, incarnation: "i" })),
  replicas: [1, 2, 3],
  state: "open",
};

function online(...rids: number[]): ReadonlyMap<number, ServerRef> {
  return new Map(rids.map((rid) => [rid, { rid, host: `h${rid}`, port: 9091, zone: "" }]));
}

Deno.test("route: cases of availability", () => {
  const cases: readonly (readonly [string, Partial<RegionState>, number[], string])[] = [
    ["everybody is there", {}, [1, 2, 3], "writable"],
    ["two of three, the primary among them", {}, [1, 3], "writable"],
    ["only the primary", {}, [1], "read_only"],
    ["the primary is gone", {}, [2, 3], "read_only"],
    ["nobody in sync is there", { isr: [{ rid: 9, incarnation: "i" }] }, [1, 2], "unavailable"],
    ["no primary yet", { primary: null }, [1, 2, 3], "read_only"],
    ["being created", { state: "creating" }, [1, 2, 3], "unavailable"],
    ["being dropped", { state: "dropping" }, [1, 2, 3], "unavailable"],
    [
      "a second copy of one is being made",
      {
        replicas: [1, 2],
        isr: [{ rid: 1, incarnation: "i" }],
        joining: [2],
      },
      [1, 2],
      "writable",
    ],
    ["one copy by design", { replicas: [1], isr: [{ rid: 1, incarnation: "i" }] }, [1], "writable"],
  ];
  for (const [what, more, rids, state] of cases) {
    assert.equal(routeOf({ ...region, ...more }, ["t"], online(...rids)).state, state, what);
  }
});

Deno.test("route: slaves are the others in sync that are online", () => {
  const route = routeOf({ ...region, isr: region.isr.slice(0, 2) }, ["t"], online(1, 2, 3));
  assert.equal(route.primary?.rid, 1);
  assert.deepEqual(route.slaves.map(({ rid }) => rid), [2]);
  assert.deepEqual([1, 2, 3].map(minInSync), [1, 2, 2]);
});
