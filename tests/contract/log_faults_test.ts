/** The log on a disk that runs full, fails or is slow. */
import assert from "node:assert/strict";
import { MemoryDisk } from "../../src/adapters/memory_disk.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import { VirtualClock } from "../../src/adapters/virtual_clock.ts";
import { entriesOf, entry, held, open, positions } from "../support/logs.ts";
import { settle, within } from "../support/wait.ts";

const NO_CACHE = { cacheBytes: 0 };

/** Statuses of promises, once everything has come to rest. */
async function outcomes(promises: readonly Promise<unknown>[]): Promise<readonly string[]> {
  const settled = Promise.all(
    promises.map((each) => each.then(() => "done", (error) => String(error.code))),
  );
  return await within("every change is answered", settled);
}

Deno.test("log on a full disk: a refused append leaves nothing, and later ones work", async () => {
  const device = new MemoryDisk();
  const disk = await device.mount();
  const log = await open(disk, NO_CACHE);
  await log.append(entriesOf("r", 1, 3));
  device.capacityBytes = device.usedBytes + 150;
  const before = device.bytes("00000001.log");
  await assert.rejects(log.append([...entriesOf("r", 4, 6), entry("s", 1)]), {
    code: "UNAVAILABLE",
    message: /Cannot append to the log: .*disk is full/,
  });
  assert.deepEqual(log.last("r"), { epoch: 1, seq: 3 });
  assert.deepEqual(log.regions(), ["r"]);
  assert.deepEqual(device.bytes("00000001.log"), before);
  assert.equal(await positions(log, "r"), "1@1 2@1 3@1");
  await log.append([entry("r", 4)]);
  device.capacityBytes = Infinity;
  await log.append([...entriesOf("r", 5, 9), entry("s", 1)]);
  await log.close();
  const next = await open(disk);
  assert.deepEqual(await held(next, "r"), entriesOf("r", 1, 9));
  assert.deepEqual(next.damage, []);
  await next.close();
});

Deno.test("log on a full disk: what was refused does not come back after a crash", async () => {
  for (let seed = 0; seed < 200; seed++) {
    const device = new MemoryDisk();
    const log = await open(await device.mount());
    await log.append([entry("r", 1)]);
    device.capacityBytes = device.usedBytes + 250;
    await assert.rejects(log.append(entriesOf("r", 2, 5)), { code: "UNAVAILABLE" });
    device.crash(new SeededRandom(seed));
    device.capacityBytes = Infinity;
    const next = await open(await device.mount());
    assert.equal(await positions(next, "r"), "1@1", `seed ${seed}`);
    await next.close();
  }
});

Deno.test("log on a full disk: what waits behind a refused change is refused with it", async () => {
  const device = new MemoryDisk();
  const log = await open(await device.mount());
  await log.append([entry("r", 1), entry("s", 1)]);
  device.capacityBytes = device.usedBytes + 130;
  const changes = [log.append([entry("s", 2)])];
  // The first is written by itself, the others are asked for while that goes on.
  for (let turn = 0; turn < 3; turn++) await null;
  changes.push(
    log.append([entry("r", 2)]),
    log.append([entry("r", 3)]),
    log.promise("r", "5"),
    log.truncate("s", 1),
    log.reset("t", { epoch: 1, seq: 5 }),
    log.drop("s"),
  );
  assert.deepEqual(log.regions(), ["r", "t"]);
  const refused = Array(6).fill("UNAVAILABLE");
  assert.deepEqual(await outcomes(changes), ["done", ...refused]);
  assert.deepEqual(log.regions(), ["r", "s"]);
  assert.equal(log.promised("r"), null);
  assert.deepEqual([log.last("r").seq, log.last("s").seq], [1, 2]);
  device.capacityBytes = Infinity;
  await log.append([entry("r", 2), entry("s", 3)]);
  assert.equal(await positions(log, "s"), "1@1 2@1 3@1");
  await log.close();
});

