/** Recounted reads: the other copies run the query too, and what the rows add up to decides. */
import assert from "node:assert/strict";
import { type CopiesOptions, copiesTest, failure } from "../../../tests/support/read_copies.ts";
import { ResultSum } from "./result_sum.ts";

const SETUP = [
  "CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL, price INT NOT NULL)",
  "INSERT INTO items VALUES (1, 'apple', 30), (2, 'pear', 40), (3, 'plum', 50)",
];
const SUM = { region: "shop", sql: "SELECT SUM(price) FROM items", read: "recount" } as const;
const ALL = { ...SUM, sql: "SELECT * FROM items ORDER BY id" } as const;
const PLANTED = "UPDATE items SET price = 41 WHERE id = 2";
const DEARER = "UPDATE items SET price = price + 1 WHERE id = 1";

function shop(copies: number, more: Partial<CopiesOptions> = {}): CopiesOptions {
  return { copies, regions: { shop: SETUP }, ...more };
}

copiesTest("recount: the copies that came to the same are named", shop(3), async (copies) => {
  const { rows, answer } = await copies.ask(2, SUM);
  assert.deepEqual(rows.map(([sum]) => Number(sum)), [120]);
  assert.ok(answer.receipt.agree.includes(2) && answer.receipt.agree.length >= 2);
  assert.ok(copies.calls.includes("2>1 tally") && copies.calls.includes("2>3 tally"));
});

copiesTest("recount: rows changed without their triggers are outvoted", shop(3), async (copies) => {
  copies.server(2).plant(PLANTED);
  const voted = await copies.ask(2, { ...SUM, read: "voted" });
  assert.equal(Number(voted.rows[0]?.[0]), 121, "fingerprints alone do not see it");
  const { code, message } = await failure(copies.ask(2, SUM));
  assert.equal(code, "DIVERGED", message);
  assert.match(message, /rows are not what its fingerprint says/);
  assert.deepEqual(copies.server(2).only.lost.map(({ table, votes }) => ({ table, votes })), [
    { table: "items", votes: "1:2" },
  ]);
  assert.deepEqual((await copies.ask(3, SUM)).answer.receipt.agree, [1, 3]);
});

copiesTest("recount: a copy in the minority is told, and finds out", shop(3), async (copies) => {
  const stop = new AbortController();
  const running = copies.server(3).scrubber.run(stop.signal);
  copies.server(3).plant(PLANTED);
  await copies.ask(2, SUM);
  await copies.advance(5000);
  assert.equal(copies.server(3).only.lost.length, 1);
  stop.abort();
  await copies.wait(running);
});

copiesTest("recount: so it is where it was heard before the others", shop(3), async (copies) => {
  const stop = new AbortController();
  const running = copies.server(3).scrubber.run(stop.signal);
  copies.server(3).plant(PLANTED);
  copies.network.slow("s1", "s2", 30);
  assert.deepEqual((await copies.ask(2, SUM)).answer.receipt.dissent, [3]);
  await copies.advance(5000);
  assert.equal(copies.server(3).only.lost.length, 1);
  stop.abort();
  await copies.wait(running);
});

copiesTest(
  "recount: of two that differ the one whose rows are counted wrong is lost",
  shop(2),
  async (copies) => {
    const stop = new AbortController();
    const running = copies.server(1).scrubber.run(stop.signal);
    copies.server(1).plant(PLANTED);
    const { code, message } = await failure(copies.ask(2, SUM));
    assert.equal(code, "UNAVAILABLE", message);
    assert.match(message, /server 2, whose rows were counted and are right/);
    assert.deepEqual(copies.server(2).only.lost, []);
    await copies.advance(5000);
    assert.equal(copies.server(1).only.lost.length, 1);
    stop.abort();
    await copies.wait(running);
  },
);

copiesTest(
  "recount: the same rows in another order differ only where order is said",
  shop(3),
  async (copies) => {
    const bag = await copies.ask(2, { ...ALL, sql: "SELECT id, price FROM items" });
    assert.equal(bag.rows.length, 3);
    assert.ok(bag.answer.receipt.agree.length >= 2);
  },
);

copiesTest(
  "recount: what is each server's own is vouched for by its tables",
  shop(3),
  async (copies) => {
    const { answer } = await copies.ask(2, {
      ...SUM,
      sql: "SELECT id, CONNECTION_ID() FROM items",
    });
    assert.ok(answer.receipt.agree.length >= 2);
    assert.ok(!copies.calls.some((call) => call.endsWith("tally")));
  },
);

copiesTest(
  "recount: results on other contents are not compared, but tried again",
  shop(3),
  async (copies) => {
    await copies.ask(2, SUM);
    // The others move on before they are asked, and this one does while they answer.
    await copies.write("shop", [DEARER], [2]);
    copies.calls.length = 0;
    const reading = copies.begin(2, SUM);
    await copies.advance(2);
    await copies.server(2).only.apply(DEARER);
    const { rows, answer } = await copies.wait(reading);
    assert.equal(Number(rows[0]?.[0]), 121);
    assert.equal(answer.receipt.seq, 2);
    assert.ok(copies.calls.filter((call) => call === "2>1 tally").length > 1);
  },
);

copiesTest("recount: is given up where no other copy holds the same", shop(3), async (copies) => {
  await copies.write("shop", [DEARER], [2]);
  const { code } = await failure(copies.ask(2, SUM));
  assert.equal(code, "BEHIND");
  assert.deepEqual(copies.server(2).only.lost, []);
});

copiesTest("recount: silent copies are not waited for for long", shop(3), async (copies) => {
  await copies.ask(2, SUM);
  copies.network.freeze("s1");
  copies.network.freeze("s3");
  const began = copies.clock.now();
  assert.equal((await failure(copies.ask(2, SUM))).code, "BEHIND");
  assert.ok(copies.clock.now() - began < 2500);
});

copiesTest(
  "recount: rows too many to hold back are read twice, once to be sure",
  shop(3, {
    limits: { heldRows: 2, batchRows: 1 },
  }),
  async (copies) => {
    const { rows } = await copies.ask(2, ALL);
    assert.deepEqual(rows.map(([id]) => id), [1, 2, 3]);
  },
);

Deno.test("result sum: rows in another order, moved cells, NULL and empty text", () => {
  const contentOf = (
    ordered: boolean,
    ...rows: readonly (readonly (string | number | null)[])[]
  ) => {
    const sum = new ResultSum(ordered);
    sum.add(rows);
    return sum.content;
  };
  assert.equal(contentOf(false, [1, "a"], [2, "b"]), contentOf(false, [2, "b"], [1, "a"]));
  assert.notEqual(contentOf(true, [1, "a"], [2, "b"]), contentOf(true, [2, "b"], [1, "a"]));
  assert.notEqual(contentOf(false, [1, "a"], [2, "b"]), contentOf(false, [1, "b"], [2, "a"]));
  assert.notEqual(contentOf(false, ["a", "bc"]), contentOf(false, ["ab", "c"]));
  assert.notEqual(contentOf(false, [null]), contentOf(false, [""]));
  assert.notEqual(contentOf(false, [1], [1]), contentOf(false, [1]));
  assert.equal(contentOf(true), contentOf(false));
});
