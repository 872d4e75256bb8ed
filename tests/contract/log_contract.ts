/** What the Log promises while nothing goes wrong. */
import assert from "node:assert/strict";
import { InvariantError } from "../../src/base/assert.ts";
import type { LogEntry } from "../../src/ports/log.ts";
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

export function logContract(name: string, make: () => Promise<LogFixture>): void {
  const test = logTests(name, make);
  appendTests(test);
  readTests(test);
  positionTests(test);
  cutTests(test);
}

const ODD_BODIES = [
  `{}`,
  `  { "spaces" :  [1 , 2]\t}  `,
  `"quote \\" brace } comma , crc"`,
  `{"body":{"crc":"00000000"},"x":",\\"body\\":"}`,
  `"ümlaut ☃ 😀 \u2028 \ufeff \u0001"`,
  `12345678901234567890123.50`,
  JSON.stringify("x".repeat(5000)),
];

function appendTests(test: TestOne): void {
  test("entries come back as they went in, now and after opening again", async ({ disk }) => {
    const region = `odd "name", "body":\\ ☃`;
    const entries = ODD_BODIES.map((body, i) => ({ region, seq: i + 1, epoch: 3, body }));
    let log = await open(disk);
    await log.append(entries);
    assert.deepEqual(await held(log, region), entries);
    await log.close();
    log = await open(disk, NO_CACHE);
    assert.deepEqual(await held(log, region), entries);
    assert.deepEqual(log.damage, []);
    await log.close();
  });

  test("an entry that does not follow is a bug, and nothing of the call is taken", async ({ disk }) => {
    const log = await open(disk);
    await log.append(entriesOf("r", 1, 3, 5));
    const bad: readonly (readonly LogEntry[])[] = [
      [entry("r", 3, 5)],
      [entry("r", 5, 5)],
      [entry("r", 4, 4)],
      [entry("s", 2, 1)],
      [entry("r", 4, 6), entry("s", 1, 1), entry("r", 5, 5)],
      [{ ...entry("r", 4, 5), body: "two\nlines" }],
      [{ ...entry("r", 4, 5), body: `"\ud800"` }],
      [{ ...entry("r", 4, 5), body: "" }],
      [{ ...entry("", 1, 5) }],
    ];
    for (const entries of bad) await assert.rejects(log.append(entries), InvariantError);
    assert.deepEqual(log.last("r"), { epoch: 5, seq: 3 });
    assert.deepEqual(log.regions(), ["r"]);
    await log.append([entry("r", 4, 5)]);
    assert.equal(await positions(log, "r"), "1@5 2@5 3@5 4@5");
    await log.close();
  });

  test("appends asked for at once are all stored, and answered in order", async ({ disk }) => {
    const log = await open(disk);
    const answered: number[] = [];
    const appends = entriesOf("r", 1, 100).map((each) =>
      log.append([each]).then(() => answered.push(each.seq))
    );
    assert.deepEqual(log.last("r"), { epoch: 1, seq: 100 });
    await Promise.all(appends);
    assert.deepEqual(answered, Array.from({ length: 100 }, (_, i) => i + 1));
    assert.deepEqual(await held(log, "r"), entriesOf("r", 1, 100));
    await log.close();
  });

  test("closing stores what waits, and a closed log refuses", async ({ disk }) => {
    let log = await open(disk);
    const append = log.append([entry("r", 1)]);
    await log.close();
    await append;
    await log.close();
    await assert.rejects(log.append([entry("r", 2)]), { code: "UNAVAILABLE" });
    await assert.rejects(log.read("r", 1, { entries: 1, bytes: 1 }), { code: "UNAVAILABLE" });
    log = await open(disk);
    assert.equal(await positions(log, "r"), "1@1");
    await log.close();
  });

  test("opening and closing without a change leaves the files as they are", async (fixture) => {
    let log = await open(fixture.disk);
    await log.append([entry("r", 1)]);
    await log.close();
    const before = await fixture.bytes("00000001.log");
    log = await open(fixture.disk);
    await log.close();
    assert.deepEqual(await fixture.bytes("00000001.log"), before);
    assert.deepEqual(await fixture.segments(), ["00000001.log"]);
  });
}

