/** Reads that are voted on: who answers, who does not, and what the receipt says. */
import assert from "node:assert/strict";
import {
  type Asked,
  type CopiesOptions,
  copiesTest,
  failure,
  type ReadCopies,
} from "../../../tests/support/read_copies.ts";

/** Tells a story of reads that are one statement, and once more of reads in a transaction. */
function readTest(
  what: string,
  options: CopiesOptions,
  body: (copies: ReadCopies) => Promise<void>,
): void {
  copiesTest(`voted read: ${what}`, options, body);
  copiesTest(`voted read, in a transaction: ${what}`, { ...options, isRestless: true }, body);
}

const SHOP = [
  "CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL, price INT)",
  "INSERT INTO items VALUES (1, 'apple', 30), (2, 'pear', 40), (3, 'plum', NULL)",
  "CREATE TABLE stock (item INT PRIMARY KEY, pieces INT NOT NULL)",
  "INSERT INTO stock VALUES (1, 100), (2, 50)",
];
const ITEMS = { region: "shop", sql: "SELECT * FROM items ORDER BY id" } as const;
const DEARER = "UPDATE items SET price = price + 1 WHERE id = 1";

function shop(copies: number, more: Partial<CopiesOptions> = {}): CopiesOptions {
  return { copies, regions: { shop: SHOP }, ...more };
}

/** The names and prices that a server answers with. */
async function prices(copies: ReadCopies, rid: number): Promise<readonly unknown[]> {
  return (await copies.ask(rid, ITEMS)).rows.map((row) => row[2]);
}

readTest("rows and a receipt that says who agreed", shop(3), async (copies) => {
  const { rows, answer } = await copies.ask(2, ITEMS);
  assert.deepEqual(rows, [[1, "apple", 30], [2, "pear", 40], [3, "plum", null]]);
  const { agree, dissent, seq, epoch, rid, fingerprint, ms } = answer.receipt;
  assert.deepEqual({ seq, epoch, rid, dissent }, { seq: 1, epoch: 3, rid: 2, dissent: [] });
  assert.ok(agree.includes(2) && agree.length >= 2, JSON.stringify(agree));
  assert.equal(fingerprint?.rows, 3);
  assert.ok(ms > 0);
});

readTest("nobody is asked twice about one position", shop(3), async (copies) => {
  const reads = Array.from({ length: 20 }, () => copies.begin(2, ITEMS));
  await copies.wait(Promise.all(reads));
  await copies.ask(2, ITEMS);
  assert.deepEqual(copies.calls.toSorted(), ["2>1 vote", "2>3 vote"]);
  await copies.write("shop", [DEARER]);
  await copies.ask(2, ITEMS);
  assert.equal(copies.calls.length, 4);
});

for (
  const [what, sql] of [
    ["edited", "UPDATE items SET price = 1 WHERE id = 2"],
    ["added", "INSERT INTO items VALUES (9, 'stone', 9)"],
    ["deleted", "DELETE FROM items WHERE id = 3"],
  ] as const
) {
  readTest(`a row ${what} beside the cluster is never shown`, shop(3), async (copies) => {
    const { only } = copies.server(2);
    await copies.ask(2, ITEMS);
    await copies.server(2).edit(sql);
    const { code, message } = await failure(copies.ask(2, ITEMS));
    assert.equal(code, "DIVERGED", message);
    assert.match(message, /items on server 2.*changed beside the cluster/);
    assert.deepEqual(only.lost.map(({ table, seq }) => ({ table, seq })), [
      { table: "items", seq: 1 },
    ]);
    assert.deepEqual(await prices(copies, 3), [30, 40, null]);
  });

  readTest(`a row ${what} while nobody looked is outvoted`, shop(3), async (copies) => {
    const { only } = copies.server(2);
    await copies.server(2).edit(sql);
    await only.reload();
    const { code, message } = await failure(copies.ask(2, ITEMS));
    assert.equal(code, "DIVERGED", message);
    assert.deepEqual(only.lost.map(({ votes }) => votes), ["1:2"]);
    assert.deepEqual(await prices(copies, 3), [30, 40, null]);
  });
}

readTest("a difference that is gone at the second look costs no copy", shop(3), async (copies) => {
  const { only } = copies.server(2);
  await copies.server(2).edit(DEARER);
  const reading = copies.begin(2, ITEMS);
  await copies.advance(50);
  await copies.server(2).edit("UPDATE items SET price = price - 1 WHERE id = 1");
  assert.equal((await copies.wait(reading)).rows[0]?.[2], 30);
  assert.deepEqual(only.lost, []);
});

readTest("values that change places are seen", shop(3), async (copies) => {
  await copies.server(3).edit("UPDATE items SET price = 70 - price WHERE price IS NOT NULL");
  await copies.server(3).only.reload();
  assert.equal((await failure(copies.ask(3, ITEMS))).code, "DIVERGED");
});

