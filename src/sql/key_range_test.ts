import assert from "node:assert/strict";
import { keyColumns, type KeyedTable, keysCondition, rangeConditions } from "./key_range.ts";

const column = (name: string, kind: "integer" | "text", type: string) => ({ name, kind, type });
const TABLE: KeyedTable = {
  name: "t",
  columns: [
    column("v", "text", "varchar(9)"),
    column("a", "integer", "int(11)"),
    column("b", "text", "enum('z','it''s')"),
    column("c", "text", "set('x','y','z')"),
  ],
  indexes: [{ name: "v", columns: ["v"] }, { name: "PRIMARY", columns: ["b", "a"] }],
};
const keyed = (...columns: string[]): KeyedTable => ({
  ...TABLE,
  indexes: [{ name: "PRIMARY", columns }],
});

Deno.test("key range: the key's columns come in its own order", () => {
  assert.deepEqual(keyColumns(TABLE)?.map(({ name }) => name), ["b", "a"]);
  assert.equal(keyColumns({ ...TABLE, indexes: [] }), null);
});

Deno.test("key range: one column is compared as it stands", () => {
  const range = { after: ["a'b"], upTo: ["c"] };
  assert.deepEqual(rangeConditions(keyed("v"), range), ["`v`>'a''b'", "`v`<='c'"]);
  assert.deepEqual(rangeConditions(keyed("v"), { after: null, upTo: null }), []);
});

Deno.test("key range: several columns in words that an index is found for", () => {
  assert.deepEqual(rangeConditions(keyed("a", "v"), { after: null, upTo: [3, "x"] }), [
    "`a`<=3",
    "(`a`<3 OR (`a`=3 AND `v`<='x'))",
  ]);
});

Deno.test("key range: labels are ordered by their numbers, and found by both", () => {
  assert.deepEqual(rangeConditions(keyed("b"), { after: ["it's"], upTo: null }), ["`b`+0>2"]);
  assert.deepEqual(rangeConditions(keyed("b"), { after: [""], upTo: null }), ["`b`+0>0"]);
  assert.deepEqual(rangeConditions(keyed("c"), { after: null, upTo: ["x,z"] }), ["`c`+0<=5"]);
  assert.equal(
    keysCondition(TABLE, [["z", 1], ["it's", 2]]),
    "(`b`='z' AND `b`+0=1 AND `a`=1) OR (`b`='it''s' AND `b`+0=2 AND `a`=2)",
  );
});

Deno.test("key range: a key that does not fit is refused", () => {
  assert.throws(() => rangeConditions(TABLE, { after: ["z"], upTo: null }), /2 columns, not 1/);
  const keyless = { ...TABLE, indexes: [] };
  assert.throws(() => rangeConditions(keyless, { after: ["z"], upTo: null }), /no primary key/);
});
