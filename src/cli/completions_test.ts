/** Completion scripts: bash's is run by bash, the others are read. */
import assert from "node:assert/strict";
import { runInMemory } from "./memory_host.ts";
import { COMMANDS } from "./commands.ts";

async function script(shell: string): Promise<string> {
  const { code, out } = await runInMemory(["completions", shell]);
  assert.equal(code, 0);
  return out;
}

/** What bash would offer for the last of these words. */
async function complete(...words: readonly string[]): Promise<readonly string[]> {
  const list = ["minisql", ...words].map((word) => `'${word}'`).join(" ");
  const program = `${await script("bash")}
COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _minisql; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, success } = await new Deno.Command("bash", {
    args: ["--norc", "-c", program],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

Deno.test("completions: bash offers commands, options, values and arguments", async () => {
  assert.deepEqual(await complete("vers"), ["version"]);
  assert.deepEqual(await complete(""), COMMANDS.map((command) => command.name));
  assert.deepEqual(await complete("version", "--j"), ["--json"]);
  assert.deepEqual(await complete("version", "--color", ""), ["auto", "always", "never"]);
  assert.deepEqual(await complete("completions", "z"), ["zsh"]);
  assert.deepEqual(await complete("help", "vers"), ["version"]);
  assert.deepEqual(await complete("healthcheck", "--password-f"), ["--password-file"]);
  assert.deepEqual(await complete("healthcheck", "--timeout", ""), []);
});

Deno.test("completions: every command and option is in every script", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const text = await script(shell);
    for (const { name, flags } of COMMANDS) {
      assert.match(text, new RegExp(`\\b${name}\\b`), shell);
      for (const flag of Object.keys(flags)) {
        const named = `(no-)?${flag}`;
        assert.match(text, new RegExp(shell === "fish" ? `-l ${named} ` : `--${named}\\b`), shell);
      }
    }
  }
});

Deno.test("completions: an unknown shell is a usage error that names the known ones", async () => {
  const { code, err } = await runInMemory(["completions", "csh"]);
  assert.equal(code, 2);
  assert.match(err, /"csh": it must be bash, zsh or fish/);
});
