/** `minisql up` where nothing is started: what it lists, and mistakes in how it is called. */
import assert from "node:assert/strict";
import { EXIT } from "./exit_codes.ts";
import { runInMemory } from "./memory_host.ts";

Deno.test("up: without clusters there is nothing to list, stop or clean up", async () => {
  const said = async (...args: string[]) => await runInMemory(["up", ...args]);
  assert.deepEqual(await said("ls"), { code: EXIT.ok, out: "No cluster runs here\n", err: "" });
  assert.deepEqual(await said("clean"), { code: EXIT.ok, out: "Nothing to clean up\n", err: "" });
  const stopped = await said("stop");
  assert.equal(stopped.code, EXIT.unreachable);
  assert.match(stopped.err, /Cannot stop a cluster: none runs/);
});

Deno.test("up: mistakes are told, and nothing is started", async () => {
  const refused = async (pattern: RegExp, ...args: string[]) => {
    const { code, err } = await runInMemory(["up", ...args]);
    assert.equal(code, EXIT.usage, err);
    assert.match(err, pattern);
  };
  await refused(/ACTION="9090": it must be ls, stop or clean/, "9090");
  await refused(/Unexpected argument "9090": ls takes none/, "ls", "9090");
  await refused(/--masters="0": it must be a whole number from 1 to 9/, "--masters", "0");
  await refused(/Cannot use --engine mysql here: only scripts\/up/, "--engine", "mysql");
  await refused(/Cannot use --coordinator zookeeper here/, "--coordinator", "zookeeper");
});

Deno.test("up: the variable that names a cluster's masters does not count as how many to run", async () => {
  const variables = { MINISQL_MASTERS: "127.0.0.1:9090" };
  assert.equal((await runInMemory(["up", "ls"], { variables })).code, EXIT.ok);
});
