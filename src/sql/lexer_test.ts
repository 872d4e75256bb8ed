/** The lexer against every form of token that MySQL knows, and against arbitrary text. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { MinisqlError } from "../protocol/errors.ts";
import { lex, significant, type TokenKind } from "./lexer.ts";

/** Each token that means something, as its kind, its value and its upper-case form. */
function tokensOf(sql: string): readonly (readonly [TokenKind, string])[] {
  return significant(lex(sql)).map((token) => [token.kind, token.value]);
}

const SINGLE: readonly (readonly [string, TokenKind, string])[] = [
  ["select", "word", "select"],
  ["naïve$1", "word", "naïve$1"],
  ["1st", "word", "1st"],
  ["1e", "word", "1e"],
  ["0x", "word", "0x"],
  ["0X41", "word", "0X41"],
  ["0xfg", "word", "0xfg"],
  ["0b2", "word", "0b2"],
  ["_utf8mb4", "word", "_utf8mb4"],
  ["\\N", "word", "NULL"],
  ["`a``b`", "quoted_name", "a`b"],
  ["`a\\`", "quoted_name", "a\\"],
  ["'it''s'", "string", "it's"],
  ['"say ""x"" it\'s"', "string", 'say "x" it\'s'],
  ["'a\\'b\\\"\\n\\t\\r\\b\\0\\Z\\\\\\x\\%\\_'", "string", "a'b\"\n\t\r\b\0\x1a\\x\\%\\_"],
  ["N'text'", "string", "text"],
  ["n'text'", "string", "text"],
  ["''", "string", ""],
  ["0", "number", "0"],
  ["12.", "number", "12."],
  ["1.5e3", "number", "1.5e3"],
  [".5", "number", ".5"],
  ["1e10", "number", "1e10"],
  ["1E+10", "number", "1E+10"],
  ["1.e-2", "number", "1.e-2"],
  ["x'4aF0'", "hex", "4aF0"],
  ["X''", "hex", ""],
  ["0x41", "hex", "41"],
  ["b'0101'", "bit", "0101"],
  ["0b01", "bit", "01"],
  ["@a.b$", "user_variable", "a.b$"],
  ["@'a b'", "user_variable", "a b"],
  ["@`a``b`", "user_variable", "a`b"],
  ["@@global.sql_mode", "system_variable", "global.sql_mode"],
  ["@@`session`.x", "system_variable", "session.x"],
  ["?", "parameter", "?"],
  ...["<=>", "->>", "->", ":=", "<=", ">=", "<>", "!=", "<<", ">>", "||", "&&", "+", "-", "~"]
    .map((text) => [text, "operator", text] as const),
  ...["(", ")", ",", ";", ".", "{", "}", "@", ":"]
    .map((text) => [text, "punctuation", text] as const),
];

for (const [text, kind, value] of SINGLE) {
  Deno.test(`lex: ${text} is one ${kind}`, () => {
    assert.deepEqual(tokensOf(text), [[kind, value]]);
  });
}

Deno.test("lex: words have an upper-case form, and literals that look like them have none", () => {
  const upper = significant(lex("Select 'SELECT' `SELECT` , 12 @SELECT")).map(({ upper }) => upper);
  assert.deepEqual(upper, ["SELECT", "", "", ",", "", ""]);
});

Deno.test("lex: after a name and its dot digits are a name", () => {
  assert.deepEqual(tokensOf("db.1e5"), [["word", "db"], ["punctuation", "."], ["word", "1e5"]]);
  assert.deepEqual(tokensOf("t.5"), [["word", "t"], ["punctuation", "."], ["word", "5"]]);
});

Deno.test("lex: two dashes are a comment only with space or nothing behind them", () => {
  assert.deepEqual(tokensOf("1--1"), [["number", "1"], ["operator", "-"], ["operator", "-"], [
    "number",
    "1",
  ]]);
  assert.deepEqual(tokensOf("1 -- 1\n2"), [["number", "1"], ["number", "2"]]);
  assert.deepEqual(tokensOf("1 --"), [["number", "1"]]);
  assert.deepEqual(tokensOf("1 #x\n/* ' */ 2"), [["number", "1"], ["number", "2"]]);
});

Deno.test("lex: an executable comment is one flagged token, whatever quotes are in it", () => {
  for (const comment of ["/*! '*/' 1 */", "/*!50000 a */", "/*M! b */", "/*! 1 /* x */ 2 */"]) {
    const tokens = significant(lex(`select ${comment}`));
    assert.deepEqual(tokens.map(({ text, executable }) => [text, executable]), [
      ["select", false],
      [comment, true],
    ]);
  }
});

const BROKEN: readonly (readonly [string, string])[] = [
  ["select 'abc", "near ''abc' at line 1"],
  ["select 1,\n`abc", "near '`abc' at line 2"],
  ['select "a\\"', "near '\"a\\\"' at line 1"],
  ["select /* abc", "near '/* abc' at line 1"],
  ["select /*! 1", "near '/*! 1' at line 1"],
  ["select x'123'", "near 'x'123'' at line 1"],
  ["select b'12'", "near 'b'12'' at line 1"],
  ["select 1.e", "near '1.e' at line 1"],
  ["select @@", "near '' at line 1"],
  ["select @'a", "near '@'a' at line 1"],
  ["/*!".repeat(100), "at line 1"],
];

for (const [sql, words] of BROKEN) {
  Deno.test(`lex: ${sql.slice(0, 20)} is MySQL's syntax error`, () => {
    assert.throws(() => lex(sql), (error) => {
      assert(error instanceof MinisqlError);
      assert.equal(error.code, "SQL");
      assert.equal(error.errno, 1064);
      assert.equal(error.sqlState, "42000");
      assert.match(error.message, /^You have an error in your SQL syntax; check the manual that /);
      assert(error.message.endsWith(words), error.message);
      return true;
    });
  });
}

const PIECES = [
  ...["'", '"', "`", "\\", "/*", "*/", "/*!", "--", "-- ", "#", "\n", " ", "@", "@@", "x'", "0x"],
  ...[
    "1",
    ".",
    "e",
    "+",
    "a",
    "é",
    "😀",
    "(",
    ")",
    ";",
    "?",
    ":=",
    "->",
    "N'",
    "_utf8",
    "b'",
    "\0",
  ],
];

const sqlLike = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string()), { maxLength: 30 })
  .map((pieces) => pieces.join(""));

Deno.test("lex: tokens put together again are the text, whatever the text", () => {
  fc.assert(
    fc.property(sqlLike, (sql) => {
      let tokens;
      try {
        tokens = lex(sql);
      } catch (error) {
        assert(error instanceof MinisqlError && error.errno === 1064);
        return;
      }
      assert.equal(tokens.map((token) => token.text).join(""), sql);
      let at = 0;
      for (const token of tokens) {
        assert.equal(token.start, at);
        assert.equal(token.end, at + token.text.length);
        at = token.end;
      }
    }),
    { numRuns: 2000 },
  );
});
