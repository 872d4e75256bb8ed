/** The log on files in processes that are killed, shut out, or held to a size. */
import assert from "node:assert/strict";
import { FileDisk } from "../../src/adapters/file_disk.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import { entriesOf, held, open } from "../support/logs.ts";
import { until, within } from "../support/wait.ts";

const WRITER = new URL("../support/log_writer_main.ts", import.meta.url).pathname;
const LIMIT_MS = 60_000;

/** A writing process, and the lines it has printed. */
class Writer {
  readonly lines: string[] = [];
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;

  constructor(folder: string, segmentBytes: number, shell = "") {
    const script = `${shell} exec "$0" run --allow-all --no-check "$@"`;
    this.#process = new Deno.Command("/bin/sh", {
      args: ["-c", script, Deno.execPath(), WRITER, folder, String(segmentBytes)],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reading = this.#read();
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended();
  }

  /** Its exit code, once it has ended and all it printed is read. */
  async ended(): Promise<number> {
    const { code } = await within("the process ends", this.#process.status, LIMIT_MS);
    await this.#reading;
    return code;
  }

  /** The last position of each region that was acknowledged. */
  acknowledged(): ReadonlyMap<string, number> {
    const ends = new Map<string, number>();
    for (const line of this.lines) {
      const [region, seq] = line.split(" ");
      if (Number(seq) > 0) ends.set(region as string, Number(seq));
    }
    return ends;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      this.lines.push(...parts);
    }
  }
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "minisql-log-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Opens the log that a process left, and compares it with what the process was told. */
async function checkLeft(folder: string, writer: Writer): Promise<number> {
  const disk = await FileDisk.open(folder);
  const log = await open(disk, { cacheBytes: 0 });
  assert.deepEqual(log.damage, []);
  for (const [region, seq] of writer.acknowledged()) {
    assert.ok(log.last(region).seq >= seq, `${region} ends at ${log.last(region).seq}, not ${seq}`);
  }
  let entries = 0;
  for (const region of log.regions()) {
    const all = await held(log, region);
    assert.deepEqual(all, entriesOf(region, log.first(region), log.last(region).seq));
    entries += log.last(region).seq;
  }
  await log.close();
  disk.close();
  return entries;
}

Deno.test("log on files: a killed process loses nothing that it acknowledged", async () => {
  await inFolder(async (folder) => {
    const random = new SeededRandom(31);
    let entries = 0;
    for (let life = 0; life < 20; life++) {
      const writer = new Writer(folder, 50_000);
      const lines = 1 + Math.floor(random.next() * 300);
      await until("the process writes", () => writer.lines.length > lines, LIMIT_MS);
      await writer.kill();
      const now = await checkLeft(folder, writer);
      assert.ok(now > entries, `${now} entries after ${entries}`);
      entries = now;
    }
  });
});

Deno.test("log on files: the folder of a living process is denied, of a dead one not", async () => {
  await inFolder(async (folder) => {
    const writer = new Writer(folder, 50_000);
    await until("the process has the log", () => writer.lines.includes("open"), LIMIT_MS);
    await assert.rejects(FileDisk.open(folder), {
      code: "denied",
      message: `Cannot use the data folder ${folder}: another process has it`,
    });
    await writer.kill();
    await checkLeft(folder, writer);
  });
});

Deno.test("log on files: where no file may grow, appends are refused and the rest is kept", async () => {
  await inFolder(async (folder) => {
    // Forty blocks of 512 bytes, or of 1024 by some shells.
    const writer = new Writer(folder, 1_000_000, "trap '' XFSZ; ulimit -f 40;");
    assert.equal(await writer.ended(), 0);
    assert.equal(writer.lines.at(-1), "refused UNAVAILABLE");
    const stored = [...writer.acknowledged().values()].reduce((sum, seq) => sum + seq, 0);
    assert.ok(stored > 50, `${stored} entries fit`);
    const size = (await Deno.stat(`${folder}/00000001.log`)).size;
    assert.ok(size > 18_000 && size <= 40 * 1024, `${size} bytes`);
    assert.equal(await checkLeft(folder, writer), stored);
  });
});
