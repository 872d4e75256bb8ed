/** Cutting scripts, in one piece and in any pieces. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { lex } from "./lexer.ts";
import {
  type ClientCommands,
  type OpenPart,
  ScriptSplitter,
  type ScriptStatement,
  splitScript,
} from "./split.ts";

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

Deno.test("split: comments in front of a statement do not count for its line", () => {
  const script = "-- one\n/* two\n */ select\n1;\n# five\nx";
  assert.deepEqual(splitScript(script).map(({ line }) => line), [3, 6]);
});

/** `\\g`, `\\x` and `\\!` with what follows, and the word `source`. */
const COMMANDS: ClientCommands = {
  backslash(rest) {
    if (rest.startsWith("\\g")) return { length: 2, keeps: false };
    if (rest.startsWith("\\x")) return { length: 2, keeps: true };
    return rest.startsWith("\\!") ? { length: rest.length, keeps: true } : null;
  },
  isCommandLine: (line, delimiter) => line.startsWith("source") && !line.includes(delimiter),
};

function items(script: string): readonly string[] {
  const splitter = new ScriptSplitter(COMMANDS);
  return [...splitter.push(script), ...splitter.end()].map(({ sql, command, line }) =>
    `${line} ${sql}${command === undefined ? "" : ` [${command}]`}`
  );
}

Deno.test("split: commands of a client end a statement, stand in it, or stand alone", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["select 1\\g select 2\\g", ["1 select 1 [\\g]", "1 select 2 [\\g]"]],
    ["\\g\n\\x", ["1  [\\g]", "2  [\\x]"]],
    ["select '\\g', \\N, `\\g` -- \\g\n;", ["1 select '\\g', \\N, `\\g` -- \\g"]],
    ["select\\! ls ; x\n 1;\n2", ["1  [\\! ls ; x]", "1 select\n 1", "3 2"]],
    ["source a b\n select 1;\nsource c", ["1  [source a b]", "2 select 1", "3  [source c]"]],
    ["source a;", ["1 source a"]],
    ["select 1; source a\nsource b;", ["1 select 1", "1 source a\nsource b"]],
    ["select\nsource\n;", ["1 select\nsource"]],
    ["source x\r\nselect 1;\r\n", ["1  [source x]", "2 select 1"]],
    ["delimiter\nselect 1;", ["1  [delimiter]", "2 select 1"]],
    ["DELIMITER $$\nsource a;\n select 1$$", ["2  [source a;]", "3 select 1"]],
  ];
  for (const [script, found] of cases) assert.deepEqual(items(script), found, script);
});

Deno.test("split: whole lines are read to their ends, and what is open is known", () => {
  const splitter = new ScriptSplitter(COMMANDS);
  const lines: readonly (readonly [string, number, OpenPart])[] = [
    ["select 1;\n", 1, "nothing"],
    ["select 'a\n", 0, "'"],
    ["b', `\n", 0, "`"],
    ['`, "\n', 0, '"'],
    ['" /*\n', 0, "/*"],
    ["*/\n", 0, "statement"],
    ["/*! 1\n", 0, "/*"],
    ["*/ ; -- x\n", 1, "nothing"],
  ];
  for (const [line, count, open] of lines) {
    const copy = splitter.copy();
    assert.equal(copy.push(line, true).length, count, line);
    assert.equal(splitter.push(line, true).length, count, line);
    assert.deepEqual([splitter.open, copy.open], [open, open], line);
  }
  splitter.push("select (\n", true);
  splitter.drop();
  assert.equal(splitter.open, "nothing");
  assert.equal(splitter.push("source x\n", true)[0]?.command, "source x");
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
  ...["\\g", "\\x", "\\! y", "source", "\nsource f\n", "\r\n"],
];

const scripts = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((all) => all.join(""));

const cuts = fc.array(fc.nat(12), { maxLength: 60 });

Deno.test("split: where the pieces are cut makes no difference", () => {
  fc.assert(
    fc.property(scripts, cuts, fc.boolean(), (script, lengths, withCommands) => {
      const commands = withCommands ? COMMANDS : null;
      const splitter = new ScriptSplitter(commands);
      const found: ScriptStatement[] = [];
      let at = 0;
      for (const length of lengths) {
        found.push(...splitter.push(script.slice(at, at + length)));
        at += length;
      }
      found.push(...splitter.push(script.slice(at)), ...splitter.end());
      const whole = new ScriptSplitter(commands);
      assert.deepEqual(found, [...whole.push(script), ...whole.end()]);
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
