import assert from "node:assert/strict";
import { decodeEntry, decodeLine, encodeClose, encodeHeader, encodeRecord } from "./line.ts";
import type { LogRecord } from "./record.ts";

const NAMES = ["orders", "r 1", `quo"te`, "back\\slash", "ümlaut", "☃", "\u0001", ',"body":', "x,"];
const BODIES = ["{}", "1", `{"body":1,"crc":"00000000"}`, `"\u2028 😀"`, `",\\"body\\":"`];

function entry(region: string, body: string): LogRecord {
  return { kind: "entry", region, n: 7, epoch: 3, seq: 123_456_789_012, body };
}

/** The line without its newline, which must be its last byte and the only one. */
function bare(line: Uint8Array): Uint8Array {
  assert.equal(line.indexOf(10), line.length - 1);
  return line.subarray(0, -1);
}

Deno.test("line: an entry is read back as it was, and its line is JSON", () => {
  for (const region of NAMES) {
    for (const body of BODIES) {
      const line = bare(encodeRecord(entry(region, body), 4096));
      const { seq, epoch } = { seq: 123_456_789_012, epoch: 3 };
      assert.deepEqual(decodeEntry(line), { region, seq, epoch, body });
      const head = { kind: "entry", region, n: 7, synced: 4096, epoch, seq };
      assert.deepEqual(decodeLine(line), head);
      const { crc, ...object } = JSON.parse(new TextDecoder().decode(line));
      assert.deepEqual(object, { ...head, body: JSON.parse(body) });
      assert.match(crc, /^[0-9a-f]{8}$/);
    }
  }
});

Deno.test("line: every other record is read back as it was", () => {
  const region = `a "region"`;
  const records: readonly Exclude<LogRecord, { kind: "entry" }>[] = [
    { kind: "cut", region, n: 1, epoch: 2, seq: 3 },
    { kind: "reset", region, n: 1, epoch: 2, seq: 3, promised: null },
    { kind: "reset", region, n: 1, epoch: 2, seq: 3, promised: `"word"` },
    { kind: "drop", region, n: 9 },
    { kind: "promise", region, n: 9, word: "" },
    { kind: "checkpoint", region, seq: 12 },
  ];
  for (const record of records) {
    const line = bare(encodeRecord(record, 5));
    assert.deepEqual(decodeLine(line), { ...record, synced: 5 });
    assert.equal(decodeEntry(line), null);
  }
});

Deno.test("line: with any bit turned or any end missing it is no line", () => {
  const header = encodeHeader({ kind: "segment", version: 1, segment: 1, log: "x", regions: [] });
  const close = encodeClose(77).subarray(1);
  for (const line of [encodeRecord(entry("r", `{"a":1}`), 9), header, close].map(bare)) {
    assert.notEqual(decodeLine(line), null);
    for (let bit = 0; bit < line.length * 8; bit++) {
      const copy = line.slice();
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.equal(decodeLine(copy), null, `bit ${bit}`);
      assert.equal(decodeEntry(copy), null, `bit ${bit}`);
    }
    for (let length = 0; length < line.length; length++) {
      assert.equal(decodeLine(line.subarray(0, length)), null);
    }
  }
});
