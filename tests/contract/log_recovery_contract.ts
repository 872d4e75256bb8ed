/** What opening a log makes of whole segments that are missing, misplaced or foreign. */
import assert from "node:assert/strict";
import { crc32Hex } from "../../src/base/crc32.ts";
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
  type TestOne,
} from "../support/logs.ts";

export function logRecoveryContract(name: string, make: () => Promise<LogFixture>): void {
  const test = logTests(name, make);
  missingSegmentTests(test);
  misplacedSegmentTests(test);
  headerTests(test);
  refusalTests(test);
}

/** Several segments, in each a few entries of both regions. Their names. */
async function manySegments(fixture: LogFixture): Promise<readonly string[]> {
  await fill(fixture, async (log) => {
    await log.promise("idle", "7");
    for (let seq = 1; seq <= 30; seq++) {
      await log.append([entry("r", seq)]);
      if (seq < 10) await log.append([entry("s", seq)]);
    }
  }, 1000);
  const names = await fixture.segments();
  assert.ok(names.length > 5);
  return names;
}

function missingSegmentTests(test: TestOne): void {
  test("a missing segment names the regions that had records in it", async (fixture) => {
    const names = await manySegments(fixture);
    await fixture.take(names[4] as string);
    for (let again = 0; again < 2; again++) {
      const log = await open(fixture.disk);
      assert.deepEqual(damageOf(log), ["5@0: r"]);
      assert.match(log.damage[0]?.why ?? "", /missing/);
      assert.deepEqual(await held(log, "s"), entriesOf("s", 1, 9));
      assert.equal(log.promised("idle"), "7");
      await log.close();
    }
  });

  test("segments missing side by side are one damage", async (fixture) => {
    const names = await manySegments(fixture);
    for (const name of names.slice(3, 6)) await fixture.take(name);
    await fixture.put("99999999.log", new Uint8Array());
    const log = await open(fixture.disk);
    assert.deepEqual(log.damage.map(({ segment, why }) => [segment, why])[0], [
      "00000004.log",
      "it and 2 after it are missing",
    ]);
    assert.equal(log.damage.length, 2);
    await log.close();
  });

  test("an empty segment in the middle is as good as missing", async (fixture) => {
    const names = await manySegments(fixture);
    await fixture.put(names[4] as string, new Uint8Array());
    const log = await open(fixture.disk);
    assert.deepEqual(damageOf(log), ["5@0: r"]);
    assert.deepEqual(await held(log, "s"), entriesOf("s", 1, 9));
    await log.close();
  });

  test("missing first segments name the regions that still needed them", async (fixture) => {
    const names = await manySegments(fixture);
    await fill(fixture, async (log) => {
      await log.checkpoint("s", 9);
      await log.append([entry("s", 10)]);
    }, 1000);
    assert.equal((await fixture.segments())[0], names[0]);
    await fixture.take(names[0] as string);
    await fixture.take(names[1] as string);
    const log = await open(fixture.disk);
    assert.deepEqual(damageOf(log), ["3@0: r"]);
    assert.equal((await held(log, "s")).at(-1)?.seq, 10);
    await log.close();
  });
}

