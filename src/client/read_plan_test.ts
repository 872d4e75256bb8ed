/** Which server a read is sent to, and which are next. */
import assert from "node:assert/strict";
import { is } from "../../tests/support/is.ts";
import type { Route, ServerRef } from "../protocol/model.ts";
import { planRead, type ReadFacts } from "./read_plan.ts";

const ZONES: Readonly<Record<number, string>> = { 1: "a", 2: "b", 3: "a", 4: "b" };

function server(rid: number): ServerRef {
  return { rid, host: `s${rid}`, port: 1, zone: ZONES[rid] ?? "" };
}

function route(primary: number | null, ...slaves: readonly number[]): Route {
  return {
    ...{ region: `r${primary}`, epoch: 1, tables: [`t${primary}`], state: "writable" },
    primary: primary === null ? null : server(primary),
    slaves: slaves.map(server),
  };
}

function plan(routes: readonly Route[], facts: Partial<ReadFacts> = {}): readonly number[] {
  const all = { level: "voted", zone: "", turn: 0, isSuspect: () => false, ...facts } as const;
  return planRead(routes, all).map(({ rid }) => rid);
}

Deno.test("read plan: slaves in turns, the primary last", () => {
  const turns = [0, 1, 2, 3].map((turn) => plan([route(1, 2, 3, 4)], { turn }));
  assert.deepEqual(turns, [[2, 3, 4, 1], [3, 4, 2, 1], [4, 2, 3, 1], [2, 3, 4, 1]]);
});

Deno.test("read plan: the own zone's slaves take turns, others come after", () => {
  const turns = [0, 1].map((turn) => plan([route(1, 2, 3, 4)], { turn, zone: "b" }));
  assert.deepEqual(turns, [[2, 4, 3, 1], [4, 2, 3, 1]]);
});

Deno.test("read plan: one that did not answer is asked after all others", () => {
  const isSuspect = ({ rid }: ServerRef) => rid === 2 || rid === 3;
  assert.deepEqual(plan([route(1, 2, 3, 4)], { isSuspect, turn: 1 }), [4, 1, 2, 3]);
});

Deno.test("read plan: latest is the primary's, and nobody else's", () => {
  assert.deepEqual(plan([route(1, 2, 3)], { level: "latest" }), [1]);
  assert.deepEqual(plan([route(null, 2, 3)], { level: "latest" }), []);
  assert.deepEqual(plan([route(null, 2, 3)]), [2, 3]);
});

Deno.test("read plan: of several regions, the servers that hold all", () => {
  assert.deepEqual(plan([route(1, 2, 3), route(2, 3, 1)]), [3, 1, 2]);
  assert.deepEqual(plan([route(1, 2), route(1, 3)], { level: "latest" }), [1]);
  assert.throws(() => plan([route(1, 2), route(3, 4)]), is("UNSUPPORTED", /t1 and t3/));
  assert.throws(
    () => plan([route(1, 2), route(2, 1)], { level: "latest" }),
    is("UNSUPPORTED", /different primaries/),
  );
});
