/** Messages of values that do not fit, and what INSERT IGNORE makes of them. */
import assert from "node:assert/strict";
import { columnOfSql } from "../../../tests/support/stored_values.ts";
import type { SqlValue } from "./types.ts";
import { storeValue } from "./types_store.ts";

Deno.test("store: messages are MySQL's, with the row", () => {
  const messages: readonly (readonly [string, SqlValue, string])[] = [
    ["int", "abc", "Incorrect integer value: 'abc' for column 'a' at row 7"],
    ["tinyint", 300n, "Out of range value for column 'a' at row 7"],
    ["int", "1x", "Data truncated for column 'a' at row 7"],
    ["char(1)", "ab", "Data too long for column 'a' at row 7"],
    ["date", "x", "Incorrect date value: 'x' for column 'a' at row 7"],
    ["timestamp", "x", "Incorrect datetime value: 'x' for column 'a' at row 7"],
    ["varchar(5)", Uint8Array.of(228), "Incorrect string value: '\\xE4' for column 'a' at row 7"],
  ];
  for (const [type, value, message] of messages) {
    assert.throws(() => storeValue(columnOfSql(type), value, { row: 7 }), { message });
  }
  assert.throws(() => storeValue(columnOfSql("int not null"), null, { row: 1 }), {
    errno: 1048,
    sqlState: "23000",
    message: "Column 'a' cannot be null",
  });
  assert.throws(
    () => storeValue(columnOfSql("json"), "x", { row: 1, table: { database: "d", name: "t" } }),
    { message: "CONSTRAINT `t.a` failed for `d`.`t`" },
  );
});

const LENIENT: readonly (readonly [string, SqlValue, SqlValue, number])[] = [
  ["tinyint", 300n, 127n, 1264],
  ["tinyint unsigned", -5n, 0n, 1264],
  ["int", "abc", 0n, 1366],
  ["int", "12abc", 12n, 1265],
  ["int not null", null, 0n, 1048],
  ["decimal(4,1)", "12345", 999.9, 1264],
  ["float", 1e39, 3.4028234663852886e38, 1264],
  ["char(3)", "abcdef", "abc", 1406],
  ["varchar(2)", "😀😀😀", "😀😀", 1406],
  ["varbinary(2)", "abc", Uint8Array.of(97, 98), 1406],
  ["date", "x", "0000-00-00", 1292],
  ["datetime(2)", "x", "0000-00-00 00:00:00.00", 1292],
  ["enum('a','b')", "x", "", 1265],
  ["enum('a','b') not null", null, "a", 1048],
  ["varchar(9) character set ascii", "aäb", "a?b", 1366],
];

for (const [type, value, kept, errno] of LENIENT) {
  Deno.test(`store: INSERT IGNORE makes ${String(value)} fit ${type}`, () => {
    const warned: number[] = [];
    const lenient = (number: number) => void warned.push(number);
    assert.deepEqual(storeValue(columnOfSql(type), value, { row: 1, lenient }), kept);
    assert.deepEqual(warned, [errno]);
  });
}
