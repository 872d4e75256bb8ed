/** What a statement is taken for when it reaches a region. */
import assert from "node:assert/strict";
import { GUARD_FACTS } from "../../tests/support/guard_schema.ts";
import { READS, SAFE_WRITES } from "../../tests/support/guard_cases.ts";
import type { TableSchema } from "../ports/engine.ts";
import { guard } from "../sql/guard/guard.ts";
import { judge } from "./statement.ts";

const FACTS = {
  server: GUARD_FACTS.server,
  table: (name: string) => GUARD_FACTS.table(name) as TableSchema | null,
};

const LOOKUPS = [
  "SELECT * FROM users WHERE id = 5",
  "select id, `name` from `users` where `ID` = -7 limit 1",
  "SELECT name FROM users WHERE name = 'a, b' AND id = 3",
];

for (const sql of LOOKUPS) {
  Deno.test(`judge: as the guard would, at a glance: ${sql}`, () => {
    const { isLookup, ...judged } = judge(sql, FACTS);
    assert.equal(isLookup, true);
    assert.deepEqual(judged, guard(sql, { ...GUARD_FACTS, database: null }));
  });
}

for (const sql of [...SAFE_WRITES, ...READS.map(([read]) => read)]) {
  Deno.test(`judge: read in full: ${sql}`, () => {
    const verdict = guard(sql, { ...GUARD_FACTS, database: null });
    if (verdict.kind !== "safe") return assert.throws(() => judge(sql, FACTS));
    const { isLookup: _, ...judged } = judge(sql, FACTS);
    assert.deepEqual(judged, verdict);
  });
}
