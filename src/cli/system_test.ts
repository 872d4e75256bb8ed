/** Real processes: real signals, real crashes, a real stderr. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { within } from "../../tests/support/wait.ts";

const MAIN = fileURLToPath(new URL("../../tests/support/process_main.ts", import.meta.url));

/** Starts the program and reads its standard output line by line. */
function start(...args: readonly string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-env", MAIN, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  return {
    child,
    /** The next chunk of output. */
    said: async () => (await within("it says something", reader.read())).value,
    async ended() {
      const { code, signal } = await within("it ends", child.status);
      await reader.cancel();
      const lines = (await stderr).split("\n").filter((line) => line !== "");
      return { code, signal, lines };
    },
  };
}

Deno.test("process: SIGTERM ends a server in good order, and its log is written out", async () => {
  const { child, said, ended } = start("serve");
  assert.equal(await said(), "ready\n");
  child.kill("SIGTERM");
  const { code, signal, lines } = await ended();
  assert.deepEqual([code, signal], [0, null]);
  assert.deepEqual(lines.map((line) => JSON.parse(line).msg), [
    "Ending on SIGTERM; a second signal ends at once",
    "done in good order",
  ]);
});

Deno.test("process: a second signal ends a server that is stuck", async () => {
  const { child, said, ended } = start("stuck");
  assert.equal(await said(), "ready\n");
  child.kill("SIGTERM");
  child.kill("SIGINT");
  const { code, signal } = await ended();
  assert.ok(signal === null && (code === 130 || code === 143), `${code} ${signal}`);
});

Deno.test("process: SIGHUP is heard as a wish to read settings again", async () => {
  const { child, said, ended } = start("reload");
  assert.equal(await said(), "ready\n");
  child.kill("SIGHUP");
  assert.equal(await said(), "reloaded\n");
  child.kill("SIGTERM");
  assert.equal((await ended()).code, 0);
});

Deno.test("process: errors that nobody catches are logged as a crash with their stack", async () => {
  for (const [mode, message] of [["reject", "nobody awaits me"], ["throw", "nobody catches me"]]) {
    const { code, lines } = await start(mode as string).ended();
    assert.equal(code, 70, mode);
    const [line = "{}"] = lines;
    const { level, error } = JSON.parse(line);
    assert.deepEqual([level, error.message, lines.length], ["fatal", message, 1]);
    assert.match(error.stack, /process_main\.ts/);
  }
});

Deno.test("process: away from a terminal the log is JSON on stderr, at the levels asked for", async () => {
  const quiet = await start("log").ended();
  assert.deepEqual(quiet.lines.map((line) => JSON.parse(line).msg), ["loud"]);
  const [line = "{}"] = quiet.lines;
  const { level, role, seq, password } = JSON.parse(line);
  assert.deepEqual([level, role, seq, password], ["info", "test", "1152921504606846976", "***"]);
  const loud = await start("log", "error,rpc=debug").ended();
  assert.deepEqual(loud.lines.map((each) => JSON.parse(each).msg), ["quiet"]);
});

Deno.test("process: a log that nobody reads holds nothing up, and its loss is told", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-env", MAIN, "flood"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  // Its stderr is a full pipe by now, and stays one.
  assert.equal((await within("it goes on", reader.read())).value, "flooded\n");
  const { code } = await within("it ends all the same", child.status);
  assert.equal(code, 0);
  await Promise.all([reader.cancel(), child.stderr.cancel()]);
});