readTest("other tables of the region do not matter", shop(3), async (copies) => {
  await copies.server(2).edit("UPDATE stock SET pieces = 0");
  await copies.server(2).only.reload();
  assert.deepEqual(await prices(copies, 2), [30, 40, null]);
  const sql = "SELECT name, pieces FROM items JOIN stock ON item = id";
  const { code } = await failure(copies.ask(2, { region: "shop", sql }));
  assert.equal(code, "DIVERGED");
  assert.deepEqual(copies.server(2).only.lost.map(({ table }) => table), ["stock"]);
});

readTest("all who read a wrong copy are refused, and it is lost once", shop(3), async (copies) => {
  await copies.server(2).edit(DEARER);
  await copies.server(2).only.reload();
  const reads = Array.from({ length: 10 }, () => failure(copies.begin(2, ITEMS)));
  const codes = (await copies.wait(Promise.all(reads))).map(({ code }) => code);
  assert.deepEqual(new Set(codes), new Set(["DIVERGED"]));
  assert.equal(copies.server(2).only.lost.length, 1);
});

readTest("a primary too is outvoted", shop(3), async (copies) => {
  await copies.server(1).edit(DEARER);
  await copies.server(1).only.reload();
  const { rows, answer } = await copies.ask(2, ITEMS);
  assert.equal(rows[0]?.[2], 30);
  const { agree, dissent } = answer.receipt;
  assert.deepEqual({ agree, dissent }, { agree: [2, 3], dissent: [1] });
  assert.equal((await failure(copies.ask(1, ITEMS))).code, "DIVERGED");
});

readTest("of two copies the slave is in the wrong", shop(2), async (copies) => {
  await copies.server(2).edit(DEARER);
  await copies.server(2).only.reload();
  const { code, message } = await failure(copies.ask(2, ITEMS));
  assert.equal(code, "DIVERGED");
  assert.match(message, /differs from the primary/);
  assert.deepEqual(await prices(copies, 1), [30, 40, null]);
});

readTest("unless the primary was changed since it committed", shop(2), async (copies) => {
  await copies.server(1).edit(DEARER);
  assert.deepEqual(await prices(copies, 2), [30, 40, null]);
  assert.equal((await failure(copies.ask(1, ITEMS))).code, "DIVERGED");
  assert.equal(copies.server(1).only.lost.length, 1);
});

readTest("a copy alone agrees with itself, and is never lost", shop(1), async (copies) => {
  await copies.server(1).edit(DEARER);
  const { rows, answer } = await copies.ask(1, ITEMS);
  assert.equal(rows[0]?.[2], 31);
  assert.deepEqual(answer.receipt.agree, [1]);
  assert.deepEqual(copies.server(1).only.lost, []);
});

readTest("one silent voter of three is not waited for", shop(3), async (copies) => {
  await copies.ask(2, ITEMS);
  await copies.write("shop", [DEARER]);
  copies.network.freeze("s3");
  const began = copies.clock.now();
  const { answer } = await copies.ask(2, ITEMS);
  assert.deepEqual(answer.receipt.agree, [1, 2]);
  assert.ok(copies.clock.now() - began < 50);
});

readTest("with all others silent a slave cannot tell, the primary can", shop(3), async (copies) => {
  await copies.ask(2, ITEMS);
  await copies.write("shop", [DEARER]);
  copies.network.freeze("s3");
  copies.network.freeze("s1");
  const began = copies.clock.now();
  const { code, message } = await failure(copies.ask(2, ITEMS));
  assert.equal(code, "BEHIND", message);
  assert.match(message, /could be heard in time, silent: 1, 3/);
  assert.ok(copies.clock.now() - began < 1200);
  assert.deepEqual(copies.server(2).only.lost, []);
  copies.network.thaw("s1");
  copies.network.freeze("s2");
  const { answer, rows } = await copies.ask(1, ITEMS);
  assert.deepEqual(answer.receipt.agree, [1]);
  assert.equal(rows[0]?.[2], 31);
});

readTest("a voter that lags votes when it gets there", shop(2), async (copies) => {
  await copies.server(2).only.apply(DEARER);
  const reading = copies.begin(2, ITEMS);
  await copies.advance(100);
  await copies.server(1).only.apply(DEARER);
  const { answer } = await copies.wait(reading);
  assert.deepEqual(answer.receipt.agree, [1, 2]);
  assert.equal(answer.receipt.seq, 2);
});

readTest("a voter that does not get there is silent", shop(2), async (copies) => {
  await copies.server(2).only.apply(DEARER);
  const { code } = await failure(copies.ask(2, ITEMS));
  assert.equal(code, "BEHIND");
  assert.deepEqual(copies.server(2).only.lost, []);
  // Silence is not remembered.
  await copies.server(1).only.apply(DEARER);
  assert.deepEqual((await copies.ask(2, ITEMS)).answer.receipt.agree, [1, 2]);
});