Deno.test("log on a full disk: a checkpoint makes room by letting segments go", async () => {
  const device = new MemoryDisk();
  const disk = await device.mount();
  let log = await open(disk, { segmentBytes: 1000, reserveBytes: 2000 });
  for (let seq = 1; seq <= 40; seq++) await log.append([entry("r", seq), entry("s", seq)]);
  device.capacityBytes = device.usedBytes;
  for (let round = 0; round < 3; round++) {
    const { seq } = log.last("r");
    // Not even one byte is free.
    device.capacityBytes = Math.min(device.capacityBytes, device.usedBytes);
    const changes = [
      log.append([entry("r", seq + 1)]),
      log.checkpoint("r", seq),
      log.checkpoint("s", log.last("s").seq),
    ];
    assert.deepEqual(await outcomes(changes), ["UNAVAILABLE", "done", "done"]);
    assert.ok(log.first("r") > seq - 5, `${log.first("r")} of ${seq}`);
    let last = seq;
    while ((await outcomes([log.append([entry("r", ++last)])]))[0] === "done");
    assert.ok(last > seq + 5, `${last - seq} entries fit after that`);
    await log.close();
    log = await open(disk, { segmentBytes: 1000, reserveBytes: 2000 });
    assert.deepEqual(log.damage, []);
    assert.deepEqual(await held(log, "r"), entriesOf("r", log.first("r"), last - 1));
  }
  await log.close();
});

Deno.test("log on a full disk: without space kept back a checkpoint is refused too", async () => {
  const device = new MemoryDisk();
  const log = await open(await device.mount(), { segmentBytes: 1000 });
  for (let seq = 1; seq <= 40; seq++) await log.append([entry("r", seq)]);
  device.capacityBytes = device.usedBytes;
  await assert.rejects(log.checkpoint("r", 40), { code: "UNAVAILABLE" });
  device.capacityBytes = Infinity;
  await log.checkpoint("r", 40);
  assert.equal(device.names().length, 1);
  await log.close();
});

Deno.test("log on a full disk: a segment that cannot be begun is begun later", async () => {
  const device = new MemoryDisk();
  const disk = await device.mount();
  const log = await open(disk, { segmentBytes: 500 });
  await log.append(entriesOf("r", 1, 5));
  device.capacityBytes = device.usedBytes + 50;
  await assert.rejects(log.append([entry("r", 6)]), { code: "UNAVAILABLE" });
  assert.deepEqual(device.names(), ["00000001.log"]);
  device.capacityBytes = Infinity;
  await log.append([entry("r", 6)]);
  assert.deepEqual(device.names(), ["00000001.log", "00000002.log"]);
  await log.close();
  const next = await open(disk);
  assert.deepEqual(await held(next, "r"), entriesOf("r", 1, 6));
  await next.close();
});

Deno.test("log on a full disk: opening needs no space unless it has to begin a segment", async () => {
  const device = new MemoryDisk();
  const disk = await device.mount();
  device.capacityBytes = 10;
  await assert.rejects(open(disk), { code: "UNAVAILABLE", message: /Cannot open the log: / });
  device.capacityBytes = Infinity;
  let log = await open(disk);
  await log.append([entry("r", 1)]);
  await log.close();
  device.capacityBytes = device.usedBytes;
  log = await open(disk, { reserveBytes: 5000 });
  assert.equal(await positions(log, "r"), "1@1");
  await log.close();
});

Deno.test("log: a failed sync stops it for good", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const device = new MemoryDisk();
    const log = await open(await device.mount());
    await log.append([entry("r", 1)]);
    const { syncs } = device;
    device.fail("sync");
    const changes = [log.append([entry("r", 2)])];
    for (let turn = 0; turn < seed % 8; turn++) await null;
    changes.push(log.append([entry("r", 3)]), log.checkpoint("r", 1));
    const answers = await outcomes(changes);
    assert.equal(answers[0], "OUTCOME_UNKNOWN");
    for (const answer of answers) assert.match(answer, /^(OUTCOME_UNKNOWN|UNAVAILABLE)$/);
    const error = await within("the log says so", log.failed);
    assert.match(error.message, /Cannot sync 00000001\.log/);
    await assert.rejects(log.append([entry("r", 4)]), { code: "UNAVAILABLE" });
    await assert.rejects(log.promise("r", "1"), { code: "UNAVAILABLE" });
    await log.close();
    assert.equal(device.syncs, syncs, "nothing is synced after that");
    device.crash(new SeededRandom(seed));
    const next = await open(await device.mount());
    assert.equal(await positions(next, "r"), "1@1");
    assert.deepEqual(next.damage, []);
    await next.close();
  }
});

for (const operation of ["append", "truncate"] as const) {
  Deno.test(`log: a failed ${operation} stops it for good`, async () => {
    const device = new MemoryDisk();
    const log = await open(await device.mount());
    await log.append([entry("r", 1)]);
    // A cut is only asked for after an append that did not fit.
    if (operation === "truncate") device.capacityBytes = device.usedBytes + 10;
    device.fail(operation);
    assert.deepEqual(await outcomes([log.append([entry("r", 2)])]), ["OUTCOME_UNKNOWN"]);
    await within("the log says so", log.failed);
    await assert.rejects(log.append([entry("r", 3)]), { code: "UNAVAILABLE" });
    await log.close();
  });
}

