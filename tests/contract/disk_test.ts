/** The Disk contract on files and in memory, and what is each one's own. */
import assert from "node:assert/strict";
import { FileDisk } from "../../src/adapters/file_disk.ts";
import { MemoryDisk } from "../../src/adapters/memory_disk.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import { VirtualClock } from "../../src/adapters/virtual_clock.ts";
import { DiskError } from "../../src/ports/disk.ts";
import { settle } from "../support/wait.ts";
import { diskContract } from "./disk_contract.ts";

diskContract("FileDisk", async () => {
  const folder = await Deno.makeTempDir({ prefix: "minisql-disk-" });
  return {
    mount: () => FileDisk.open(`${folder}/data/`),
    close: () => Deno.remove(folder, { recursive: true }),
  };
});

diskContract("MemoryDisk", () => {
  const device = new MemoryDisk();
  return Promise.resolve({ mount: () => device.mount(), close: () => Promise.resolve() });
});

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "minisql-disk-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const some = (length: number) => new Uint8Array(length).fill(65);

Deno.test("FileDisk: a folder held by another is denied by name", async () => {
  await inFolder(async (folder) => {
    const disk = await FileDisk.open(folder);
    await assert.rejects(FileDisk.open(folder), {
      code: "denied",
      message: `Cannot use the data folder ${folder}: another process has it`,
    });
    disk.close();
  });
});

Deno.test("FileDisk: a device without space is full, and cannot be synced", async () => {
  await inFolder(async (folder) => {
    await Deno.symlink("/dev/full", `${folder}/a`);
    const disk = await FileDisk.open(folder);
    const file = await disk.open("a", { create: false });
    await assert.rejects(file.append(some(10)), { code: "full" });
    await assert.rejects(file.sync(), { code: "failed" });
    file.close();
    disk.close();
  });
});

Deno.test("FileDisk: a replacement that does not fit leaves the old file, and nothing else", async () => {
  await inFolder(async (folder) => {
    const disk = await FileDisk.open(folder);
    await disk.replace("a", some(10));
    await Deno.symlink("/dev/full", `${folder}/a.tmp`);
    await assert.rejects(disk.replace("a", some(20)), { code: "full" });
    const names = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
    assert.deepEqual(names, [".lock", "a"]);
    assert.equal((await Deno.stat(`${folder}/a`)).size, 10);
    disk.close();
  });
});

Deno.test("FileDisk: a path that is no folder is an error that names it", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await assert.rejects(FileDisk.open(`${folder}/file`), (error) => {
      assert.ok(error instanceof DiskError);
      assert.match(error.message, new RegExp(`Cannot open the data folder ${folder}/file: `));
      return true;
    });
  });
});

Deno.test("FileDisk: what an interrupted replacement left is removed", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/a`, "old");
    await Deno.writeTextFile(`${folder}/a.tmp`, "ne");
    const disk = await FileDisk.open(folder);
    assert.deepEqual(await disk.list(), ["a"]);
    disk.close();
    const names = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
    assert.deepEqual(names, [".lock", "a"]);
  });
});

Deno.test("MemoryDisk: a crash keeps what was synced and a beginning of the rest", async () => {
  const lengths = new Set<number>();
  for (let seed = 0; seed < 200; seed++) {
    const device = new MemoryDisk();
    const file = await (await device.mount()).open("a", { create: true });
    await file.append(some(100));
    await file.sync();
    await file.append(some(300).fill(66));
    await file.append(some(300).fill(67));
    device.crash(new SeededRandom(seed));
    const kept = text(device.bytes("a"));
    assert.equal(kept.slice(0, 100), "A".repeat(100));
    assert.ok(kept.length <= 700);
    lengths.add(kept.length);
    await assert.rejects(file.append(some(1)), { code: "failed" });
    assert.equal(text(device.bytes("a")), kept);
  }
  assert.ok(lengths.has(100) && lengths.has(700) && lengths.size > 50, `${lengths.size}`);
});

Deno.test("MemoryDisk: a name counts once its file has been opened, not before", async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const device = new MemoryDisk();
    const disk = await device.mount();
    await disk.open("a", { create: true });
    const underWay = [disk.open("b", { create: true }), disk.remove("a")].map((each) =>
      each.catch(() => "died")
    );
    await null;
    await null;
    device.crash(new SeededRandom(seed));
    assert.deepEqual(await Promise.all(underWay), ["died", "died"]);
    outcomes.add(device.names().join());
  }
  assert.deepEqual([...outcomes].sort(), ["a", "a,b", "b"]);
});

Deno.test("MemoryDisk: a replaced file is the old or the new after a crash", async () => {
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const device = new MemoryDisk();
    const disk = await device.mount();
    await disk.replace("a", new TextEncoder().encode("old"));
    const underWay = disk.replace("a", new TextEncoder().encode("new!")).catch(() => {});
    await null;
    await null;
    device.crash(new SeededRandom(seed));
    await underWay;
    outcomes.add(text(device.bytes("a")));
  }
  assert.deepEqual([...outcomes].sort(), ["new!", "old"]);
});

Deno.test("MemoryDisk: a full disk takes a part of the append, and more once there is room", async () => {
  const device = new MemoryDisk();
  device.capacityBytes = 100;
  const disk = await device.mount();
  const file = await disk.open("a", { create: true });
  await file.append(some(80));
  await assert.rejects(file.append(some(50)), { code: "full" });
  assert.equal(file.size, 100);
  await assert.rejects(disk.replace("b", some(1)), { code: "full" });
  await file.truncate(80);
  await file.append(some(20));
  assert.equal(file.size, 100);
});

Deno.test("MemoryDisk: a failed sync loses what it should have kept, and a later one hides it", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const device = new MemoryDisk();
    const file = await (await device.mount()).open("a", { create: true });
    await file.append(some(10));
    await file.sync();
    await file.append(some(10).fill(66));
    device.fail("sync");
    await assert.rejects(file.sync(), { code: "failed" });
    await file.append(some(5).fill(67));
    await file.sync();
    assert.equal(text(await file.read(0, 100)), "A".repeat(10) + "B".repeat(10) + "CCCCC");
    device.crash(new SeededRandom(seed));
    assert.equal(text(device.bytes("a")), "A".repeat(10) + "\0".repeat(10) + "CCCCC");
  }
});

Deno.test("MemoryDisk: a slow sync covers what was appended before it began", async () => {
  const lengths = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    const clock = new VirtualClock();
    const device = new MemoryDisk(clock);
    device.syncMs = 50;
    const file = await (await device.mount()).open("a", { create: true });
    await file.append(some(10));
    let done = false;
    const sync = file.sync().then(() => done = true);
    await file.append(some(500).fill(66));
    await clock.advance(49, settle);
    assert.equal(done, false);
    await clock.advance(1, settle);
    assert.equal(done, true);
    await sync;
    device.crash(new SeededRandom(seed));
    lengths.add(device.bytes("a").length);
  }
  assert.equal(Math.min(...lengths), 10);
  assert.equal(Math.max(...lengths), 510);
});
