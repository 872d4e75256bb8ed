/** What is said about statements: how they ended, and what went wrong. */
import assert from "node:assert/strict";
import { MinisqlError, sqlError } from "../../protocol/errors.ts";
import { errorHint, errorLine, isUnreachable, ownErrorLine } from "./error_words.ts";
import {
  changeWords,
  durationWords,
  receiptWords,
  rowsWords,
  timingWords,
} from "./outcome_words.ts";

Deno.test("words: times are told as MySQL tells them", () => {
  const cases: readonly (readonly [number, string])[] = [
    [1.4, "0.001 sec"],
    [59_999, "59.999 sec"],
    [61_000, "1 min 1.000 sec"],
    [3_600_000, "1 hour 0 min 0.000 sec"],
    [90_061_500, "1 day 1 hour 1 min 1.500 sec"],
  ];
  for (const [ms, words] of cases) assert.equal(durationWords(ms), words);
});

Deno.test("words: rows, changes and warnings are counted", () => {
  assert.equal(rowsWords(0, 0, 1), "Empty set (0.001 sec)");
  assert.equal(rowsWords(1, 1, 1), "1 row in set, 1 warning (0.001 sec)");
  assert.equal(rowsWords(2, 2, null), "2 rows in set, 2 warnings");
  assert.equal(changeWords({ affected: 1 }, 1), "Query OK, 1 row affected (0.001 sec)");
  assert.equal(
    changeWords({ affected: 3, info: "Records: 3  Duplicates: 0  Warnings: 0" }, null),
    "Query OK, 3 rows affected\nRecords: 3  Duplicates: 0  Warnings: 0",
  );
});

Deno.test("words: a receipt says who agrees, and who does not", () => {
  const receipt = {
    region: "r7",
    epoch: 2,
    seq: 8812,
    rid: 3,
    agree: [1, 2, 3],
    dissent: [],
    ms: 1.9,
  };
  assert.equal(
    receiptWords(receipt),
    "3/3 copies agree, position 8812 (region r7, epoch 2, answered by r3)",
  );
  assert.match(
    receiptWords({ ...receipt, agree: [1, 3], dissent: [2] }),
    /^2\/3 copies agree, not r2, /,
  );
  const other = { region: "r9", epoch: 1, seq: 12 };
  const tables = [
    { table: "t", rows: 1, where: "`id` = 1" },
    { table: "u", rows: 20, where: null },
  ];
  const gathered = { rid: 5, agree: [5, 6], dissent: [4], tables };
  assert.equal(
    receiptWords({ ...receipt, also: [other, { ...other, gathered }] }),
    "3/3 copies agree, position 8812 (region r7, epoch 2, answered by r3)\n" +
      "and there position 12 (region r9, epoch 1)\n" +
      "gathered from r5: 1 row of t where `id` = 1; 20 rows of u: 2/3 copies agree, not r4, " +
      "position 12 (region r9, epoch 1)",
  );
  assert.equal(timingWords(2.3, receipt), "r3 1.9 ms · net 0.4 ms");
});

Deno.test("words: errors have MySQL's numbers, and their place in a script", () => {
  const missing = sqlError(1146, "42S02", "Table 'shop.x' doesn't exist");
  assert.equal(errorLine(missing, null), "ERROR 1146 (42S02): Table 'shop.x' doesn't exist");
  assert.match(errorLine(missing, { line: 3, file: null }), /^ERROR 1146 \(42S02\) at line 3: /);
  assert.match(errorLine(missing, { line: 3, file: "a.sql" }), / at line 3 in file: 'a\.sql': /);
  const away = new MinisqlError("UNAVAILABLE", "Cannot reach m1:9090");
  assert.equal(errorLine(away, null), "ERROR 2003 (HY000): Cannot reach m1:9090");
  assert.equal(
    ownErrorLine("Unknown command '\\y'.", { line: 2, file: null }),
    "ERROR at line 2: Unknown command '\\y'.",
  );
  assert.ok(isUnreachable(away) && !isUnreachable(missing));
  assert.equal(errorHint(missing), null);
  assert.match(errorHint(new MinisqlError("OUTCOME_UNKNOWN", "x")) ?? "", /look before you repeat/);
});
