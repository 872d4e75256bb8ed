import assert from "node:assert/strict";
import { waitUntil } from "../services/wait.ts";
import { endLeftovers, processesOf, RUN_VARIABLE } from "./leftovers.ts";
import { runSection } from "./section.ts";

function shell(script: string): { name: string; command: readonly string[] } {
  return { name: "a section", command: ["sh", "-c", script] };
}

function optionsFor(run: string, signal = new AbortController().signal) {
  return { env: { [RUN_VARIABLE]: run }, signal, show: () => Promise.resolve() };
}

Deno.test("section: gives the command's exit code and all it printed", async () => {
  const section = shell("echo; echo to standard output; echo to standard error >&2; exit 7");
  const { code, output } = await runSection(section, optionsFor("none"));
  assert.equal(code, 7);
  assert.equal(output, "\nto standard output\nto standard error\n");
});

Deno.test("section: is repeated after a crash of a program known for it, and of no other", async () => {
  const folder = await Deno.makeTempDir();
  const crashOnce = shell(`cd ${folder}; mkdir crashed 2>/dev/null && kill -SEGV $$; echo checked`);
  try {
    const trusted = await runSection(crashOnce, optionsFor("none"));
    assert.equal(trusted.code, 139);
    await Deno.remove(`${folder}/crashed`);
    const prone = await runSection({ ...crashOnce, isCrashProne: true }, optionsFor("none"));
    assert.deepEqual(prone, { code: 0, output: "checked\n" });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("section: ends with everything it started, when it is told to", async () => {
  const run = crypto.randomUUID();
  const ending = new AbortController();
  const section = shell("sleep 300 & sleep 300");
  const result = runSection(section, optionsFor(run, ending.signal));
  const sleepers = async () =>
    (await processesOf(run)).filter(({ command }) => command.startsWith("sleep"));
  assert(await waitUntil(10_000, async () => (await sleepers()).length === 2));
  ending.abort();
  assert.notEqual((await result).code, 0);
  assert(await waitUntil(10_000, async () => (await processesOf(run)).length === 0));
});

Deno.test("leftovers: a process that escaped its section is named and ended", async () => {
  const run = crypto.randomUUID();
  const { code } = await runSection(shell("setsid sleep 301 >/dev/null 2>&1 &"), optionsFor(run));
  assert.equal(code, 0);
  const left = await endLeftovers(run, 200);
  assert.deepEqual(left.map(({ command }) => command), ["sleep 301"]);
  assert(await waitUntil(10_000, async () => (await processesOf(run)).length === 0));
});
