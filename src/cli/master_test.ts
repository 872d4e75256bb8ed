/** Mistakes in the settings of a master, told before anything is begun. */
import assert from "node:assert/strict";
import { EXIT } from "./exit_codes.ts";
import { runInMemory } from "./memory_host.ts";

async function refused(...args: string[]): Promise<string> {
  const { code, err } = await runInMemory(["master", ...args]);
  assert.equal(code, EXIT.usage);
  return err;
}

Deno.test("master: a silence that ends before the second heartbeat is refused", async () => {
  const err = await refused("--heartbeat=1s", "--silence=1500ms");
  assert.match(
    err,
    /Cannot use --silence=1500ms with --heartbeat=1000ms: servers would be evicted/,
  );
});

Deno.test("master: a catalog that cannot be meant is refused, its password kept quiet", async () => {
  for (
    const url of ["mysql://me%zz:secret@db/minisql", "http://me:secret@db", "mysql://me:secret@:x"]
  ) {
    const err = await refused(`--catalog=${url}`);
    assert.match(err, /Cannot use --catalog=/);
    assert.doesNotMatch(err, /secret|\n {4}at /);
  }
});
