/** CSV in any pieces, with the lines its records begin on. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { CsvReader, type CsvRecord } from "./csv_reader.ts";

function read(text: string, separator?: string): readonly CsvRecord[] {
  const reader = new CsvReader(separator);
  return [...reader.push(text), ...reader.end()];
}

const texts = (records: readonly CsvRecord[]) =>
  records.map(({ fields }) => fields.map(({ text, quoted }) => quoted ? `"${text}"` : text));

Deno.test("csv: quotes, line ends, empty fields and lines are read as RFC 4180 has them", () => {
  const cases: readonly (readonly [string, readonly (readonly string[])[]])[] = [
    ["a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]],
    ['"a ""b""",\n"x,\ny",z', [['"a "b""', ""], ['"x,\ny"', "z"]]],
    ['a,""\n,\n\n', [["a", '""'], ["", ""]]],
    ["\ufeffid\n1", [["id"], ["1"]]],
    ["a\rb\r\n", [["a"], ["b"]]],
    ['""\n', [['""']]],
    ["", []],
  ];
  for (const [text, records] of cases) {
    assert.deepEqual(texts(read(text)), records, JSON.stringify(text));
  }
  assert.deepEqual(texts(read('a\t"b\t"\n', "\t")), [["a", '"b\t"']]);
});

Deno.test("csv: records know their lines, and faults are told with theirs", () => {
  assert.deepEqual(read('a\n"b\nc"\n\nd').map(({ line }) => line), [1, 2, 5]);
  assert.throws(() => read('a\nb,"c'), /Line 2: a quote that begins there does not end/);
  assert.throws(() => read('a\n"b" c\n'), /Line 2: ' ' stands behind a quote/);
});

const cell = fc.array(fc.constantFrom("a", '""', ",", "\n", "\r\n", "é", "🎉", " "), {
  maxLength: 6,
})
  .map((parts) => `"${parts.join("")}"`);
const plain = fc.constantFrom("", "1", "x y", "中");
const line = fc.array(fc.oneof(cell, plain), { minLength: 1, maxLength: 4 }).map((all) =>
  all.join(",")
);
const files = fc.array(line, { maxLength: 8 }).map((lines) => lines.join("\r\n"));

Deno.test("csv: where the pieces are cut makes no difference", () => {
  fc.assert(fc.property(files, fc.array(fc.nat(7), { maxLength: 40 }), (text, lengths) => {
    const reader = new CsvReader();
    const found: CsvRecord[] = [];
    let at = 0;
    for (const length of lengths) {
      found.push(...reader.push(text.slice(at, at + length)));
      at += length;
    }
    found.push(...reader.push(text.slice(at)), ...reader.end());
    assert.deepEqual(found, read(text));
  }));
});
