/** Parameters in a statement's text: read back by the lexer they are what was given. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { bind, type Parameter } from "./bind.ts";
import { lex, significant } from "./lexer.ts";
import { bytesLiteral, quoteName, quoteString, quoteTable } from "./names.ts";

const CASES: readonly (readonly [string, readonly Parameter[], string])[] = [
  ["select ?, ?", [null, true], "select NULL, TRUE"],
  ["select ?", [1.5], "select 1.5"],
  ["select ?", [-1], "select -1"],
  ["select ?", [2n ** 64n - 1n], "select 18446744073709551615"],
  ["select ?", ["it's \\ \n\0"], "select 'it''s \\\\ \\n\\0'"],
  ["select ?", [new Uint8Array([0, 255])], "select x'00ff'"],
  ["select ?", [new Date(0)], "select '1970-01-01 00:00:00.000000'"],
  [
    "select '?', `?`, \"?\", ? -- ?\n/* ? */ # ?",
    [1],
    "select '?', `?`, \"?\", 1 -- ?\n/* ? */ # ?",
  ],
  ["select x?", ["41"], "select x '41'"],
  ["select ?from t", [1], "select 1 from t"],
  ["select 'a'?", ["b"], "select 'a' 'b'"],
  ["select (?,?)", [1, 2], "select (1,2)"],
];

for (const [sql, values, bound] of CASES) {
  Deno.test(`bind: ${sql.slice(0, 30)} becomes ${bound.slice(0, 30)}`, () => {
    assert.equal(bind(sql, values), bound);
  });
}

Deno.test("bind: what is no value of MySQL is refused by its position", () => {
  const bad: readonly unknown[] = [NaN, Infinity, undefined, {}, [], () => 0, Symbol("x")];
  for (const value of [...bad, new Date(NaN), new Date(1e15), "\ud800"]) {
    assert.throws(() => bind("select ?, ?", [1, value as Parameter]), (error: Error) => {
      assert.match(error.message, /^Cannot bind parameter 2: it is /);
      return true;
    });
  }
});

Deno.test("bind: as many values as placeholders, no more and no fewer", () => {
  assert.throws(() => bind("select ?", []), { code: "BAD_REQUEST" });
  assert.throws(() => bind("select 1", [1]), { code: "BAD_REQUEST" });
});

const text = fc.string({ unit: "binary" });

Deno.test("bind: text read back by the lexer is the text, whatever stands around it", () => {
  const around = fc.constantFrom(
    "",
    " ",
    "x",
    "'a'",
    "_utf8mb4",
    "N",
    "@",
    "-",
    "/",
    "1",
    "b",
    ".",
  );
  fc.assert(
    fc.property(text, around, around, (value, before, after) => {
      const tokens = significant(lex(bind(`${before}?${after}`, [value])));
      const strings = tokens.filter((token) => token.kind === "string" && token.value === value);
      assert(strings.length >= 1, bind(`${before}?${after}`, [value]));
      const rest = significant(lex(`${before} ${after}`)).length;
      assert.equal(tokens.length, rest + 1);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("bind: numbers and bytes read back are the numbers and bytes", () => {
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
    assert.equal(Number(bind("?", [value])) + 0, value + 0);
  }));
  fc.assert(fc.property(fc.uint8Array(), (value) => {
    const [token] = lex(bind("?", [value]));
    assert.equal(token?.kind, "hex");
    assert.deepEqual(Uint8Array.fromHex(token?.value ?? ""), value);
  }));
});

Deno.test("names: quoted names and strings are read back as they were", () => {
  fc.assert(fc.property(text, (value) => {
    const [string] = lex(quoteString(value));
    assert.equal(string?.value, value);
    if (value === "" || value.includes("\0")) return;
    const [name] = lex(quoteName(value));
    assert.equal(name?.value, value);
  }));
  assert.equal(quoteTable("a`b", "t"), "`a``b`.`t`");
  assert.equal(quoteTable(null, "t"), "`t`");
  assert.equal(bytesLiteral(new Uint8Array(0)), "x''");
  assert.throws(() => quoteName(""), { code: "BAD_REQUEST" });
  assert.throws(() => quoteString("\udc00"), { code: "BAD_REQUEST" });
});
