/** What operators do: told first, ordered, followed to its end. */
import assert from "node:assert/strict";
import type { ClusterAdmin } from "../../client/api.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { MemoryShell } from "../../../tests/support/memory_shell.ts";
import { routeOf } from "../../../tests/support/engine_admin.ts";
import { planDrain, planMove, planStepDown } from "./actions.ts";
import { followJob } from "./follow_job.ts";
import { seeLog } from "./log.ts";
import { readRid } from "./rid.ts";
import { verifyTables } from "./verify.ts";
import { viewLines } from "../columns.ts";

type Answers = Readonly<Record<string, (request: unknown) => unknown>>;

/** A cluster that answers as it is told, and remembers what it was asked. */
function cluster(answers: Answers) {
  const asked: (readonly [string, unknown])[] = [];
  const ask = async (op: string, request: unknown) => {
    asked.push([op, request]);
    await Promise.resolve();
    const answer = answers[op];
    if (answer === undefined) throw new MinisqlError("UNSUPPORTED", op);
    return answer(request);
  };
  const admin = {
    master: ask,
    server: (_address: unknown, op: string, request: unknown) => ask(op, request),
    locate: (table: string) => Promise.resolve(table === "orders" ? routeOf(table) : null),
  } as unknown as ClusterAdmin;
  return { admin, asked };
}

const { signal } = new AbortController();

Deno.test("actions: a move is told with what moves along, and ordered as it was asked for", async () => {
  const { admin, asked } = cluster({
    moveRegion: () => ({ job: "j1", region: "r1", from: 1, to: 4 }),
  });
  const plan = await planMove(admin, { table: "orders", from: null, to: 4, role: false });
  assert.match(plan.lines[0] ?? "", /^A copy of orders moves from the busiest .* to r4\.$/);
  assert.deepEqual(asked, [], "nothing is ordered by planning");
  const { job, says } = await plan.order(signal);
  assert.deepEqual([job, says], ["j1", "orders moves from r1 to r4"]);
  assert.deepEqual(asked, [["moveRegion", { table: "orders", to: 4 }]]);
  const missing = planMove(admin, { table: "nope", from: null, to: null, role: false });
  await assert.rejects(missing, { code: "NO_SUCH_TABLE" });
});

Deno.test("actions: a drain says how much moves and where to", async () => {
  const server = (rid: number, status: string) => ({ rid, host: "h", port: 9090 + rid, status });
  const { admin, asked } = cluster({
    servers: () => ({ servers: [server(1, "online"), server(2, "online"), server(3, "offline")] }),
    regions: () => ({ regions: [{ replicas: [1, 2] }, { replicas: [2] }] }),
    drain: () => ({ job: null, regions: 0 }),
  });
  const plan = await planDrain(admin, 2, false, signal);
  assert.match(plan.lines.join("\n"), /All 2 regions of r2 at h:9092 .*\n.*take them: r1\.$/);
  assert.match((await plan.order(signal)).says, /r2 holds nothing/);
  assert.deepEqual(asked.at(-1), ["drain", { rid: 2 }]);
  await assert.rejects(planDrain(admin, 9, false, signal), /there is no such server/);
  const undo = await planDrain(admin, 2, true, signal);
  await undo.order(signal);
  assert.deepEqual(asked.at(-1), ["drain", { rid: 2, undo: true }]);
});

Deno.test("actions: the only master steps down to be elected again, and that is told", async () => {
  const { admin } = cluster({
    status: () => ({ master: { id: "m1", term: 4 }, masters: 1 }),
    stepDown: () => ({ term: 4 }),
  });
  const plan = await planStepDown(admin, signal);
  assert.match(plan.lines.join(" "), /nobody to hand over to/);
  assert.equal((await plan.order(signal)).says, "Master m1 has stepped down from term 4");
});

Deno.test("actions: a job is followed until it ends, and a failure says why", async () => {
  const job = (state: string, more = {}) => ({
    ...{
      id: "j1",
      kind: "move_region",
      subject: "orders",
      progress: { phase: "copying", done: 1, of: 4 },
    },
    ...{ state, created: 0, updated: 0, error: null },
    ...more,
  });
  const states = ["running", "running", "done"];
  const { admin } = cluster({ jobs: () => ({ jobs: [job(states.shift() ?? "done")] }) });
  const shell = new MemoryShell({ terminal: true });
  shell.ms = 1000;
  assert.equal((await followJob(admin, shell.port, "j1", signal)).state, "done");
  const failing = cluster({ jobs: () => ({ jobs: [job("failed", { error: "no room" })] }) });
  await assert.rejects(followJob(failing.admin, shell.port, "j1", signal), /failed: no room$/);
  const gone = cluster({ jobs: () => ({ jobs: [] }) });
  await assert.rejects(followJob(gone.admin, shell.port, "j1", signal), {
    code: "OUTCOME_UNKNOWN",
  });
});

