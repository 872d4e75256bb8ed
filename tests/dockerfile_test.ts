/** The Dockerfile stays in step with the project: versions, what it copies, who it runs as. */
import assert from "node:assert/strict";
import { COMMANDS } from "../src/cli/commands.ts";

const ROOT = new URL("../", import.meta.url);

function lines(name: string): Promise<readonly string[]> {
  return Deno.readTextFile(new URL(name, ROOT)).then((text) => text.split("\n"));
}

/** What follows an instruction, in each of its uses. */
async function uses(instruction: string): Promise<readonly string[]> {
  const start = `${instruction} `;
  return (await lines("Dockerfile")).flatMap((line) =>
    line.startsWith(start) ? [line.slice(start.length)] : []
  );
}

Deno.test("Dockerfile: it names the version of Deno that README and scripts/test install", async () => {
  const [version = ""] = (await uses("ARG")).map((line) => line.replace("DENO_VERSION=", ""));
  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.ok((await lines("README.md")).some((line) => line.includes(`deno@${version}`)));
});

Deno.test("Dockerfile: what it copies exists", async () => {
  const copies = (await uses("COPY")).filter((line) => !line.startsWith("--from"));
  const copied = copies.flatMap((line) => line.split(" ").slice(0, -1));
  assert.ok(copied.length > 0);
  for (const path of copied) await Deno.stat(new URL(path, ROOT));
});

Deno.test("Dockerfile: the program runs as a number other than root, and checks its own health", async () => {
  const [user = ""] = await uses("USER");
  assert.match(user, /^[1-9]\d*:[1-9]\d*$/);
  const text = (await lines("Dockerfile")).join("\n");
  assert.match(text, /^HEALTHCHECK [^]*?CMD \["minisql", "healthcheck"/m);
  assert.ok(COMMANDS.some((command) => command.name === "healthcheck"));
});
