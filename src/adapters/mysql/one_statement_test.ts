import assert from "node:assert/strict";
import fc from "fast-check";
import { splitScript } from "../../sql/split.ts";
import { isOneStatement } from "./one_statement.ts";

Deno.test("one statement: what is written every day is certain", () => {
  const texts = [
    "INSERT INTO `odd;name` (a, b) VALUES (1, 'it''s; \\'quoted\\''), (-2, \"a;b\")",
    "SET STATEMENT insert_id=7 FOR UPDATE t SET a = a - 1, b = b / 2 WHERE c = '2024-01-01 --'",
    "DELETE FROM t WHERE a = '/* no comment */' AND b = '#' AND c = '\\\\'",
  ];
  for (const sql of texts) assert.equal(isOneStatement(sql), true, sql);
});

Deno.test("one statement: what may end it, hide something or reach further is not", () => {
  const texts = [
    ...["DELETE FROM t;", "DELETE FROM t; COMMIT", "DO 1 -- x", "DO 1 # x", "DO 1--1"],
    ...["DO /* x */ 1", "DO /*! 1; */ 1", "DO 'open", 'DO "open', "DO `open", "DO 'a\\'", "DO \\g"],
    ...["DO 1\0", `DO '${"x".repeat(70_000)}'`],
  ];
  for (const sql of texts) assert.equal(isOneStatement(sql), false, sql);
});

Deno.test("one statement: any two that are certain stay two when they are put together", () => {
  const part = fc.constantFrom(
    ...["a", " ", ";", "'", "''", '"', "`", "\\", "\\'", "-", "--", "-- ", "#", "/", "/*", "*/"],
    ...["/*!", "\n", "é", "delimiter x", "\0"],
  );
  const text = fc.array(part, { minLength: 1, maxLength: 8 }).map((parts) => `x${parts.join("")}y`);
  const certain = text.filter(isOneStatement);
  fc.assert(
    fc.property(certain, certain, (one, two) => {
      const found = splitScript(`${one}\n;\n${two}`).map(({ sql }) => sql);
      assert.deepEqual(found, [one.trim(), two.trim()]);
    }),
    { numRuns: 2000 },
  );
});