Deno.test("log: a failed removal of a segment stops it, and the checkpoint holds", async () => {
  const device = new MemoryDisk();
  const log = await open(await device.mount(), { segmentBytes: 500 });
  for (let seq = 1; seq <= 20; seq++) await log.append([entry("r", seq)]);
  device.fail("remove");
  assert.deepEqual(await outcomes([log.checkpoint("r", 20)]), ["OUTCOME_UNKNOWN"]);
  await within("the log says so", log.failed);
  await log.close();
  device.crash(new SeededRandom(1));
  const next = await open(await device.mount());
  assert.equal(next.last("r").seq, 20);
  assert.equal(device.names().length, 1);
  assert.deepEqual(next.damage, []);
  await next.close();
});

Deno.test("log: a disk that cannot be read fails the reader, and the opening", async () => {
  const device = new MemoryDisk();
  const disk = await device.mount();
  const log = await open(disk, NO_CACHE);
  await log.append([entry("r", 1)]);
  device.fail("read");
  await assert.rejects(held(log, "r"), { code: "DIVERGED" });
  assert.equal(await positions(log, "r"), "1@1");
  await log.close();
  device.fail("read");
  await assert.rejects(open(disk), { code: "failed" });
});

Deno.test("log: one sync serves all that waits, and the next gather while it runs", async () => {
  const clock = new VirtualClock();
  const device = new MemoryDisk(clock);
  const log = await open(await device.mount());
  device.syncMs = 10;
  const before = device.syncs;
  const done: number[] = [];
  const append = (seq: number) => log.append([entry("r", seq)]).then(() => done.push(seq));
  const appends = [1, 2, 3].map(append);
  await clock.advance(5, settle);
  appends.push(...[4, 5, 6, 7].map(append));
  await clock.advance(4, settle);
  assert.deepEqual(done, []);
  await clock.advance(1, settle);
  assert.deepEqual(done, [1, 2, 3]);
  assert.equal(device.syncs - before, 1);
  await clock.advance(9, settle);
  assert.deepEqual(done, [1, 2, 3]);
  await clock.advance(1, settle);
  assert.deepEqual(done, [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(device.syncs - before, 2);
  await Promise.all(appends);
  device.syncMs = 0;
  await log.close();
});

Deno.test("log: appends are refused while too much waits for a slow disk", async () => {
  const clock = new VirtualClock();
  const device = new MemoryDisk(clock);
  const log = await open(await device.mount(), { waitingBytesMax: 1000 });
  device.syncMs = 1000;
  const changes: Promise<void>[] = [];
  for (let seq = 1; seq <= 50; seq++) {
    const { seq: last } = log.last("r");
    changes.push(log.append([entry("r", last + 1)]));
    changes.at(-1)?.catch(() => {});
  }
  await clock.advance(5000, settle);
  const answers = await outcomes(changes);
  const stored = answers.filter((each) => each === "done").length;
  assert.ok(stored > 3 && stored < 15, `${stored}`);
  assert.deepEqual(answers, [
    ...Array(stored).fill("done"),
    ...Array(50 - stored).fill("UNAVAILABLE"),
  ]);
  assert.equal(log.last("r").seq, stored);
  device.syncMs = 0;
  await log.append([entry("r", stored + 1)]);
  await log.close();
});

Deno.test("log: a reader whose segment goes away is told that it is behind", async () => {
  const device = new MemoryDisk();
  const log = await open(await device.mount(), { segmentBytes: 500, ...NO_CACHE });
  for (let seq = 1; seq <= 40; seq++) await log.append([entry("r", seq)]);
  const answers: string[] = [];
  const read = async () => {
    const entries = log.read("r", 1, { entries: 3, bytes: 1e9 });
    answers.push(await entries.then(({ length }) => String(length), (error) => error.code));
  };
  await read();
  const checkpoint = log.checkpoint("r", 40);
  for (let turn = 0; turn < 40; turn++) await read();
  await checkpoint;
  assert.deepEqual([...new Set(answers)], ["3", "BEHIND"]);
  assert.ok(answers.filter((each) => each === "3").length > 1, answers.join());
  await log.close();
});
