/** Results as text, in every format. */
import assert from "node:assert/strict";
import { makeStyle } from "../../cli/terminal.ts";
import type { Column, Row } from "../../protocol/values.ts";
import { fittingFormat, FORMAT_WRITERS } from "./choose_format.ts";
import type { Format, FormatName, FormatOptions } from "./result_format.ts";

const OPTIONS: FormatOptions = {
  header: true,
  raw: false,
  nullText: "",
  binary: "auto",
  terminal: null,
  cut: false,
  windowRows: 1000,
};

const COLUMNS: readonly Column[] = [
  { name: "n", kind: "integer", nullable: true },
  { name: "text", kind: "text" },
  { name: "d", kind: "decimal" },
];

const ROWS: readonly Row[] = [
  [1, "中文🎉", "1.50"],
  [null, "a|b\tc\nd\\", null],
  ["12345678901234567890", "", "-3"],
];

function write(
  format: FormatName | Format,
  rows: readonly Row[] = ROWS,
  options: Partial<FormatOptions> = {},
  columns = COLUMNS,
): string {
  const make = typeof format === "string" ? FORMAT_WRITERS[format] : format;
  const writer = make(columns, { ...OPTIONS, ...options });
  // In two batches, so that what is kept between them is tried too.
  return writer.rows(rows.slice(0, 1)) + writer.rows(rows.slice(1)) + writer.end();
}

const EXPECTED: Readonly<Record<FormatName, string>> = {
  table: `
+----------------------+--------+------+
| n                    | text   | d    |
+----------------------+--------+------+
|                    1 | 中文🎉 | 1.50 |
|                 NULL | a|b\\tc | NULL |
|                      | d\\     |      |
| 12345678901234567890 |        |   -3 |
+----------------------+--------+------+
`,
  vertical: `
*************************** 1. row ***************************
   n: 1
text: 中文🎉
   d: 1.50
*************************** 2. row ***************************
   n: NULL
text: a|b\tc
d\\
   d: NULL
*************************** 3. row ***************************
   n: 12345678901234567890
text: 
   d: -3
`,
  tsv: `
n\ttext\td
1\t中文🎉\t1.50
NULL\ta|b\\tc\\nd\\\\\tNULL
12345678901234567890\t\t-3
`,
  csv: `
n,text,d
1,中文🎉,1.50
,"a|b\tc
d\\",
12345678901234567890,"",-3
`,
  json: `
[
{"n":1,"text":"中文🎉","d":"1.50"},
{"n":null,"text":"a|b\\tc\\nd\\\\","d":null},
{"n":"12345678901234567890","text":"","d":"-3"}
]
`,
  jsonl: `
{"n":1,"text":"中文🎉","d":"1.50"}
{"n":null,"text":"a|b\\tc\\nd\\\\","d":null}
{"n":"12345678901234567890","text":"","d":"-3"}
`,
  markdown: `
|                    n | text          |    d |
| -------------------: | ------------- | ---: |
|                    1 | 中文🎉        | 1.50 |
|                 NULL | a\\|b c<br>d\\\\ | NULL |
| 12345678901234567890 |               |   -3 |
`,
};

for (const [name, text] of Object.entries(EXPECTED)) {
  Deno.test(`formats: ${name}`, () => {
    assert.equal(write(name as FormatName), text.slice(1));
  });
}

Deno.test("formats: without rows only CSV has its names, and JSON is an empty array", () => {
  const empty = Object.keys(EXPECTED).map((name) => [name, write(name as FormatName, [])]);
  assert.deepEqual(Object.fromEntries(empty), {
    ...{ table: "", vertical: "", tsv: "", jsonl: "", markdown: "" },
    csv: "n,text,d\n",
    json: "[]\n",
  });
});

Deno.test("formats: without a header, raw, and with a word for NULL", () => {
  assert.equal(
    write("tsv", ROWS.slice(1, 2), { header: false, raw: true }),
    "NULL\ta|b\tc\nd\\\tNULL\n",
  );
  assert.equal(
    write("csv", [[null, "NULL", null]], { nullText: "NULL" }).split("\n")[1],
    'NULL,"NULL",NULL',
  );
  assert.equal(
    write("table", [[1, "x", null]], { header: false }).split("\n")[1],
    "|    1 | x | NULL |",
  );
  assert.equal(write("vertical", [[1, "x", null]], { header: false }).split("\n")[1], "1");
});

Deno.test("formats: rows behind the measured ones are shown whole, however wide", () => {
  const lines = write("table", [[1, "a", "1"], [2, "much wider", "2"]], { windowRows: 1 });
  assert.ok(lines.includes("\n|    2 | much wider | 2 |\n"), lines);
});

Deno.test("formats: bytes, bits, floats and years read as MySQL has them", () => {
  const columns: readonly Column[] = [
    { name: "b", kind: "bytes" },
    { name: "bit", kind: "bit" },
    { name: "f", kind: "float" },
    { name: "f3", kind: "float", type: "float(7,3)" },
    { name: "y", kind: "year" },
  ];
  const bytes = (...all: number[]) => new Uint8Array(all);
  const cells = (row: Row, options: Partial<FormatOptions> = {}) =>
    write("tsv", [row], { header: false, ...options }, columns).trimEnd().split("\t");
  assert.deepEqual(cells([bytes(0, 255), bytes(5), 1e21, 1.5, 0]), [
    "0x00FF",
    "0x05",
    "1e21",
    "1.500",
    "0000",
  ]);
  const text = new TextEncoder().encode("0x41");
  assert.equal(cells([text, null, null, null, null])[0], "0x30783431");
  assert.equal(cells([text, null, null, null, null], { binary: "utf8" })[0], "0x41");
  assert.equal(cells([text, null, null, null, null], { binary: "base64" })[0], "MHg0MQ==");
});

Deno.test("formats: JSON keeps JSON, and gives names that come twice a number", () => {
  const columns: readonly Column[] = [
    { name: "a", kind: "json" },
    { name: "a", kind: "json" },
    { name: "a", kind: "bytes" },
  ];
  const line = write("jsonl", [['{"x":[1]}', "not JSON", new Uint8Array([1])]], {}, columns);
  assert.equal(line, '{"a":{"x":[1]},"a_2":"not JSON","a_3":"AQ=="}\n');
});

Deno.test("formats: at a terminal rows are cut to its width, NULL is dim, nothing escapes", () => {
  const terminal = { style: makeStyle(true), columns: 16 };
  const text = write("table", [[null, "x\x1b[31m中文中文", "1"]], { terminal, cut: true });
  const [, , , row] = text.split("\n");
  assert.equal(row, "| \x1b[2mNULL\x1b[22m | x\\x1b[…\x1b[0m");
  const vertical = write("vertical", [[1, "\x1b]0;title\x07", "1"]], { terminal });
  assert.match(vertical, /text: \\x1b\]0;title\\x07\n/);
});

Deno.test("formats: a table that would not fit is a line for each column", () => {
  const auto = (width: number) => write(fittingFormat(width), [[1, "abc", "1"]]);
  assert.match(auto(80), /^\+---/);
  assert.match(auto(10), /^\*\*\*/);
});
