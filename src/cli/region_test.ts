/** Mistakes in the settings of a region server, told before anything is opened or made. */
import assert from "node:assert/strict";
import { EXIT } from "./exit_codes.ts";
import { runInMemory } from "./memory_host.ts";

/** What it says when it refuses its settings; its folder is not touched. */
async function refused(...args: string[]): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "minisql-region-" });
  try {
    const own = ["region", "--data-dir", `${folder}/data`, ...args];
    const { code, err } = await runInMemory(own, { files: {} });
    assert.equal(code, EXIT.usage, err);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    return err;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("region: a database that cannot be meant is refused, its password kept quiet", async () => {
  const urls = [
    "mysql://me%zz:secret@db/data",
    "sqlite:data.db",
    "http://me:secret@db",
    "mysql://x:y",
  ];
  for (const url of urls) {
    const err = await refused(`--mysql=${url}`);
    assert.match(err, /Cannot use --mysql=/);
    assert.doesNotMatch(err, /secret|\n {4}at /);
  }
});

Deno.test("region: certificates that are not there are refused", async () => {
  assert.match(await refused("--mysql-ca=ca.pem"), /--mysql-ca="ca.pem": there is no such file/);
  assert.match(await refused("--tls-cert=a.pem"), /Cannot use --tls-cert alone/);
});
