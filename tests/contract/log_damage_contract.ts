/** What opening a log makes of files that a crash, a disk or a person has changed. */
import assert from "node:assert/strict";
import {
  change,
  damageOf,
  entriesOf,
  entry,
  fill,
  flipped,
  held,
  lineAt,
  type LogFixture,
  logTests,
  named,
  open,
  positions,
  type TestOne,
  unclosed,
} from "../support/logs.ts";

const FIRST = "00000001.log";
const NO_CACHE = { cacheBytes: 0 };

export function logDamageContract(name: string, make: () => Promise<LogFixture>): void {
  const test = logTests(name, make);
  tornTests(test);
  brokenRecordTests(test);
  repairTests(test);
}

function tornTests(test: TestOne): void {
  test("a last line cut anywhere is as if it had not been written", async (fixture) => {
    await fill(fixture, async (log) => {
      await log.append(entriesOf("r", 1, 2));
      await log.append([entry("r", 3)]);
    });
    const whole = unclosed(await fixture.bytes(FIRST));
    const start = lineAt(whole, 3);
    for (let size = start; size < whole.length; size++) {
      await fixture.put(FIRST, whole.slice(0, size));
      let log = await open(fixture.disk);
      assert.deepEqual(log.damage, []);
      assert.equal(await positions(log, "r"), "1@1 2@1", `cut at ${size}`);
      await log.append([entry("r", 3, 2)]);
      await log.close();
      log = await open(fixture.disk);
      assert.equal(await positions(log, "r"), "1@1 2@1 3@2");
      await log.close();
    }
  });

  test("a torn end may span lines, look whole in part, and hold newlines", async (fixture) => {
    await fill(fixture, async (log) => {
      await log.append(entriesOf("r", 1, 2));
      await log.append([...entriesOf("r", 3, 4), ...entriesOf("s", 1, 3)]);
    });
    const whole = unclosed(await fixture.bytes(FIRST));
    const start = lineAt(whole, 3);
    const tails: readonly ((bytes: Uint8Array) => Uint8Array)[] = [
      // The first of the lines is broken, the others are whole: they were never synced.
      (bytes) => flipped(bytes, start + 20),
      // A record of the middle was not written at all.
      (bytes) => bytes.fill(0, lineAt(bytes, 4), lineAt(bytes, 5)),
      (bytes) => bytes.fill(10, lineAt(bytes, 4)),
      (bytes) => flipped(bytes, bytes.length - 5),
      (bytes) => bytes.fill(255, start + 10, start + 200),
      (bytes) => new Uint8Array([...bytes, ...bytes.slice(start + 5, -7)]),
    ];
    for (const tail of tails) {
      await fixture.put(FIRST, tail(whole.slice()));
      for (let again = 0; again < 2; again++) {
        const log = await open(fixture.disk);
        assert.deepEqual(log.damage, []);
        assert.match(await positions(log, "r"), /^1@1 2@1( 3@1)?( 4@1)?$/);
        if (log.last("s").seq > 0) assert.equal(log.last("r").seq, 4);
        await log.close();
      }
    }
  });

  test("a record that was cut off once does not come back", async (fixture) => {
    await fill(fixture, (log) => log.append(entriesOf("r", 1, 3)));
    const whole = unclosed(await fixture.bytes(FIRST));
    // Of three records written together, the second is broken: the third must go with it.
    await fixture.put(FIRST, flipped(whole, lineAt(whole, 2) + 20));
    for (let epoch = 2; epoch < 5; epoch++) {
      const log = await open(fixture.disk);
      await log.truncate("r", 1);
      await log.append([entry("r", 2, epoch)]);
      assert.equal(await positions(log, "r"), `1@1 2@${epoch}`);
      await log.close();
    }
  });

  test("a segment that was only just begun is begun again", async (fixture) => {
    await fill(fixture, async (log) => {
      for (let seq = 1; seq <= 20; seq++) await log.append([entry("r", seq)]);
    }, 600);
    const names = await fixture.segments();
    const last = names.at(-1) as string;
    const header = (await fixture.bytes(last)).slice(0, lineAt(await fixture.bytes(last), 1));
    const kept = Number(/"seq":(\d+)/.exec(new TextDecoder().decode(header))?.[1]);
    for (const part of [header, header.slice(0, -1), header.slice(0, 30), header.slice(0, 0)]) {
      await fixture.put(last, part);
      const log = await open(fixture.disk, NO_CACHE);
      assert.deepEqual(log.damage, []);
      assert.deepEqual(await held(log, "r"), entriesOf("r", 1, kept));
      await log.append([entry("r", kept + 1)]);
      await log.close();
      assert.deepEqual(await fixture.segments(), names);
    }
  });
}

