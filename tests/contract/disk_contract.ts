/** What every Disk promises. */
import assert from "node:assert/strict";
import { type Disk, DiskError } from "../../src/ports/disk.ts";

export interface DiskFixture {
  /** The same folder each time. */
  mount(): Promise<Disk>;
  close(): Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

async function content(disk: Disk, name: string): Promise<string> {
  const file = await disk.open(name, { create: false });
  const text = decoder.decode(await file.read(0, 1_000_000));
  file.close();
  return text;
}

async function make(disk: Disk, name: string, text: string): Promise<void> {
  const file = await disk.open(name, { create: true });
  await file.append(bytes(text));
  await file.sync();
  file.close();
}

function raises(code: DiskError["code"]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof DiskError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}

export function diskContract(name: string, open: () => Promise<DiskFixture>): void {
  const test = (title: string, body: (disk: Disk, fixture: DiskFixture) => Promise<void>) =>
    Deno.test(`${name}: ${title}`, async () => {
      const fixture = await open();
      const disk = await fixture.mount();
      try {
        await body(disk, fixture);
      } finally {
        disk.close();
        await fixture.close();
      }
    });

  fileTests(test);
  folderTests(test);
}

type TestOne = (
  title: string,
  body: (disk: Disk, fixture: DiskFixture) => Promise<void>,
) => void;

function fileTests(test: TestOne): void {
  test("what is appended is read back, in parts and up to the end", async (disk) => {
    const file = await disk.open("a", { create: true });
    assert.equal(file.size, 0);
    await file.append(bytes("hello "));
    await file.append(bytes("world"));
    assert.equal(file.size, 11);
    assert.equal(decoder.decode(await file.read(0, 5)), "hello");
    assert.equal(decoder.decode(await file.read(6, 100)), "world");
    assert.equal((await file.read(11, 5)).length, 0);
    assert.equal((await file.read(50, 5)).length, 0);
    file.close();
  });

  test("a file opened again goes on where it ended", async (disk) => {
    await make(disk, "a", "one ");
    const file = await disk.open("a", { create: true });
    assert.equal(file.size, 4);
    await file.append(bytes("two"));
    file.close();
    assert.equal(await content(disk, "a"), "one two");
  });

  test("a cut file goes on after the cut", async (disk) => {
    const file = await disk.open("a", { create: true });
    await file.append(bytes("one two three"));
    await file.sync();
    await file.truncate(4);
    assert.equal(file.size, 4);
    await file.append(bytes("four"));
    await file.sync();
    assert.equal(decoder.decode(await file.read(0, 100)), "one four");
    file.close();
    assert.equal(await content(disk, "a"), "one four");
  });

  test("one handle reads while another appends", async (disk) => {
    const writer = await disk.open("a", { create: true });
    await writer.append(bytes("0123456789"));
    const reader = await disk.open("a", { create: false });
    const reads = [writer.append(bytes("abc")), reader.read(2, 3), reader.read(7, 2)] as const;
    const [, first, second] = await Promise.all(reads);
    assert.equal(decoder.decode(first), "234");
    assert.equal(decoder.decode(second), "78");
    assert.equal(decoder.decode(await writer.read(0, 100)), "0123456789abc");
    writer.close();
    reader.close();
  });

  test("appends, reads and syncs asked for at once do not mix", async (disk) => {
    const file = await disk.open("a", { create: true });
    await file.append(bytes("start"));
    const parts = Array.from({ length: 50 }, (_, i) => `<${i}>`);
    const reads: Promise<Uint8Array>[] = [];
    const appends: Promise<void>[] = [];
    for (const part of parts) {
      appends.push(file.append(bytes(part)));
      reads.push(file.read(0, 5));
    }
    await Promise.all([...appends, file.sync()]);
    for (const read of reads) assert.equal(decoder.decode(await read), "start");
    assert.equal(decoder.decode(await file.read(5, 10_000)), parts.join(""));
    file.close();
  });
}

function folderTests(test: TestOne): void {
  test("files are listed by name, sorted, and nothing else is", async (disk) => {
    assert.deepEqual(await disk.list(), []);
    await make(disk, "b", "");
    await make(disk, "a", "");
    await disk.replace("c", bytes("x"));
    assert.deepEqual(await disk.list(), ["a", "b", "c"]);
  });

  test("a missing file is opened only to make it", async (disk) => {
    await assert.rejects(disk.open("a", { create: false }), raises("missing"));
    assert.deepEqual(await disk.list(), []);
  });

  test("a file is replaced as a whole", async (disk) => {
    await disk.replace("a", bytes("the first, which is long"));
    assert.equal(await content(disk, "a"), "the first, which is long");
    await disk.replace("a", bytes("second"));
    assert.equal(await content(disk, "a"), "second");
    assert.deepEqual(await disk.list(), ["a"]);
  });

  test("a file is removed, and removing it again is no error", async (disk) => {
    await make(disk, "a", "x");
    await disk.remove("a");
    await disk.remove("a");
    assert.deepEqual(await disk.list(), []);
    await make(disk, "a", "y");
    assert.equal(await content(disk, "a"), "y");
  });

  test("the folder is one process's at a time", async (disk, fixture) => {
    await assert.rejects(fixture.mount(), raises("denied"));
    await make(disk, "a", "kept");
    disk.close();
    const next = await fixture.mount();
    assert.equal(await content(next, "a"), "kept");
    await assert.rejects(fixture.mount(), raises("denied"));
    next.close();
  });
}
