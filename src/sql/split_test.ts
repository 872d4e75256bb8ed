/** Cutting scripts, in one piece and in any pieces. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { lex } from "./lexer.ts";
import { ScriptSplitter, type ScriptStatement, splitScript } from "./split.ts";

function texts(script: string): readonly string[] {
  return splitScript(script).map(({ sql }) => sql);
}

const CASES: readonly (readonly [string, string, readonly string[]])[] = [
  ["two statements", "select 1; select 2;", ["select 1", "select 2"]],
  ["the last one without its delimiter", "select 1;\n select 2 \n", ["select 1", "select 2"]],
  ["nothing but space and comments", " ;; -- x\n /* ; */ ; # y", []],
  ["delimiters in quotes", 'select \';\', "a\\";", `;`;select 2', [
    'select \';\', "a\\";", `;`',
    "select 2",
  ]],
  ["delimiters in comments", "select 1 /* ; */ -- ;\n + 1 # ;\n;x", [
    "select 1 /* ; */ -- ;\n + 1 # ;",
    "x",
  ]],
  ["an executable comment as a statement", "/*!40101 SET x = ';' */;y", [
    "/*!40101 SET x = ';' */",
    "y",
  ]],
  ["a delimiter of one's own", "DELIMITER //\nbegin; end//\ndelimiter ;\nselect 1;", [
    "begin; end",
    "select 1",
  ]],
  ["a delimiter in quotes", "delimiter '$$'\na$$ b$$", ["a", "b"]],
  ["a word that only begins like DELIMITER", "delimiters; delete x; del", [
    "delimiters",
    "delete x",
    "del",
  ]],
  ["an open quote at the end", "select 1; select 'abc;", ["select 1", "select 'abc;"]],
];

for (const [words, script, statements] of CASES) {
  Deno.test(`split: ${words}`, () => assert.deepEqual(texts(script), statements));
}

Deno.test("split: statements know their place in the script", () => {
  const script = "select 1;\n\n  select\n2;";
  for (const { sql, start, end } of splitScript(script)) {
    assert.equal(script.slice(start, end), sql);
  }
  assert.deepEqual(splitScript(script).map(({ line }) => line), [1, 3]);
});

Deno.test("split: DELIMITER without one is a syntax error", () => {
  assert.throws(() => splitScript("delimiter  \nx"), { errno: 1064 });
});

const PIECES = [
  ...[
    "'",
    '"',
    "`",
    "\\",
    "/*",
    "*/",
    "/*!",
    "--",
    "-- ",
    "#",
    "\n",
    " ",
    ";",
    ";;",
    "//",
    "select",
  ],
  ...["delimiter //\n", "DELIMITER ;\n", "del", "imiter x", "é", "😀", "1"],
];

const scripts = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((all) => all.join(""));

Deno.test("split: where the pieces are cut makes no difference", () => {
  fc.assert(
    fc.property(scripts, fc.array(fc.nat(12), { maxLength: 60 }), (script, lengths) => {
      const splitter = new ScriptSplitter();
      const found: ScriptStatement[] = [];
      let at = 0;
      for (const length of lengths) {
        found.push(...splitter.push(script.slice(at, at + length)));
        at += length;
      }
      found.push(...splitter.push(script.slice(at)), ...splitter.end());
      assert.deepEqual(found, splitScript(script));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("split: statements that are whole hold no delimiter outside quotes and comments", () => {
  fc.assert(fc.property(scripts, (script) => {
    for (const { sql, start, end } of splitScript(script)) {
      assert.equal(script.slice(start, end), sql);
      if (/delimiter/i.test(script)) continue;
      let tokens;
      try {
        tokens = lex(sql);
      } catch {
        continue;
      }
      assert(!tokens.some((token) => token.upper === ";"), sql);
    }
  }));
});
