/** CRC-32 against its published check value, another implementation, and MySQL's known answers. */
import assert from "node:assert/strict";
import { crc32 as zlibCrc32 } from "node:zlib";
import fc from "fast-check";
import { crc32, crc32Hex } from "./crc32.ts";

const encoder = new TextEncoder();

Deno.test("crc32: gives the answers that everybody gives", () => {
  assert.equal(crc32("123456789"), 0xcbf43926);
  assert.equal(crc32(""), 0);
  assert.equal(crc32("MySQL"), 3_259_397_556);
  assert.equal(crc32("plumless"), crc32("buckeroo"));
  assert.equal(crc32(new Uint8Array([0x9d, 0x0a, 0xd9, 0x6d])), 0);
});

Deno.test("crc32: text counts as its UTF-8 bytes, well-formed or not", () => {
  const halves = ["a\ud800", "\udc00b", "\ud800\ud800x", "x\udc00", "\ud83e"];
  for (const text of ["ü", "日本", "🦊", "\0", ...halves]) {
    assert.equal(crc32(text), crc32(encoder.encode(text)), JSON.stringify(text));
  }
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    assert.equal(crc32(text), zlibCrc32(encoder.encode(text)));
  }));
});

Deno.test("crc32: bytes of any length agree with zlib", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    assert.equal(crc32(bytes), zlibCrc32(bytes));
  }));
  for (const length of [9_999, 10_000, 10_001, 100_003]) {
    const bytes = Uint8Array.from({ length }, (_, n) => (n * 31) & 0xff);
    assert.equal(crc32(bytes), zlibCrc32(bytes));
    assert.equal(crc32(bytes.subarray(7)), zlibCrc32(bytes.subarray(7)));
  }
});

Deno.test("crc32Hex: eight digits, leading zeros kept", () => {
  assert.equal(crc32Hex("123456789"), "cbf43926");
  assert.equal(crc32Hex(""), "00000000");
  fc.assert(fc.property(fc.string(), (text) => {
    assert.match(crc32Hex(text), /^[0-9a-f]{8}$/);
    assert.equal(parseInt(crc32Hex(text), 16), crc32(text));
  }));
});