function readTests(test: TestOne): void {
  for (const options of [{}, NO_CACHE, { cacheBytes: 3000 }]) {
    const kind = JSON.stringify(options);
    test(`reads end at the limits, and give one entry at least, with ${kind}`, async ({ disk }) => {
      const log = await open(disk, options);
      const wide = (seq: number) => ({ ...entry("r", seq), body: `"${"x".repeat(1000)}"` });
      for (let seq = 1; seq <= 10; seq++) {
        await log.append([wide(seq), ...entriesOf("s", seq, seq)]);
      }
      const lengths = async (limit: { entries: number; bytes: number }, from = 1) =>
        (await log.read("r", from, limit)).map((each) => each.seq);
      assert.deepEqual(await lengths({ entries: 3, bytes: 1e9 }), [1, 2, 3]);
      assert.deepEqual(await lengths({ entries: 3, bytes: 1e9 }, 9), [9, 10]);
      assert.deepEqual(await lengths({ entries: 100, bytes: 3500 }), [1, 2, 3]);
      assert.deepEqual(await lengths({ entries: 100, bytes: 1 }), [1]);
      assert.deepEqual(await lengths({ entries: 0, bytes: 0 }, 10), [10]);
      assert.deepEqual(await lengths({ entries: 5, bytes: 1e9 }, 11), []);
      assert.deepEqual(await lengths({ entries: 5, bytes: 1e9 }, 99), []);
      await log.close();
    });

    test(`reads cross segments, with other regions between, with ${kind}`, async ({ disk }) => {
      let log = await open(disk, options);
      for (let seq = 1; seq <= 200; seq++) {
        await log.append(["a", "b", "c"].map((region) => entry(region, seq)));
      }
      for (let again = 0; again < 2; again++) {
        for (const region of ["a", "b", "c"]) {
          assert.deepEqual(await held(log, region), entriesOf(region, 1, 200));
          const part = await log.read(region, 77, { entries: 50, bytes: 1e9 });
          assert.deepEqual(part, entriesOf(region, 77, 126));
        }
        await log.close();
        log = await open(disk, options);
      }
      await log.close();
    });
  }

  test("only what is on disk is read", async ({ disk }) => {
    const log = await open(disk);
    await log.append([entry("r", 1)]);
    const append = log.append([entry("r", 2)]);
    assert.equal(await positions(log, "r"), "1@1");
    await append;
    assert.equal(await positions(log, "r"), "1@1 2@1");
    await log.close();
  });
}

function positionTests(test: TestOne): void {
  test("a region never heard of is empty", async ({ disk }) => {
    const log = await open(disk);
    assert.deepEqual(log.last("r"), { epoch: 0, seq: 0 });
    assert.equal(log.first("r"), 1);
    assert.equal(log.epochAt("r", 0), 0);
    assert.equal(log.epochAt("r", 1), null);
    assert.equal(log.promised("r"), null);
    assert.deepEqual(log.regions(), []);
    assert.deepEqual(await held(log, "r"), []);
    await log.truncate("r", 0);
    await log.checkpoint("r", 0);
    await log.drop("r");
    assert.deepEqual(log.regions(), []);
    await log.close();
  });

  test("epochs are known for every entry held and the one before", async ({ disk }) => {
    let log = await open(disk);
    await log.append([...entriesOf("r", 1, 3, 1), ...entriesOf("r", 4, 4, 2)]);
    await log.append(entriesOf("r", 5, 9, 7));
    for (let again = 0; again < 2; again++) {
      const epochs = Array.from({ length: 11 }, (_, seq) => log.epochAt("r", seq));
      assert.deepEqual(epochs, [0, 1, 1, 1, 2, 7, 7, 7, 7, 7, null]);
      assert.deepEqual(log.last("r"), { epoch: 7, seq: 9 });
      await log.close();
      log = await open(disk);
    }
    await log.close();
  });

  test("a promise is kept, the latest one, also without entries", async ({ disk }) => {
    let log = await open(disk);
    await log.promise("r", "epoch 1");
    const latest = log.promise("r", `{"epoch":2}`);
    assert.equal(log.promised("r"), `{"epoch":2}`);
    await latest;
    await log.close();
    log = await open(disk);
    assert.equal(log.promised("r"), `{"epoch":2}`);
    assert.deepEqual(log.regions(), ["r"]);
    assert.deepEqual(log.last("r"), { epoch: 0, seq: 0 });
    await log.close();
  });

  test("a reset begins after its position, and keeps the promise only", async ({ disk }) => {
    let log = await open(disk);
    await log.append(entriesOf("r", 1, 5));
    await log.promise("r", "9");
    const reset = log.reset("r", { epoch: 4, seq: 1000 });
    const append = log.append([entry("r", 1001, 4)]);
    await reset;
    await append;
    for (let again = 0; again < 2; again++) {
      assert.equal(log.first("r"), 1001);
      assert.equal(await positions(log, "r"), "1001@4");
      assert.equal(log.epochAt("r", 1000), 4);
      assert.equal(log.epochAt("r", 5), null);
      assert.equal(log.promised("r"), "9");
      await assert.rejects(log.read("r", 5, { entries: 1, bytes: 1 }), { code: "BEHIND" });
      await log.close();
      log = await open(disk);
    }
    await log.reset("r", { epoch: 2, seq: 10 });
    await log.append([entry("r", 11, 2)]);
    await log.close();
    log = await open(disk);
    assert.equal(await positions(log, "r"), "11@2");
    await log.close();
  });

  test("a dropped region is forgotten, and may begin anew", async ({ disk }) => {
    let log = await open(disk);
    await log.append([...entriesOf("r", 1, 5), ...entriesOf("s", 1, 2)]);
    await log.promise("r", "9");
    await log.drop("r");
    assert.deepEqual(log.regions(), ["s"]);
    await log.close();
    log = await open(disk);
    assert.deepEqual(log.regions(), ["s"]);
    assert.equal(log.promised("r"), null);
    await log.append([entry("r", 1, 1)]);
    await log.close();
    log = await open(disk);
    assert.equal(await positions(log, "r"), "1@1");
    assert.deepEqual(log.damage, []);
    await log.close();
  });
}

