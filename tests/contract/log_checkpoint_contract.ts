/** How the log's segments follow one another, and go away. */
import assert from "node:assert/strict";
import {
  entriesOf,
  entry,
  held,
  type LogFixture,
  logTests,
  open,
  positions,
  type TestOne,
} from "../support/logs.ts";

const NO_CACHE = { cacheBytes: 0 };

export function logCheckpointContract(name: string, make: () => Promise<LogFixture>): void {
  const test = logTests(name, make);
  segmentTests(test);
  checkpointTests(test);
}

function segmentTests(test: TestOne): void {
  test("a segment is followed by the next at its size", async (fixture) => {
    const log = await open(fixture.disk, { segmentBytes: 2000 });
    for (let seq = 1; seq <= 100; seq++) await log.append([entry("r", seq)]);
    await log.append([{ ...entry("r", 101), body: JSON.stringify("x".repeat(9000)) }]);
    await log.append([entry("r", 102)]);
    const sizes = await Promise.all(
      (await fixture.segments()).map(async (name) => (await fixture.bytes(name)).length),
    );
    assert.ok(sizes.length >= 5, `${sizes.length} segments`);
    for (const size of sizes.slice(0, -2)) assert.ok(size >= 2000 && size < 2200, `${size}`);
    assert.equal((await held(log, "r")).length, 102);
    await log.close();
  });

  test("files that are not segments are left alone", async (fixture) => {
    const strange = ["notes.txt", "1.log", "00000000.log", "000000001.log", "x00000001.log"];
    for (const name of strange) await fixture.put(name, new Uint8Array([1, 2, 3]));
    const log = await open(fixture.disk);
    await log.append([entry("r", 1)]);
    await log.close();
    const names = await fixture.disk.list();
    assert.deepEqual([...names], [...strange, "00000001.log"].sort());
    for (const name of strange) assert.equal((await fixture.bytes(name)).length, 3);
  });
}

function checkpointTests(test: TestOne): void {
  test("segments go once every region has what it needs in later ones", async (fixture) => {
    const log = await open(fixture.disk, { segmentBytes: 1000, ...NO_CACHE });
    for (let seq = 1; seq <= 60; seq++) await log.append([entry("r", seq), entry("s", seq)]);
    const all = await fixture.segments();
    await log.checkpoint("r", 60);
    assert.deepEqual((await fixture.segments()).slice(0, all.length), all);
    assert.equal(log.first("r"), 1);
    await log.checkpoint("s", 30);
    const left = await fixture.segments();
    assert.ok(left.length < all.length && left.length > 1);
    assert.ok(log.first("s") <= 31 && log.first("s") > 10, `${log.first("s")}`);
    assert.deepEqual(await held(log, "s"), entriesOf("s", log.first("s"), 60));
    assert.equal(log.epochAt("s", log.first("s") - 1), 1);
    await assert.rejects(log.read("r", 1, { entries: 1, bytes: 1 }), { code: "BEHIND" });
    await log.checkpoint("s", 60);
    assert.equal((await fixture.segments()).length, 1);
    await log.close();
  });

  test("an idle region without entries keeps no segment, and its state outlives them", async (fixture) => {
    let log = await open(fixture.disk, { segmentBytes: 1000 });
    await log.promise("idle", "epoch 3");
    await log.append(entriesOf("applied", 1, 5, 2));
    await log.checkpoint("applied", 5);
    await log.reset("synced", { epoch: 4, seq: 44 });
    for (let seq = 1; seq <= 100; seq++) await log.append([entry("busy", seq)]);
    await log.checkpoint("busy", 100);
    assert.equal((await fixture.segments()).length, 1);
    for (let again = 0; again < 2; again++) {
      assert.equal(log.promised("idle"), "epoch 3");
      assert.deepEqual(log.last("applied"), { epoch: 2, seq: 5 });
      assert.deepEqual(log.last("synced"), { epoch: 4, seq: 44 });
      assert.equal(log.first("applied"), 6);
      assert.equal(log.epochAt("applied", 5), 2);
      assert.deepEqual(log.damage, []);
      await log.close();
      log = await open(fixture.disk);
    }
    await log.append([entry("applied", 6, 2), entry("synced", 45, 4)]);
    await log.close();
  });

  test("a cut that reaches before the oldest segment left is still right", async (fixture) => {
    let log = await open(fixture.disk, { segmentBytes: 1000 });
    await log.append(entriesOf("r", 1, 5));
    await log.append(entriesOf("r", 6, 12, 2));
    while ((await fixture.segments()).length < 2) {
      await log.append([entry("pad", log.last("pad").seq + 1)]);
    }
    await log.truncate("r", 5);
    await log.append([entry("r", 6, 3)]);
    await log.checkpoint("r", 5);
    await log.checkpoint("pad", log.last("pad").seq);
    assert.deepEqual(await fixture.segments(), ["00000002.log"]);
    for (let again = 0; again < 2; again++) {
      assert.equal(log.first("r"), 6);
      assert.equal(log.epochAt("r", 5), 1);
      assert.equal(await positions(log, "r"), "6@3");
      assert.deepEqual(log.damage, []);
      await log.close();
      log = await open(fixture.disk);
    }
    await log.close();
  });

  test("a reset asked for while segments go keeps its own positions", async ({ disk }) => {
    const log = await open(disk, { segmentBytes: 1000 });
    for (let seq = 1; seq <= 60; seq++) await log.append([entry("r", seq)]);
    const changes = [
      log.checkpoint("r", 60),
      log.reset("r", { epoch: 1, seq: 20 }),
      log.append(entriesOf("r", 21, 70)),
    ];
    assert.equal(log.first("r"), 21);
    await Promise.all(changes);
    assert.equal(log.first("r"), 21);
    assert.deepEqual(await held(log, "r"), entriesOf("r", 21, 70));
    await log.close();
  });
}
