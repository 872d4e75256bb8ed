/** The database and coordination drivers inside a built program, under its permissions. */
import assert from "node:assert/strict";
import { buildArchive } from "../../scripts/build/archive.ts";
import { bundle } from "../../scripts/build/bundle.ts";
import { compile, runtimeMissing } from "../../scripts/build/compile.ts";
import { startMariadb } from "../../scripts/services/mariadb.ts";
import { startZookeeper } from "../../scripts/services/zookeeper.ts";
import { within } from "../support/wait.ts";

Deno.test("drivers: MariaDB and ZooKeeper are reached from a built program", async () => {
  await using mariadb = await startMariadb();
  await using ensemble = await startZookeeper();
  await using program = await bundle("tests/support/drivers_main.ts", { commit: null });
  const { host, port, user, password } = mariadb;
  const args = [host, String(port), user, password, ensemble.connect];
  for (const output of await programs(program.path)) {
    const { code, stdout, stderr } = await within(
      "the program ends",
      new Deno.Command(output, {
        args,
        clearEnv: true,
        env: { PATH: "/usr/bin:/bin", XDG_CACHE_HOME: `${output}-cache` },
      }).output(),
      60_000,
    );
    const text = new TextDecoder().decode(stdout);
    assert.equal(code, 0, text + new TextDecoder().decode(stderr));
    const [line = "", ...rights] = text.trim().split("\n");
    assert.deepEqual(JSON.parse(line), {
      rows: [{ text: "中文", large: "18446744073709551615" }],
      prepared: [{ sum: 42 }],
      data: "hello",
      crc: -873187034,
    });
    assert.deepEqual(rights, ["commands: false", "variables: false", "files: true"]);
    await ensemble.servers[0]?.restart();
  }
});

/** The bundle in each form that can be built here. */
async function programs(bundled: string): Promise<readonly string[]> {
  const archive = `${bundled}-archive`;
  await buildArchive(bundled, archive);
  const compiled = `${bundled}-compiled`;
  const result = await compile(bundled, compiled);
  if (result.ok) return [archive, compiled];
  assert.ok(runtimeMissing(result.reason), result.reason);
  return [archive];
}
