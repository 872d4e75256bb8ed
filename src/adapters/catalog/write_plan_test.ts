/** Planning a write: what is sent, in how many statements, and who is refused. */
import assert from "node:assert/strict";
import { InvariantError } from "../../base/assert.ts";
import { joined, placement, server, table } from "../../../tests/support/catalog_records.ts";
import type { CatalogChange } from "../../ports/catalog.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { StatementLimits } from "./statements.ts";
import type { Control } from "./tables.ts";
import { controlStatements, drawRid, fence, planChanges, readControl } from "./write_plan.ts";

const CONTROL: Control = { version: 1, term: 5, nextRid: 3, nextEvent: 10 };
const LIMITS: StatementLimits = { rowsMax: 3, textMax: 10_000 };

function sqlOf(changes: readonly CatalogChange[], limits = LIMITS): readonly string[] {
  return planChanges(CONTROL, changes, limits).statements.map(({ sql }) => sql);
}

function isCode(code: string, words: RegExp) {
  return (error: unknown) =>
    error instanceof MinisqlError && error.code === code && words.test(error.message);
}

function putTable(name: string, ddl = ""): CatalogChange {
  return { change: "table.put", table: table(name, { ddl }) };
}

Deno.test("fence: an older term is refused, the same and a newer one pass and are kept", () => {
  assert.throws(
    () => fence("do it", CONTROL, 4),
    isCode("STALE_EPOCH", /^Cannot do it as master of term 4: term 5 has taken over$/),
  );
  assert.equal(fence("do it", CONTROL, 5).term, 5);
  assert.equal(fence("do it", CONTROL, 6).term, 6);
});

Deno.test("drawRid: counts up and stops before numbers lose their last digit", () => {
  assert.deepEqual(drawRid("draw", CONTROL), { ...CONTROL, nextRid: 4 });
  const last = { ...CONTROL, nextRid: Number.MAX_SAFE_INTEGER };
  assert.throws(() => drawRid("draw", last), isCode("UNSUPPORTED", /all server numbers/));
});

Deno.test("readControl: no row, a bad row and a newer version each say what they are", () => {
  const row = { version: "1", term: "5", next_rid: 3n, next_event: 10 };
  assert.deepEqual(readControl("read", [row]), CONTROL);
  assert.throws(() => readControl("read", []), isCode("UNAVAILABLE", /catalog_control is empty/));
  assert.throws(
    () => readControl("read", [{ ...row, term: null }]),
    isCode("UNAVAILABLE", /^Cannot read: in catalog_control term must be .*, not null$/),
  );
  assert.throws(
    () => readControl("read", [{ ...row, term: "18446744073709551615" }]),
    isCode("UNAVAILABLE", /term must be a whole number/),
  );
  assert.throws(
    () => readControl("read", [{ ...row, version: 2 }]),
    isCode("UNSUPPORTED", /of version 2, .*knows version 1$/),
  );
});

Deno.test("controlStatements: the control row is written only when it differs", () => {
  assert.deepEqual(controlStatements(CONTROL, { ...CONTROL }), []);
  for (const change of [{ term: 6 }, { nextRid: 4 }, { nextEvent: 11 }]) {
    const [statement] = controlStatements(CONTROL, { ...CONTROL, ...change });
    const { term, nextRid, nextEvent } = { ...CONTROL, ...change };
    assert.deepEqual(statement?.values, [term, nextRid, nextEvent]);
  }
});

Deno.test("planChanges: many changes of a kind are few statements, however they are mixed", () => {
  const changes = [1, 2, 3, 4].flatMap((n): CatalogChange[] => [
    putTable(`t${n}`),
    { change: "placement.put", placement: placement("r", n) },
    { change: "server.delete", rid: n },
  ]);
  const statements = sqlOf(changes);
  assert.deepEqual(
    statements.map((sql) => sql.match(/^(REPLACE INTO|DELETE FROM) `\w+`/)?.[0]),
    [
      "REPLACE INTO `tables`",
      "REPLACE INTO `tables`",
      "REPLACE INTO `placements`",
      "REPLACE INTO `placements`",
      "DELETE FROM `region_info`",
      "DELETE FROM `region_info`",
    ],
  );
});

Deno.test("planChanges: a statement holds no more text than the limit, but for a large row", () => {
  const limits = { rowsMax: 100, textMax: 1_000 };
  const changes = [600, 600, 100, 100, 5_000, 1].map((n, at) => putTable(`t${at}`, "x".repeat(n)));
  const rows = planChanges(CONTROL, changes, limits).statements.map(({ values }) =>
    values.filter((_, n) => n % 5 === 0)
  );
  assert.deepEqual(rows, [["t0"], ["t1", "t2", "t3"], ["t4"], ["t5"]]);
});

Deno.test("planChanges: the last change to a key is the only one sent", () => {
  const changes: readonly CatalogChange[] = [
    putTable("a"),
    { change: "table.delete", name: "a" },
    { change: "table.delete", name: "b" },
    putTable("b"),
  ];
  const { statements } = planChanges(CONTROL, changes, LIMITS);
  assert.deepEqual(statements.map(({ values }) => values[0]), ["a", "b"]);
  assert.match(statements[0]?.sql ?? "", /^DELETE/);
  assert.match(statements[1]?.sql ?? "", /^REPLACE/);
});

Deno.test("planChanges: values travel apart from the SQL", () => {
  const evil = "'; DROP TABLE users; --";
  const [statement] = planChanges(CONTROL, [putTable("t", evil)], LIMITS).statements;
  assert.ok(!statement?.sql.includes("DROP"));
  assert.ok(statement?.values.includes(evil));
});

Deno.test("planChanges: events take the numbers that the control row has next", () => {
  const add = (rid: number): CatalogChange => ({ change: "event.add", at: 0, event: joined(rid) });
  const plan = planChanges(CONTROL, [add(1), { change: "event.prune", keep: 4 }, add(2)], LIMITS);
  assert.deepEqual(plan.statements.map(({ values }) => values[0]), [10, 11 - 4, 11]);
  assert.equal(plan.control.nextEvent, 12);
});

Deno.test("planChanges: no number of a server that was put is drawn later", () => {
  const after = (rid: number) =>
    planChanges(CONTROL, [{ change: "server.put", server: server(rid) }], LIMITS).control.nextRid;
  assert.deepEqual([after(2), after(3), after(9)], [3, 4, 10]);
  assert.equal(after(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
});

Deno.test("planChanges: a record that could not be read again is a bug, and is not written", () => {
  const bad: readonly CatalogChange[] = [
    putTable("a/b"),
    { change: "server.put", server: server(1, { created: NaN }) },
    { change: "placement.put", placement: placement("R", 1) },
    { change: "event.add", at: Infinity, event: joined(1) },
    { change: "event.add", at: 0, event: joined(0) },
    { change: "user.put", user: { name: "ends in space ", secret: "", created: 0 } },
  ];
  for (const change of bad) {
    assert.throws(() => planChanges(CONTROL, [change], LIMITS), InvariantError, change.change);
  }
});