function cutTests(test: TestOne): void {
  test("cut entries are gone, others take their place", async ({ disk }) => {
    let log = await open(disk);
    await log.append(entriesOf("r", 1, 6));
    const cut = log.truncate("r", 3);
    assert.deepEqual(log.last("r"), { epoch: 1, seq: 3 });
    const append = log.append(entriesOf("r", 4, 5, 2));
    assert.equal(log.epochAt("r", 4), 2);
    assert.equal(log.epochAt("r", 6), null);
    await cut;
    await append;
    for (let again = 0; again < 3; again++) {
      assert.equal(await positions(log, "r"), "1@1 2@1 3@1 4@2 5@2");
      assert.deepEqual([3, 4, 5, 6].map((seq) => log.epochAt("r", seq)), [1, 2, 2, null]);
      await log.close();
      log = await open(disk, NO_CACHE);
    }
    await log.truncate("r", 9);
    assert.deepEqual(log.last("r"), { epoch: 2, seq: 5 });
    await log.truncate("r", 0);
    assert.deepEqual(log.last("r"), { epoch: 0, seq: 0 });
    await log.append([entry("r", 1, 9)]);
    assert.equal(await positions(log, "r"), "1@9");
    await log.close();
  });

  test("cuts reach back over segments", async (fixture) => {
    let log = await open(fixture.disk, { ...NO_CACHE, segmentBytes: 600 });
    for (let seq = 1; seq <= 30; seq++) await log.append([entry("r", seq), entry("s", seq)]);
    await log.truncate("r", 2);
    for (let seq = 3; seq <= 12; seq++) await log.append([entry("r", seq, 2)]);
    assert.ok((await fixture.segments()).length > 5);
    for (let again = 0; again < 2; again++) {
      const expected = [...entriesOf("r", 1, 2), ...entriesOf("r", 3, 12, 2)];
      assert.deepEqual(await held(log, "r"), expected);
      assert.deepEqual(await held(log, "s"), entriesOf("s", 1, 30));
      await log.close();
      log = await open(fixture.disk, NO_CACHE);
    }
    await log.close();
  });

  test("what is checkpointed cannot be cut", async ({ disk }) => {
    const log = await open(disk);
    await log.append(entriesOf("r", 1, 6));
    await log.checkpoint("r", 4);
    await assert.rejects(log.truncate("r", 3), InvariantError);
    await assert.rejects(log.checkpoint("r", 7), InvariantError);
    await log.truncate("r", 4);
    assert.deepEqual(log.last("r"), { epoch: 1, seq: 4 });
    await log.close();
  });
}
