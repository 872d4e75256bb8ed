/** The log on real files: appends, reads and recovery, beside what the bare disk does. */
import { FileDisk } from "../../src/adapters/file_disk.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import type { Disk } from "../../src/ports/disk.ts";
import type { Log } from "../../src/ports/log.ts";
import { openLog } from "../../src/region/log/segment_log.ts";

const SECONDS = 3;
const BODY_BYTES = 200;
const BULK_ENTRIES = 1_000_000;
const BULK_BATCH = 500;
const MIB = 1024 * 1024;

const body = JSON.stringify("x".repeat(BODY_BYTES - 2));

interface Sample {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

/** Repeats an action with so many under way for a while, timing each. */
async function measure(
  inFlight: number,
  action: (who: number) => Promise<unknown>,
): Promise<Sample> {
  const times: number[] = [];
  const started = performance.now();
  const end = started + SECONDS * 1000;
  await Promise.all(Array.from({ length: inFlight }, async (_, who) => {
    for (let from = performance.now(); from < end; from = performance.now()) {
      await action(who);
      times.push(performance.now() - from);
    }
  }));
  const seconds = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { perSecond: times.length / seconds, p50: at(0.5), p99: at(0.99) };
}

function append(log: Log, region: string): Promise<void> {
  return log.append([{ region, seq: log.last(region).seq + 1, epoch: 1, body }]);
}

/** The bound of all of it: one write of a record's size and one sync, again and again. */
async function bareSync(disk: Disk): Promise<Sample> {
  const file = await disk.open("bare", { create: true });
  const bytes = new TextEncoder().encode(body);
  const sample = await measure(1, async () => {
    await file.append(bytes);
    await file.sync();
  });
  file.close();
  await disk.remove("bare");
  return sample;
}

async function fill(log: Log, region: string): Promise<void> {
  for (let seq = 1; seq <= BULK_ENTRIES; seq += BULK_BATCH) {
    const entries = Array.from(
      { length: BULK_BATCH },
      (_, i) => ({ region, seq: seq + i, epoch: 1, body }),
    );
    await log.append(entries);
  }
}

async function readAll(log: Log, region: string): Promise<number> {
  let bytes = 0;
  for (let from = log.first(region);;) {
    const entries = await log.read(region, from, { entries: 10_000, bytes: MIB });
    const last = entries.at(-1);
    if (last === undefined) return bytes;
    for (const entry of entries) bytes += entry.body.length;
    from = last.seq + 1;
  }
}

async function sizeOf(disk: Disk): Promise<number> {
  let bytes = 0;
  for (const name of await disk.list()) {
    const file = await disk.open(name, { create: false });
    bytes += file.size;
    file.close();
  }
  return bytes;
}

async function seconds(action: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await action();
  return (performance.now() - from) / 1000;
}

function row(what: string, rate: string, note = ""): void {
  console.log(`${what.padEnd(34)}${rate.padStart(14)}  ${note}`);
}

function sampleRow(what: string, { perSecond, p50, p99 }: Sample): void {
  const times = `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
  row(what, `${Math.round(perSecond).toLocaleString("en")}/s`, times);
}

async function small(disk: Disk): Promise<void> {
  sampleRow("bare write and fdatasync", await bareSync(disk));
  const log = await openLog({ disk, random: new SystemRandom() });
  for (const writers of [1, 8, 64, 512]) {
    const sample = await measure(writers, (who) => append(log, `region ${who}`));
    sampleRow(`append, ${writers} waiting`, sample);
  }
  for (const region of log.regions()) await log.drop(region);
  await log.close();
}

async function bulk(disk: Disk): Promise<void> {
  const deps = { disk, random: new SystemRandom() };
  let log = await openLog(deps);
  const filling = await seconds(() => fill(log, "bulk"));
  const size = (await sizeOf(disk)) / MIB;
  row(`append, ${BULK_BATCH} in a call`, `${(size / filling).toFixed(0)} MiB/s`);
  await log.close();
  const opening = await seconds(async () => log = await openLog(deps, { cacheBytes: 0 }));
  row("recovery", `${(size / opening).toFixed(0)} MiB/s`, `${size.toFixed(0)} MiB`);
  let bytes = 0;
  const reading = await seconds(async () => bytes = await readAll(log, "bulk"));
  const rate = `${(BULK_ENTRIES / reading / 1000).toFixed(0)}k entries/s`;
  row("read from files", rate, `${(bytes / MIB / reading).toFixed(0)} MiB/s of bodies`);
  await log.close();
}

/** `log [folder]`: in a folder made for it there, or where temporary files are. */
export async function run(args: readonly string[]): Promise<void> {
  const options = args[0] === undefined ? {} : { dir: args[0] };
  const folder = await Deno.makeTempDir({ prefix: "minisql-log-", ...options });
  const disk = await FileDisk.open(folder);
  try {
    console.log(`bodies of ${BODY_BYTES} bytes, ${SECONDS} s each, in ${folder}`);
    await small(disk);
    await bulk(disk);
  } finally {
    disk.close();
    await Deno.remove(folder, { recursive: true });
  }
}