Deno.test("actions: verifying goes table by table, and says which copy does not agree", async () => {
  const copy = (rid: number, verdict: string, why: string | null = null) => ({
    ...{ rid, verdict, why, rows: 2, kept: null, counted: null, seq: 7, ms: 1.4 },
  });
  const { admin, asked } = cluster({
    meta: () => ({ tables: [{ name: "a" }, { name: "b" }] }),
    verifyTables: (request) => {
      const { table } = request as { readonly table: string };
      const second = table === "b" ? copy(2, "differs", "1 row more") : copy(2, "agrees");
      return { tables: [{ table, region: "r1", copies: [copy(1, "agrees"), second] }] };
    },
  });
  const { view, isWell } = await verifyTables(admin, new MemoryShell().port, null, signal);
  assert.equal(isWell, false);
  assert.deepEqual(viewLines(view), [
    "NOT WELL  4 copies of 2 tables recounted: 1 does not agree",
    "TABLE  REGION  COPY  VERDICT  ROWS  POSITION  MS  WHY",
    "a      r1      r1    agrees      2         7   1",
    "a      r1      r2    agrees      2         7   1",
    "b      r1      r1    agrees      2         7   1",
    "b      r1      r2    differs     2         7   1  1 row more",
  ]);
  const one = await verifyTables(admin, new MemoryShell().port, "a", signal);
  assert.ok(one.isWell);
  assert.deepEqual(asked.at(-1), ["verifyTables", { table: "a" }]);
});

Deno.test("actions: the log shows each entry's statements, rows and what came of them", async () => {
  const change = {
    kind: "change",
    statements: [
      { sql: "insert into orders values (1)", context: {}, affected: 1 },
      { sql: "update orders set n = 2", context: {}, affected: 3 },
    ],
    answered: [],
    fingerprints: { orders: { rows: 1, sum: "4711", schema: "9b2c01aa" } },
    at: 0,
  };
  const entries = [
    { epoch: 1, seq: 7, body: JSON.stringify(change) },
    { epoch: 2, seq: 8, body: '{"kind":"of a later version"}' },
  ];
  const { admin, asked } = cluster({ entries: () => ({ first: 1, committed: 8, entries }) });
  const { view } = await seeLog(admin, "orders", { from: 7, limit: 5, signal });
  assert.deepEqual(asked, [["entries", { region: "r1", limit: 5, from: 7 }]]);
  assert.deepEqual(viewLines(view), [
    "Region r1, as r1 keeps it: from position 1 on, committed up to 8",
    "POSITION  EPOCH  TIME                 ROWS  STATEMENT                      FINGERPRINT AFTER",
    "       7      1  1970-01-01 00:00:00     1  insert into orders values (1)",
    "                                          3  update orders set n = 2        orders 1 row 4711/9b2c01aa"
      .slice(1),
    '       8      2                             {"kind":"of a later version"}',
  ]);
  const many = Array.from(
    { length: 8 },
    () => ({ sql: `x${"y".repeat(200)}`, context: {}, affected: 2 }),
  );
  const body = JSON.stringify({ ...change, statements: many });
  const long = cluster({
    entries: () => ({ first: 1, committed: 9, entries: [{ epoch: 1, seq: 9, body }] }),
  });
  const seen = await seeLog(long.admin, "orders", { from: null, limit: 1, signal });
  const rows = seen.view.rows.map(([, , , affected, sql]) => `${affected} ${sql}`);
  assert.equal(rows.length, 6);
  assert.match(rows[0] ?? "", /^2 xy{99}… \(101 more\)$/);
  assert.equal(rows[5], "6 … and 3 more statements");
  await assert.rejects(seeLog(admin, "x", { from: null, limit: 1, signal }), {
    code: "NO_SUCH_TABLE",
  });
});

Deno.test("actions: servers are named r3 or 3", () => {
  assert.deepEqual(["r3", "R12", "4"].map(readRid), [3, 12, 4]);
  for (const wrong of ["", "r", "0", "rx", "3a"]) {
    assert.throws(() => readRid(wrong), /named by its number/);
  }
});