readTest("a copy of an older epoch is not listened to", shop(2), async (copies) => {
  copies.server(1).only.epoch = 4;
  assert.equal((await failure(copies.ask(2, ITEMS))).code, "BEHIND");
  assert.deepEqual(copies.server(2).only.lost, []);
});

readTest("a copy that serves nothing has no vote", shop(3), async (copies) => {
  const { only } = copies.server(3);
  only.lose({ table: "items", seq: 1, votes: "", reason: "for the test" });
  assert.deepEqual((await copies.ask(2, ITEMS)).answer.receipt.agree, [1, 2]);
  assert.equal((await failure(copies.ask(3, ITEMS))).code, "DIVERGED");
});

readTest("a copy that dissents is told to look at itself", shop(3), async (copies) => {
  const stop = new AbortController();
  const { only, scrubber } = copies.server(3);
  const running = scrubber.run(stop.signal);
  await copies.server(3).edit(DEARER);
  await only.reload();
  await copies.ask(2, ITEMS);
  await copies.ask(2, ITEMS);
  await copies.advance(1500);
  assert.deepEqual(only.lost.map(({ table, votes }) => ({ table, votes })), [
    { table: "items", votes: "1:2" },
  ]);
  assert.equal(copies.calls.filter((call) => call === "2>3 challenge").length, 1);
  stop.abort();
  await copies.wait(running);
});

/** Runs a schema change as a replica applies it, telling what stands between its steps. */
async function change(
  copies: ReadCopies,
  rid: number,
  sql: string,
  between: (step: "begun" | "run" | "counted") => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { engine, only } = copies.server(rid);
  const isTruncate = sql.startsWith("TRUNCATE");
  await only.begin(isTruncate ? "emptying" : "changing");
  await between("begun");
  if (isTruncate) copies.server(rid).empty("items");
  else await copies.server(rid).edit(sql);
  await between("run");
  await engine.maintainFingerprint("items");
  await between("counted");
  await only.end();
}

for (
  const [what, sql, rows] of [
    ["ALTER", "ALTER TABLE items ADD COLUMN weight INT", 3],
    ["TRUNCATE", "TRUNCATE TABLE items", 0],
  ] as const
) {
  for (const step of ["begun", "run", "counted"] as const) {
    const name = `in the middle of ${what}, ${step}, nothing is wrong or told wrong`;
    readTest(name, shop(3), async (copies) => {
      let reading: ReturnType<ReadCopies["begin"]> | null = null;
      await change(copies, 2, sql, async (now) => {
        if (now !== step) return;
        reading = copies.begin(2, ITEMS);
        await copies.advance(50);
      });
      await copies.advance(20);
      for (const rid of [1, 3]) await change(copies, rid, sql);
      assert.ok(reading !== null);
      const { rows: got, answer } = await copies.wait<Asked>(reading);
      // Either the one or the other, and the receipt says which.
      assert.equal(got.length, answer.receipt.seq === 1 ? 3 : rows);
      assert.equal(answer.receipt.fingerprint?.rows, got.length);
      assert.deepEqual(copies.server(2).only.lost, []);
      assert.equal((await copies.ask(2, ITEMS)).rows.length, rows);
    });
  }
}

readTest("a start in the middle of a schema change accuses nobody", shop(3), async (copies) => {
  const { only } = copies.server(2);
  const sql = "ALTER TABLE items ADD COLUMN weight INT";
  let reading: ReturnType<ReadCopies["begin"]> | null = null;
  await change(copies, 2, sql, async (now) => {
    if (now !== "counted") return;
    await only.reload();
    reading = copies.begin(2, ITEMS);
    await copies.advance(300);
  });
  for (const rid of [1, 3]) await change(copies, rid, sql);
  assert.ok(reading !== null);
  assert.equal((await copies.wait<Asked>(reading)).answer.receipt.seq, 2);
  assert.deepEqual(only.lost, []);
});

readTest("a schema change that takes long sends readers elsewhere", shop(3), async (copies) => {
  const { engine, only } = copies.server(2);
  await only.begin("changing");
  assert.equal((await copies.ask(2, ITEMS)).rows.length, 3, "as long as nothing shows of it");
  await copies.server(2).edit("ALTER TABLE items ADD COLUMN weight INT");
  await engine.maintainFingerprint("items");
  assert.equal((await failure(copies.ask(2, ITEMS))).code, "BEHIND");
  assert.deepEqual(only.lost, []);
});

readTest("a schema changed beside the cluster is not voted on", shop(3), async (copies) => {
  const { engine } = copies.server(2);
  await copies.server(2).edit("ALTER TABLE items ADD COLUMN weight INT");
  await engine.maintainFingerprint("items");
  const { code, message } = await failure(copies.ask(2, ITEMS));
  assert.equal(code, "BEHIND", message);
});
