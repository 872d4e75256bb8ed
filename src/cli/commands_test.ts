/** Every command's declaration keeps the rules that help, parsing and completions rely on. */
import assert from "node:assert/strict";
import { COMMANDS } from "./commands.ts";
import { acceptedBy, readFlagValue } from "./flag_values.ts";
import type { Flag } from "./flags.ts";
import { commandHelp, programHelp } from "./help_text.ts";
import { describeTerminal } from "./terminal.ts";

function each(check: (flag: Flag, name: string) => void): void {
  for (const command of COMMANDS) {
    for (const [name, flag] of Object.entries({ ...command.flags, ...command.positionals })) {
      check(flag, `${command.name} --${name}`);
    }
  }
}

Deno.test("commands: names are words, and no two are alike", () => {
  const names = COMMANDS.map((command) => command.name);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[a-z]+(-[a-z]+)*$/);
});

Deno.test("commands: flags are words with dashes, and short ones are told apart", () => {
  for (const command of COMMANDS) {
    const shorts = Object.values(command.flags).flatMap((flag) => flag.short ?? []);
    assert.equal(new Set(shorts).size, shorts.length, command.name);
    for (const name of Object.keys(command.flags)) assert.match(name, /^[a-z][a-z0-9-]*$/);
    for (const name of Object.keys(command.flags)) assert.doesNotMatch(name, /^no-/);
  }
});

Deno.test("commands: every default is a value that its flag accepts", () => {
  each((flag, name) => {
    if (!("default" in flag) || flag.default === undefined) return;
    assert.ok(readFlagValue(flag, String(flag.default)).ok, `${name}: ${acceptedBy(flag)}`);
  });
});

Deno.test("commands: help is a sentence without a period, and lines fit the terminal", () => {
  each((flag, name) => assert.match(flag.help, /^[A-Z].*[^.]$/, name));
  for (const columns of [72, 80, 200]) {
    const terminal = describeTerminal(
      { isTerminal: true, columns, variable: () => undefined },
      "never",
    );
    const texts = COMMANDS.map((command) => commandHelp(command, terminal));
    for (const text of [programHelp(COMMANDS, terminal), ...texts]) {
      const widest = text.split("\n").filter((line) => !/^ {2}(#|minisql|source)/.test(line));
      for (const line of widest) assert.ok(line.length <= columns, line);
      assert.doesNotMatch(text, /[ \t]$/m);
    }
  }
});

Deno.test("commands: every command has a summary, an example and a way back to help", () => {
  for (const command of COMMANDS) {
    assert.match(command.summary, /^[A-Z].*[^.]$/);
    assert.ok(command.examples.length > 0 || command.name === "help", command.name);
    for (const { line } of command.examples) assert.match(line, /\bminisql\b/);
    assert.ok(Object.hasOwn(command.flags, "help"), command.name);
  }
});
