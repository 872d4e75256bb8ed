/** Logs to test: on files and in memory, with a way to change the files behind the log's back. */
import { FileDisk } from "../../src/adapters/file_disk.ts";
import { MemoryDisk } from "../../src/adapters/memory_disk.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import type { Disk } from "../../src/ports/disk.ts";
import type { Log, LogEntry } from "../../src/ports/log.ts";
import { type LogOptions, openLog } from "../../src/region/log/segment_log.ts";

export interface LogFixture {
  readonly disk: Disk;
  /** Segment files, sorted. */
  segments(): Promise<readonly string[]>;
  /** The content of a file. */
  bytes(name: string): Promise<Uint8Array>;
  /** Replaces a file's content. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  take(name: string): Promise<void>;
  close(): Promise<void>;
}

async function segmentsOf(disk: Disk): Promise<readonly string[]> {
  return (await disk.list()).filter((name) => name.endsWith(".log"));
}

export async function memoryFixture(): Promise<LogFixture> {
  const device = new MemoryDisk();
  const disk = await device.mount();
  return {
    disk,
    segments: () => segmentsOf(disk),
    bytes: (name) => Promise.resolve(device.bytes(name)),
    put: (name, bytes) => Promise.resolve(device.put(name, bytes)),
    take: (name) => Promise.resolve(device.take(name)),
    close: () => Promise.resolve(),
  };
}

export async function fileFixture(): Promise<LogFixture> {
  const folder = await Deno.makeTempDir({ prefix: "minisql-log-" });
  const disk = await FileDisk.open(folder);
  return {
    disk,
    segments: () => segmentsOf(disk),
    bytes: (name) => Deno.readFile(`${folder}/${name}`),
    put: (name, bytes) => Deno.writeFile(`${folder}/${name}`, bytes),
    take: (name) => Deno.remove(`${folder}/${name}`),
    async close() {
      disk.close();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Small segments, nothing kept back: what tests of the files need. */
const TEST_OPTIONS = { segmentBytes: 4096, reserveBytes: 0 };

export function open(disk: Disk, options: Partial<LogOptions> = {}): Promise<Log> {
  return openLog({ disk, random: new SeededRandom(7) }, { ...TEST_OPTIONS, ...options });
}

/** An entry whose body tells where it belongs. */
export function entry(region: string, seq: number, epoch = 1): LogEntry {
  return { region, seq, epoch, body: `{"of":${JSON.stringify(region)},"at":[${epoch}, ${seq}]}` };
}

export function entriesOf(region: string, from: number, to: number, epoch = 1): LogEntry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(region, from + i, epoch));
}

const ALL = { entries: 1_000_000, bytes: 1_000_000_000 };

/** Everything the log holds of a region. */
export async function held(log: Log, region: string): Promise<readonly LogEntry[]> {
  return await log.read(region, log.first(region), ALL);
}

/** Positions as text: `1@1 2@1 3@2` for three entries, the last of epoch 2. */
export async function positions(log: Log, region: string): Promise<string> {
  return (await held(log, region)).map(({ seq, epoch }) => `${seq}@${epoch}`).join(" ");
}

const CLOSE_LINE = /\n\{"kind":"close"[^\n]*\n$/;

/** A segment as a crash would have left it: without the note that the log was closed. */
export function unclosed(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  return new TextEncoder().encode(text.replace(CLOSE_LINE, ""));
}

/** Where the n-th line (from 0) of a segment begins. */
export function lineAt(bytes: Uint8Array, line: number): number {
  let at = 0;
  for (let i = 0; i < line; i++) at = bytes.indexOf(10, at) + 1;
  return at;
}

/** The same bytes with one bit of one byte turned. */
export function flipped(bytes: Uint8Array, offset: number, mask = 1): Uint8Array {
  const copy = bytes.slice();
  copy[offset] = (copy[offset] as number) ^ mask;
  return copy;
}

export type TestOne = (title: string, body: (fixture: LogFixture) => Promise<void>) => void;

/** Registers tests that each get a folder of their own. */
export function logTests(name: string, make: () => Promise<LogFixture>): TestOne {
  return (title, body) =>
    Deno.test(`${name}: ${title}`, async () => {
      const fixture = await make();
      try {
        await body(fixture);
      } finally {
        await fixture.close();
      }
    });
}

/** Fills a log by these steps and closes it. */
export async function fill(
  fixture: LogFixture,
  steps: (log: Log) => Promise<void>,
  segmentBytes = 4096,
): Promise<void> {
  const log = await open(fixture.disk, { segmentBytes });
  await steps(log);
  await log.close();
}

/** Changes a file as a whole. */
export async function change(
  fixture: LogFixture,
  name: string,
  how: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  await fixture.put(name, how(await fixture.bytes(name)));
}

/** What is wrong, in short: `segment@offset: regions`. */
export function damageOf(log: Log): readonly string[] {
  return log.damage.map(({ segment, offset, regions }) =>
    `${Number(segment.slice(0, 8))}@${offset}: ${regions.join(" ")}`.trim()
  );
}

/** Regions named in any damage. */
export function named(log: Log): readonly string[] {
  return [...new Set(log.damage.flatMap(({ regions }) => regions))].sort();
}
