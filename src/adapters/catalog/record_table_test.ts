/** Rows to records: every way in which drivers give a cell, and what people do to rows. */
import assert from "node:assert/strict";
import { integer, json, number, object, optional, text as textShape } from "../../base/shape.ts";
import {
  jsonText,
  keyOf,
  optionalJson,
  readRows,
  real,
  type RecordTable,
  rowOf,
  text,
  whole,
} from "./record_table.ts";

interface Thing {
  readonly id: number;
  readonly part: string;
  readonly size: number;
  readonly data: unknown;
  readonly note?: unknown;
}

const THINGS: RecordTable<Thing> = {
  name: "things",
  keyLength: 2,
  shape: object({
    id: integer(1),
    part: textShape(),
    size: number,
    data: json,
    note: optional(json),
  }),
  columns: [
    { column: "id", field: "id", kind: whole },
    { column: "part_name", field: "part", kind: text },
    { column: "size", field: "size", kind: real },
    { column: "data", field: "data", kind: jsonText },
    { column: "note", field: "note", kind: optionalJson },
  ],
};

const ROW = { id: 1, part_name: "p", size: 1.5, data: "null", note: null };
const THING: Thing = { id: 1, part: "p", size: 1.5, data: null };

function faultsOf(row: Readonly<Record<string, unknown>>): readonly string[] {
  const { records, faults } = readRows(THINGS, [row]);
  assert.deepEqual(records, []);
  return faults.map(({ key, reason }) => `${key}: ${reason}`);
}

Deno.test("record table: numbers come as numbers, big integers or digits", () => {
  for (const row of [ROW, { ...ROW, id: 1n }, { ...ROW, id: "1", size: "1.5" }]) {
    assert.deepEqual(readRows(THINGS, [row]), { records: [THING], faults: [] });
  }
});

Deno.test("record table: text comes as text or as its bytes", () => {
  const bytes = new TextEncoder().encode("a\0ü🦊");
  const { records } = readRows(THINGS, [{ ...ROW, part_name: bytes, data: bytesOf('{"a":1}') }]);
  assert.deepEqual(records, [{ ...THING, part: "a\0ü🦊", data: { a: 1 } }]);
});

function bytesOf(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

Deno.test("record table: an absent field is NULL, and null is not", () => {
  assert.deepEqual(rowOf(THINGS, THING), [1, "p", 1.5, "null", null]);
  assert.deepEqual(rowOf(THINGS, { ...THING, note: null }), [1, "p", 1.5, "null", "null"]);
  assert.deepEqual(readRows(THINGS, [{ ...ROW, note: "null" }]).records, [{
    ...THING,
    note: null,
  }]);
  assert.equal("note" in (readRows(THINGS, [ROW]).records[0] as Thing), false);
});

Deno.test("record table: a key needs no more than its own fields", () => {
  assert.deepEqual(keyOf(THINGS, { id: 7, part: "x" }), [7, "x"]);
});

Deno.test("record table: a row that makes no record says which it is and what is wrong", () => {
  assert.deepEqual(faultsOf({ ...ROW, id: 0 }), [
    "0/p: id must be a whole number of at least 1, not 0",
  ]);
  assert.match(faultsOf({ ...ROW, id: "12abc" })[0] ?? "", /^12abc\/p: id must be a whole number/);
  assert.match(faultsOf({ ...ROW, id: "" })[0] ?? "", /^\/p: id must be .*, not ""$/);
  assert.match(faultsOf({ ...ROW, id: null })[0] ?? "", /^null\/p: id must be .*, not null$/);
  assert.match(faultsOf({ ...ROW, size: "wide" })[0] ?? "", /^1\/p: size must be a number/);
  assert.match(faultsOf({ ...ROW, part_name: null })[0] ?? "", /^1\/null: part must be text/);
  assert.match(faultsOf({ ...ROW, data: "{" })[0] ?? "", /^1\/p: data cannot be read: .*JSON/);
  assert.match(faultsOf({ ...ROW, data: null })[0] ?? "", /^1\/p: data must be .*, not nothing$/);
  assert.match(faultsOf({})[0] ?? "", /^null\/null: id must be/);
});

Deno.test("record table: one bad row does not hide the others", () => {
  const { records, faults } = readRows(THINGS, [ROW, { ...ROW, id: -1 }, { ...ROW, id: 2 }]);
  assert.deepEqual(records.map(({ id }) => id), [1, 2]);
  assert.deepEqual(faults.map(({ table, key }) => `${table} ${key}`), ["things -1/p"]);
});
