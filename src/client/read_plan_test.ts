/** Which server a read is sent to, and which are next. */
import assert from "node:assert/strict";
import type { Route, ServerRef } from "../protocol/model.ts";
import { planGather, planRead, type ReadFacts } from "./read_plan.ts";

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
  return planRead(routes, all).map(({ server: { rid } }) => rid);
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
  assert.deepEqual(plan([route(1, 2), route(3, 4)]), []);
  assert.deepEqual(plan([route(1, 2), route(2, 1)], { level: "latest" }), []);
});

/** Each server that may run it, with the regions that it holds, and whom it gathers others from. */
function gather(
  routes: readonly Route[],
  rows: Readonly<Record<string, number>>,
  facts: Partial<ReadFacts> = {},
): readonly string[] {
  const all = { level: "voted", zone: "", turn: 0, isSuspect: () => false, ...facts } as const;
  return planGather(routes, all, ({ region }) => rows[region] ?? 0).map((
    { server: { rid }, here, gathered },
  ) => {
    const own = here.map(({ region }) => region).join("+");
    const others = gathered.map(({ route: { region }, servers }) =>
      `${region} of ${servers.map((each) => each.rid).join()}`
    );
    return `${rid}: ${own}, ${others.join(" and ")}`;
  });
}

Deno.test("gather plan: where the fewest rows are missing, slaves before primaries", () => {
  assert.deepEqual(gather([route(1, 2), route(3, 4)], { r1: 10, r3: 500 }), [
    "4: r3, r1 of 2,1",
    "3: r3, r1 of 2,1",
    "2: r1, r3 of 4,3",
    "1: r1, r3 of 4,3",
  ]);
  const three = [route(1, 2), route(3, 2), route(4)];
  assert.equal(gather(three, { r1: 10, r3: 10, r4: 15 })[0], "2: r1+r3, r4 of 4");
  assert.equal(gather(three, { r1: 10, r3: 10, r4: 25 })[0], "4: r4, r1 of 2,1 and r3 of 2,3");
});

Deno.test("gather plan: for latest, primaries from primaries", () => {
  const routes = [route(1, 2), route(2, 1)];
  assert.deepEqual(gather(routes, { r2: 5 }, { level: "latest" }), [
    "2: r2, r1 of 1",
    "1: r1, r2 of 2",
  ]);
});

Deno.test("gather plan: who did not answer comes last, and nobody is left out", () => {
  const isSuspect = ({ rid }: ServerRef) => rid === 4 || rid === 2;
  assert.deepEqual(gather([route(1, 2), route(3, 4)], { r3: 500 }, { isSuspect }), [
    "3: r3, r1 of 1,2",
    "1: r1, r3 of 3,4",
    "4: r3, r1 of 1,2",
    "2: r1, r3 of 3,4",
  ]);
  assert.deepEqual(gather([route(1, 2), route(null)], {}), [], "a region without a server");
});
