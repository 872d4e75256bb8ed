import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ColumnKind } from "../../protocol/values.ts";
import { rowDecoder } from "./wire_cells.ts";

function decoded(kind: ColumnKind, text: string | Uint8Array) {
  const bytes = typeof text === "string" ? Buffer.from(text) : Buffer.from(text);
  return rowDecoder([{ name: "v", kind }])([bytes])[0];
}

Deno.test("wire cells: integers are numbers as long as a double holds them", () => {
  assert.equal(decoded("integer", "-7"), -7);
  assert.equal(decoded("integer", "9007199254740991"), 9007199254740991);
  assert.equal(decoded("integer", "9007199254740992"), "9007199254740992");
  assert.equal(decoded("integer", "-9223372036854775808"), "-9223372036854775808");
  assert.equal(decoded("integer", "00000000000000000007"), 7);
  assert.equal(decoded("integer", "00009007199254740993"), "9007199254740993");
  assert.equal(decoded("year", "0000"), 0);
});

Deno.test("wire cells: other kinds keep what they say", () => {
  assert.equal(decoded("decimal", "-0.10"), "-0.10");
  assert.equal(decoded("float", "1e300"), 1e300);
  assert.equal(decoded("float", "-0"), "-0");
  assert.equal(decoded("text", "é😀"), "é😀");
  assert.equal(decoded("json", '{"a": 1}'), '{"a": 1}');
  assert.equal(decoded("datetime", "0000-00-00 00:00:00"), "0000-00-00 00:00:00");
});

Deno.test("wire cells: bytes are a copy of their own", () => {
  const packet = Buffer.from([1, 2, 3, 4]);
  const [cell] = rowDecoder([{ name: "v", kind: "bytes" }])([packet.subarray(1, 3)]);
  packet.fill(9);
  assert.deepEqual(cell, Uint8Array.of(2, 3));
  assert.equal((cell as Uint8Array).buffer.byteLength, 2);
  assert.ok(!Buffer.isBuffer(cell));
});

Deno.test("wire cells: NULL is null in every kind", () => {
  const kinds: ColumnKind[] = ["integer", "text", "bytes", "float", "null"];
  const row = rowDecoder(kinds.map((kind) => ({ name: "v", kind })))(kinds.map(() => null));
  assert.deepEqual(row, kinds.map(() => null));
});
