/**
 * Damage of every kind to a log that was closed in good order. Whatever is broken, each region is
 * either whole or named; nothing false is ever read, and what was found is found again.
 */
import assert from "node:assert/strict";
import { MemoryDisk } from "../../src/adapters/memory_disk.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import type { Log, LogEntry } from "../../src/ports/log.ts";
import { entry, flipped, held, named, open } from "../support/logs.ts";

const OPTIONS = { segmentBytes: 900, cacheBytes: 0 };

interface Original {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly regions: ReadonlyMap<string, RegionContent>;
}

interface RegionContent {
  readonly last: string;
  readonly promised: string | null;
  readonly entries: ReadonlyMap<number, LogEntry>;
  /** The first entry not checkpointed. */
  readonly needed: number;
}

/** A log with every kind of record in it, over several segments. */
async function original(): Promise<Original> {
  const device = new MemoryDisk();
  const log = await open(await device.mount(), OPTIONS);
  await log.promise("idle", "idle's promise");
  await log.append([entry("gone", 1), entry("few", 1), entry("cut", 1)]);
  await log.reset("synced", { epoch: 3, seq: 300 });
  for (let seq = 1; seq <= 24; seq++) {
    await log.append([entry("busy", seq, 1 + Math.floor(seq / 10))]);
    if (seq === 4) await log.append([entry("cut", 2), entry("cut", 3), entry("cut", 4)]);
    if (seq === 8) await log.truncate("cut", 2);
    if (seq === 10) await log.append([entry("cut", 3, 5), entry("synced", 301, 3)]);
    if (seq === 12) await log.drop("gone");
    if (seq === 14) await log.promise("busy", "first");
    if (seq === 18) await log.promise("busy", "second");
    if (seq === 20) await log.checkpoint("busy", 9);
    if (seq === 22) await log.append([entry("few", 2, 2)]);
  }
  const regions = new Map<string, RegionContent>();
  for (const region of log.regions()) {
    const entries = await held(log, region);
    regions.set(region, {
      last: JSON.stringify(log.last(region)),
      promised: log.promised(region),
      entries: new Map(entries.map((each) => [each.seq, each])),
      needed: region === "busy" ? 10 : log.first(region),
    });
  }
  await log.close();
  const files = new Map(device.names().map((name) => [name, device.bytes(name)]));
  assert.ok(files.size >= 5, `${files.size} segments`);
  return { files, regions };
}

/** A region that is not named is as it was; of one that is, whatever is read is true. */
async function check(log: Log, regions: Original["regions"], what: string): Promise<void> {
  const bad = new Set(named(log));
  assert.deepEqual(log.regions().filter((region) => !regions.has(region) && !bad.has(region)), []);
  for (const [region, content] of regions) {
    if (!log.regions().includes(region)) {
      assert.ok(log.damage.length > 0, `${what}: ${region} is lost without a word`);
      continue;
    }
    const entries = await held(log, region);
    for (const each of entries) {
      // Entries that were cut off later may show in a damaged region.
      if (!bad.has(region)) assert.deepEqual(each, content.entries.get(each.seq), what);
    }
    if (bad.has(region)) continue;
    assert.equal(JSON.stringify(log.last(region)), content.last, `${what}: ${region} ends`);
    assert.equal(log.promised(region), content.promised, `${what}: ${region} promised`);
    assert.ok(log.first(region) <= content.needed, `${what}: ${region} begins`);
  }
}

/** Opens the damaged files twice, then repairs what is named, and opens again. */
async function survive(
  files: ReadonlyMap<string, Uint8Array>,
  regions: Original["regions"],
  what: string,
): Promise<readonly string[]> {
  const device = new MemoryDisk();
  for (const [name, bytes] of files) device.put(name, bytes);
  const disk = await device.mount();
  let log = await open(disk, OPTIONS);
  await check(log, regions, what);
  const found = named(log);
  const changed = log.promised("busy") === "second" && !found.includes("busy");
  if (changed) await log.promise("busy", "second");
  await log.close();
  log = await open(disk, OPTIONS);
  await check(log, regions, `${what}, opened again`);
  assert.deepEqual(named(log), found, `${what}, opened again`);
  for (const region of found) await log.reset(region, { epoch: 9, seq: 1000 });
  await log.close();
  log = await open(disk, OPTIONS);
  assert.deepEqual(named(log), [], `${what}, repaired`);
  for (const region of found) assert.equal(log.last(region).seq, 1000);
  await log.close();
  return found;
}

/** Every byte of the last line and around each end of a line; of the others, some. */
function offsetsToRot(bytes: Uint8Array): readonly number[] {
  const all = Array.from(bytes.keys());
  const nearEnd = (at: number) => bytes.subarray(Math.max(0, at - 2), at + 3).includes(10);
  return all.filter((at) => at % 13 === 0 || nearEnd(at) || at > bytes.length - 60);
}

Deno.test("log: any single bit may rot", async () => {
  const { files, regions } = await original();
  const names = [...files.keys()];
  let damaged = 0;
  let opened = 0;
  for (const name of names) {
    const bytes = files.get(name) as Uint8Array;
    for (const offset of offsetsToRot(bytes)) {
      const mask = 1 << (offset % 8);
      const rotten = new Map(files).set(name, flipped(bytes, offset, mask));
      const found = await survive(rotten, regions, `${name} at ${offset}`);
      opened++;
      if (found.length > 0) damaged++;
      // Only what follows can show that a region is whole, and nothing follows the last segment.
      const last = name === names.at(-1);
      assert.ok(found.length <= (last ? 5 : 3), `${name} at ${offset} names ${found}`);
    }
  }
  assert.ok(damaged > opened / 4 && damaged < opened, `${damaged} of ${opened}`);
});

Deno.test("log: segments may vanish, change places, empty, or rot in several places", async () => {
  const { files, regions } = await original();
  const names = [...files.keys()];
  for (let seed = 0; seed < 1500; seed++) {
    const random = new SeededRandom(seed);
    const below = (limit: number) => Math.floor(random.next() * limit);
    const some = () => names[below(names.length)] as string;
    const broken = new Map(files);
    const what: string[] = [`seed ${seed}`];
    for (let left = 1 + below(3); left > 0; left--) {
      const name = some();
      const bytes = broken.get(name);
      const draw = random.next();
      // That the last segment has vanished, or is as it was earlier, is not to be known.
      const last = name === names.at(-1);
      if (bytes === undefined || bytes.length === 0) continue;
      if (draw < 0.2 && !last) broken.delete(name);
      else if (draw < 0.3 && !last) broken.set(name, new Uint8Array());
      else if (draw < 0.4 && !last) broken.set(name, bytes.slice(0, below(bytes.length)));
      else if (draw < 0.6) {
        const other = some();
        if (other !== name) broken.set(name, files.get(other) as Uint8Array);
      } else if (draw < 0.7) {
        const from = below(bytes.length);
        broken.set(name, bytes.slice().fill(below(256), from, from + below(400)));
      } else broken.set(name, flipped(bytes, below(bytes.length), 1 << below(8)));
      what.push(`${name} by ${draw.toFixed(3)}`);
    }
    // Cutting off all that the note of the closing stood for leaves a torn end.
    const end = broken.get(names.at(-1) as string) as Uint8Array;
    const closed = new TextDecoder().decode(end.slice(-80)).includes(`"kind":"close"`);
    if (!closed) continue;
    await survive(broken, regions, what.join(", "));
  }
});
