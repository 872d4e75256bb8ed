/** Views of a cluster as text. */
import assert from "node:assert/strict";
import { viewLines } from "./columns.ts";
import { ago, regionsView, statusView, tablesView } from "./views.ts";

Deno.test("views: columns fit their widest cell, numbers stand at the right", () => {
  const view = tablesView({
    tables: [
      {
        name: "orders",
        region: "r1",
        state: "writable",
        replicas: [1, 2, 3],
        inSync: [1, 2],
        created: 0,
      },
      { name: "顧客", region: "r22", state: "read_only", replicas: [], inSync: [], created: 0 },
      {
        name: "a\nb\u001b",
        region: "r3",
        state: "unavailable",
        replicas: [9],
        inSync: [],
        created: 0,
      },
    ],
  });
  assert.deepEqual(viewLines(view), [
    "TABLE     STATE        REGION  COPIES    IN SYNC",
    "orders    writable     r1      r1 r2 r3      2/3",
    "顧客      read-only    r22     -             0/0",
    "a\\nb\\x1b  unavailable  r3      r9            0/1",
  ]);
});

Deno.test("views: the verdict comes first", () => {
  const [first, second] = viewLines(statusView({
    verdict: { code: "read_only", sentence: "1 table on 1 server; t can be read", healthy: false },
    cluster: "shop",
    master: { id: "m1", host: "h", port: 9090, term: 7, since: 0 },
    masters: 3,
    servers: { online: 1, known: 3 },
    tables: 1,
    catalog: "lost",
    version: "1.2.3",
    epochMax: 4,
    uptimeMs: 1,
  }));
  assert.equal(first, "READ ONLY  1 table on 1 server; t can be read");
  assert.equal(
    second,
    "shop · m1 leads (term 7) since 1970-01-01 00:00:00 · 3 masters · 1 of 3 servers online · catalog lost",
  );
});

Deno.test("views: a region without a primary shows a dash", () => {
  const [, row] = viewLines(regionsView({
    regions: [{
      region: "r1",
      epoch: 0,
      primary: null,
      isr: [],
      replicas: [1],
      state: "creating",
      tables: ["t"],
    }],
  }));
  assert.equal(row, "r1      creating      0  -        -        r1        t");
});

Deno.test("views: ages are told in the units that matter", () => {
  const cases: readonly (readonly [number, string])[] = [
    [-5, "0 s ago"],
    [4200, "4 s ago"],
    [61_000, "1 min ago"],
    [3_600_000 * 3 + 1_200_000, "3 h 20 min ago"],
    [86_400_000 * 2.5, "2 d ago"],
  ];
  for (const [ms, text] of cases) assert.equal(ago(ms), text);
});