/** Four records written one after the other: r1, s1, r2, s2. */
async function twoRegions(fixture: LogFixture): Promise<Uint8Array> {
  await fill(fixture, async (log) => {
    for (let seq = 1; seq <= 2; seq++) {
      await log.append([entry("r", seq)]);
      await log.append([entry("s", seq)]);
    }
  });
  return await fixture.bytes(FIRST);
}

function brokenRecordTests(test: TestOne): void {
  test("a broken record before others names the region it is missing from", async (fixture) => {
    const bytes = await twoRegions(fixture);
    const offset = lineAt(bytes, 1);
    await fixture.put(FIRST, unclosed(flipped(bytes, offset + 70)));
    const log = await open(fixture.disk);
    assert.deepEqual(damageOf(log), [`1@${offset}: r`]);
    assert.equal(await positions(log, "s"), "1@1 2@1");
    assert.equal(await positions(log, "r"), "");
    await log.append([entry("s", 3)]);
    await log.close();
  });

  test("a region of which nothing comes after the damage is named too", async (fixture) => {
    await fill(fixture, async (log) => {
      await log.append([entry("r", 1), entry("s", 1), entry("t", 1)]);
      for (let seq = 2; seq <= 4; seq++) await log.append([entry("s", seq)]);
      await log.append([entry("t", 2)]);
    });
    const bytes = await fixture.bytes(FIRST);
    const offset = lineAt(bytes, 5);
    await fixture.put(FIRST, unclosed(flipped(bytes, offset + 70)));
    const log = await open(fixture.disk);
    // What is broken was of s, as its next record shows. It could have been of r as well.
    assert.deepEqual(damageOf(log), [`1@${offset}: r s`]);
    assert.equal(await positions(log, "r"), "1@1");
    assert.equal(await positions(log, "s"), "1@1 2@1");
    assert.equal(await positions(log, "t"), "1@1 2@1");
    await log.close();
  });

  test("after closing in good order, no broken end is taken for a torn one", async (fixture) => {
    const bytes = await twoRegions(fixture);
    const offset = lineAt(bytes, 4);
    await fixture.put(FIRST, flipped(bytes, offset + 70));
    const log = await open(fixture.disk);
    assert.equal(damageOf(log)[0]?.split(":")[0], `1@${offset}`);
    assert.ok(named(log).includes("s"));
    await log.close();
  });

  test("a lost promise counts as damage of its region", async (fixture) => {
    await fill(fixture, async (log) => {
      await log.append([entry("r", 1), entry("s", 1)]);
      await log.promise("r", "5");
      await log.append([entry("s", 2)]);
      await log.append([entry("r", 2)]);
    });
    const bytes = await fixture.bytes(FIRST);
    await fixture.put(FIRST, flipped(bytes, lineAt(bytes, 3) + 30));
    const log = await open(fixture.disk);
    assert.deepEqual(named(log), ["r"]);
    assert.equal(await positions(log, "r"), "1@1");
    await log.close();
  });

  test("damage to what is checkpointed since names nobody", async (fixture) => {
    await fill(fixture, async (log) => {
      for (let seq = 1; seq <= 40; seq++) await log.append([entry("r", seq), entry("s", seq)]);
      await log.checkpoint("r", 39);
    }, 1000);
    const second = (await fixture.segments())[1] as string;
    const bytes = await fixture.bytes(second);
    const line = /"region":"(.)"/.exec(new TextDecoder().decode(bytes.slice(lineAt(bytes, 2))));
    const broken = line?.[1] === "r" ? 2 : 3;
    await fixture.put(second, flipped(bytes, lineAt(bytes, broken) + 60));
    const log = await open(fixture.disk, NO_CACHE);
    assert.deepEqual(damageOf(log), [`2@${lineAt(bytes, broken)}:`]);
    assert.deepEqual(log.last("r"), { epoch: 1, seq: 40 });
    assert.equal(
      await positions(log, "r"),
      Array.from(
        { length: 41 - log.first("r") },
        (_, i) => `${log.first("r") + i}@1`,
      ).join(" "),
    );
    assert.deepEqual(await held(log, "s"), entriesOf("s", 1, 40));
    await log.close();
  });

  test("an entry that rots while the log is open is not handed out", async (fixture) => {
    const log = await open(fixture.disk, NO_CACHE);
    await log.append([...entriesOf("r", 1, 3), ...entriesOf("s", 1, 3)]);
    await change(fixture, FIRST, (bytes) => flipped(bytes, lineAt(bytes, 2) + 70));
    await assert.rejects(held(log, "r"), { code: "DIVERGED" });
    assert.deepEqual(await log.read("r", 3, { entries: 9, bytes: 9e9 }), [entry("r", 3)]);
    assert.deepEqual(await held(log, "s"), entriesOf("s", 1, 3));
    await log.append([entry("r", 4)]);
    await log.close();
  });
}