function misplacedSegmentTests(test: TestOne): void {
  test("an old segment in the place of a newer one is noticed", async (fixture) => {
    const names = await manySegments(fixture);
    await fixture.put(names[4] as string, await fixture.bytes(names[1] as string));
    for (let again = 0; again < 2; again++) {
      const log = await open(fixture.disk);
      assert.deepEqual(damageOf(log), ["5@0: r"]);
      assert.match(log.damage[0]?.why ?? "", /segment 2 under another name/);
      assert.deepEqual(await held(log, "s"), entriesOf("s", 1, 9));
      await log.close();
    }
  });

  test("an old segment in the place of the last names every region", async (fixture) => {
    const names = await manySegments(fixture);
    await fixture.put(names.at(-1) as string, await fixture.bytes(names[1] as string));
    const log = await open(fixture.disk);
    assert.deepEqual(named(log), ["idle", "r", "s"]);
    await log.reset("r", { epoch: 2, seq: 50 });
    await log.close();
    const next = await open(fixture.disk);
    assert.deepEqual(named(next), ["idle", "s"]);
    await next.close();
  });

  test("a copy of a segment under the next number adds nothing", async (fixture) => {
    const names = await manySegments(fixture);
    const next = `${String(names.length + 1).padStart(8, "0")}.log`;
    await fixture.put(next, await fixture.bytes(names.at(-1) as string));
    const log = await open(fixture.disk);
    assert.equal(log.last("r").seq, 30);
    assert.deepEqual(named(log), ["idle", "r", "s"]);
    await log.close();
  });

  test("a segment as it was earlier is missed where the next one begins", async (fixture) => {
    const names = await manySegments(fixture);
    await change(fixture, names[4] as string, (bytes) => bytes.slice(0, lineAt(bytes, 3)));
    const log = await open(fixture.disk);
    assert.deepEqual(damageOf(log), ["6@0: r"]);
    await log.close();
  });
}

function headerTests(test: TestOne): void {
  test("an unreadable header costs nothing where the segments before are there", async (fixture) => {
    const names = await manySegments(fixture);
    for (const name of [names[4], names.at(-1)] as string[]) {
      await change(fixture, name, (bytes) => flipped(bytes, 40));
    }
    const log = await open(fixture.disk);
    assert.equal(log.damage.length, 2);
    assert.deepEqual(await held(log, "r"), entriesOf("r", 1, 30));
    assert.deepEqual(await held(log, "s"), entriesOf("s", 1, 9));
    // The last header stood for regions of which nothing comes after it.
    assert.ok(!named(log).includes("r"));
    await log.close();
  });

  test("an unreadable first header names the regions that it carried over", async (fixture) => {
    const names = await manySegments(fixture);
    await fill(fixture, async (log) => {
      await log.checkpoint("r", 20);
      await log.checkpoint("s", 9);
    }, 1000);
    const left = await fixture.segments();
    assert.ok(left.length > 2 && left[0] !== names[0]);
    await change(fixture, left[0] as string, (bytes) => flipped(bytes, 40));
    const log = await open(fixture.disk);
    // What the first segment holds of r is not needed: the second header says where it stands.
    assert.equal(log.damage.length, 1);
    assert.equal(log.last("r").seq, 30);
    assert.equal(log.promised("idle"), "7");
    await log.close();
  });
}

function refusalTests(test: TestOne): void {
  const refuses = async (fixture: LogFixture, message: RegExp) => {
    const names = await fixture.segments();
    const before = await Promise.all(names.map((name) => fixture.bytes(name)));
    await assert.rejects(open(fixture.disk), { code: "UNSUPPORTED", message });
    assert.deepEqual(await fixture.segments(), names);
    assert.deepEqual(await Promise.all(names.map((name) => fixture.bytes(name))), before);
  };

  test("a segment of a newer program is refused, and nothing is changed", async (fixture) => {
    const names = await manySegments(fixture);
    for (const text of [`{"kind":"segment","version":2,"new":1`, `{"kind":"segment","version":9`]) {
      const line = `${text},"crc":"${crc32Hex(text)}"}\nwhatever comes then`;
      await fixture.put(names.at(-1) as string, new TextEncoder().encode(line));
      await refuses(fixture, /log is of format \d, this program knows 1$/);
    }
  });

  test("a segment of another log is refused, and nothing is changed", async (fixture) => {
    const names = await manySegments(fixture);
    await change(fixture, names[3] as string, (bytes) => {
      const header = new TextDecoder().decode(bytes.slice(0, lineAt(bytes, 1)));
      const text = header.replace(/"log":"[^"]*"/, `"log":"other"`).replace(/,"crc".*\n/, "");
      return new TextEncoder().encode(`${text},"crc":"${crc32Hex(text)}"}\n`);
    });
    await refuses(fixture, /00000004\.log belongs to the log other/);
  });
}
