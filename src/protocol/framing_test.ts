/** Bytes to lines, however the bytes are cut. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { fitsLine, LINE_BYTES_MAX, LineSplitter } from "./framing.ts";

const encoder = new TextEncoder();

function split(bytes: Uint8Array, cuts: readonly number[], limit?: number) {
  const splitter = new LineSplitter(limit);
  const found: unknown[] = [];
  let from = 0;
  for (
    const cut of [...cuts.map((each) => each % (bytes.length + 1)), bytes.length].sort(byValue)
  ) {
    // The same buffer is used again for each chunk, as a reader does.
    const chunk = bytes.slice(from, cut);
    found.push(...splitter.push(chunk));
    chunk.fill(0);
    from = cut;
  }
  return { found, pending: splitter.pendingBytes };
}

const byValue = (a: number, b: number) => a - b;

Deno.test("framing: lines come out whole wherever chunks break, multi-byte characters too", () => {
  const line = fc.string({ unit: "grapheme" }).map((each) => each.replace(/[\r\n]/g, ""));
  fc.assert(fc.property(fc.array(line), fc.array(fc.nat(), { maxLength: 8 }), (lines, cuts) => {
    const bytes = encoder.encode(lines.map((each) => `${each}\n`).join(""));
    assert.deepEqual(split(bytes, cuts), { found: lines, pending: 0 });
  }));
});

Deno.test("framing: one byte at a time is as good as all at once", () => {
  const bytes = encoder.encode("é漢🦊\n\n\u2028x\r\nlast");
  const cuts = Array.from(bytes, (_, at) => at);
  assert.deepEqual(split(bytes, cuts), { found: ["é漢🦊", "", "\u2028x"], pending: 4 });
});

Deno.test("framing: a line that is not UTF-8 is a fault, and the next is fine", () => {
  const bytes = new Uint8Array([0xff, 0xfe, 10, 0x61, 10, 0xed, 0xa0, 0x80, 10, 0x62, 10]);
  assert.deepEqual(split(bytes, [1, 4, 7]).found, [
    { fault: "utf8" },
    "a",
    { fault: "utf8" },
    "b",
  ]);
});

Deno.test("framing: a line of exactly the limit passes, one byte more loses framing for good", () => {
  assert.deepEqual(split(encoder.encode("12345678\nab\n"), [3], 8).found, ["12345678", "ab"]);
  const over = split(encoder.encode("123456789\nab\n"), [3], 8);
  assert.deepEqual(over, { found: [{ fault: "too_long" }], pending: 0 });
  const endless = split(encoder.encode("x".repeat(100)), [1, 5, 60], 8);
  assert.deepEqual(endless, { found: [{ fault: "too_long" }], pending: 0 });
});

Deno.test("framing: whether a line fits is told in bytes, not characters", () => {
  assert.ok(fitsLine("x".repeat(LINE_BYTES_MAX)));
  assert.ok(!fitsLine("x".repeat(LINE_BYTES_MAX + 1)));
  assert.ok(fitsLine("漢".repeat(Math.floor(LINE_BYTES_MAX / 3))));
  assert.ok(!fitsLine("漢".repeat(Math.floor(LINE_BYTES_MAX / 3) + 1)));
});