function repairTests(test: TestOne): void {
  test("a damaged region takes no changes until it is reset, over restarts", async (fixture) => {
    const bytes = await twoRegions(fixture);
    await fixture.put(FIRST, flipped(bytes, lineAt(bytes, 3) + 70));
    for (let again = 0; again < 3; again++) {
      const log = await open(fixture.disk);
      assert.deepEqual(named(log), ["r"]);
      await assert.rejects(log.append([entry("r", 2)]), { code: "DIVERGED" });
      await assert.rejects(log.append([entry("s", 3), entry("r", 2)]), { code: "DIVERGED" });
      await assert.rejects(log.truncate("r", 0), { code: "DIVERGED" });
      await assert.rejects(log.checkpoint("r", 1), { code: "DIVERGED" });
      await log.promise("r", `promise ${again}`);
      assert.equal(await positions(log, "r"), "1@1");
      assert.deepEqual(log.last("s"), { epoch: 1, seq: 2 });
      await log.close();
    }
    await fill(fixture, async (log) => {
      await log.reset("r", { epoch: 6, seq: 60 });
      await log.append([entry("r", 61, 6)]);
    });
    const log = await open(fixture.disk);
    assert.deepEqual(named(log), []);
    assert.equal(log.promised("r"), "promise 2");
    assert.equal(await positions(log, "r"), "61@6");
    await log.close();
  });

  test("a damaged region may be dropped instead", async (fixture) => {
    const bytes = await twoRegions(fixture);
    await fixture.put(FIRST, flipped(bytes, lineAt(bytes, 3) + 70));
    await fill(fixture, (log) => log.drop("r"));
    const log = await open(fixture.disk);
    assert.deepEqual(named(log), []);
    assert.deepEqual(log.regions(), ["s"]);
    await log.close();
  });

  test("damage is remembered when nothing but a header tells of it", async (fixture) => {
    await fill(fixture, async (log) => {
      await log.append([entry("r", 1), entry("s", 1)]);
      await log.append([entry("s", 2)]);
      await log.append([entry("s", 3)]);
    });
    const bytes = await fixture.bytes(FIRST);
    // Nothing of r follows: it may have lost something.
    await fixture.put(FIRST, unclosed(flipped(bytes, lineAt(bytes, 3) + 70)));
    for (let again = 0; again < 3; again++) {
      const log = await open(fixture.disk);
      assert.deepEqual(named(log), ["r", "s"]);
      await log.promise("r", `${again}`);
      await log.close();
    }
  });
}
