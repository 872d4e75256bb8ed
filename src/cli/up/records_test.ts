/** Clusters are noted down while they run; what is left of dead ones is known and cleaned up. */
import assert from "node:assert/strict";
import { SystemClock } from "../../adapters/system_clock.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { memoryOutput } from "../memory_host.ts";
import { clean, list, stop } from "./manage.ts";
import { Records, type UpRecord } from "./records.ts";

async function inHome(body: (records: Records, home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "minisql-records-" });
  const get = (name: string) => (name === "HOME" ? home : undefined);
  try {
    await body(new Records({ get, readFile: () => "" }), home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function record(changes: Partial<UpRecord> = {}): UpRecord {
  return {
    pid: 4_000_000,
    cluster: "minisql",
    since: Date.now(),
    masters: ["127.0.0.1:9090"],
    regions: 3,
    data: "/data",
    temporary: false,
    log: null,
    ...changes,
  };
}

/** A record as a process that was killed leaves it: there, and not locked. */
async function leave(home: string, port: number, left: UpRecord): Promise<void> {
  const folder = `${home}/.local/state/minisql/up`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/${port}.json`, JSON.stringify(left));
}

async function said(records: Records, action: typeof list): Promise<string> {
  const { output, text } = memoryOutput();
  await action({ clock: new SystemClock(), records, out: output });
  return text();
}

Deno.test("records: a cluster is listed as running while its record is held", async () => {
  await inHome(async (records, home) => {
    assert.equal(await said(records, list), "No cluster runs here\n");
    const own = await records.write(9090, record());
    await leave(home, 10_090, record({ data: "/other", temporary: true }));
    const lines = (await said(records, list)).split("\n");
    assert.match(lines[0] ?? "", /^PORT +STATE +PID +MASTERS +REGIONS +SINCE +DATA$/);
    assert.match(lines[1] ?? "", /^9090 +running +4000000 +127\.0\.0\.1:9090 +3 +0 s ago +\/data$/);
    assert.match(lines[2] ?? "", /^10090 +dead .* \/other \(goes with it\)$/);
    await own.close();
    assert.deepEqual((await records.list()).map(({ port }) => port), [10_090]);
  });
});

Deno.test("records: cleaning removes temporary data of the dead, and nothing else", async () => {
  await inHome(async (records, home) => {
    for (const name of ["kept", "gone", "used"]) await Deno.mkdir(`${home}/${name}`);
    await leave(home, 9090, record({ data: `${home}/kept` }));
    await leave(home, 9091, record({ data: `${home}/gone`, temporary: true }));
    const own = await records.write(9092, record({ data: `${home}/used`, temporary: true }));
    assert.match(await said(records, clean), /9090: its data stays in .*9091: removed /s);
    const left = [...Deno.readDirSync(home)].map(({ name }) => name).sort();
    assert.deepEqual(left, [".local", "kept", "used"]);
    assert.deepEqual((await records.list()).map(({ port }) => port), [9092]);
    assert.equal(await said(records, clean), "Nothing to clean up\n");
    await own.close();
  });
});

Deno.test("records: a new cluster clears away the dead one whose ports it has", async () => {
  await inHome(async (records, home) => {
    await Deno.mkdir(`${home}/gone`);
    await leave(home, 9090, record({ data: `${home}/gone`, temporary: true }));
    const own = await records.write(9090, record());
    await assert.rejects(Deno.stat(`${home}/gone`), Deno.errors.NotFound);
    assert.equal((await records.list())[0]?.running, true);
    await own.close();
  });
});

Deno.test("records: stopping needs to know which, and one that runs", async () => {
  await inHome(async (records, home) => {
    const deps = { clock: new SystemClock(), records, out: memoryOutput().output };
    const refused = (port: number | null, pattern: RegExp) =>
      assert.rejects(
        stop(deps, port),
        (error) => error instanceof MinisqlError && pattern.test(error.message),
      );
    await leave(home, 9090, record());
    await refused(null, /none runs/);
    await refused(9090, /at port 9090: none runs/);
    const held = [await records.write(9190, record()), await records.write(9290, record())];
    await refused(null, /say minisql up stop PORT, with one of 9190, 9290/);
    await refused(9090, /there is 9190, 9290/);
    for (const each of held) await each.close();
  });
});

Deno.test("records: without a folder of the user's nothing is listed, and nothing noted down", async () => {
  for (const home of [undefined, "/dev/null"]) {
    const records = new Records({
      get: (name) => (name === "HOME" ? home : undefined),
      readFile: () => "",
    });
    await assert.rejects(
      records.write(9090, record()),
      (error) => error instanceof MinisqlError && /^Cannot note down/.test(error.message),
    );
    if (home === undefined) assert.deepEqual(await records.list(), []);
  }
});
