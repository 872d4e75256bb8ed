/** What each level of reading waits for and checks, positions, and reads over several regions. */
import assert from "node:assert/strict";
import { type CopiesOptions, copiesTest, failure } from "../../../tests/support/read_copies.ts";
import { MinisqlError } from "../../protocol/errors.ts";

const ITEMS_SETUP = [
  "CREATE TABLE items (id INT PRIMARY KEY, price INT)",
  "INSERT INTO items VALUES (1, 30), (2, 40)",
];
const ORDERS_SETUP = [
  "CREATE TABLE orders (id INT PRIMARY KEY, item INT)",
  "INSERT INTO orders VALUES (7, 2)",
];
const ITEMS = { region: "items", sql: "SELECT * FROM items ORDER BY id" } as const;
const DEARER = "UPDATE items SET price = price + 1 WHERE id = 1";
const THREE: CopiesOptions = { copies: 3, regions: { items: ITEMS_SETUP } };
const TWO_REGIONS: CopiesOptions = {
  copies: 3,
  regions: { items: ITEMS_SETUP, orders: ORDERS_SETUP },
};
const JOIN = "SELECT orders.id, price FROM orders JOIN items ON items.id = item";

copiesTest(
  "fast read: nobody is asked, and what the copy holds is shown",
  THREE,
  async (copies) => {
    await copies.server(2).edit(DEARER);
    const { rows, answer } = await copies.ask(2, { ...ITEMS, read: "fast" });
    assert.equal(rows[0]?.[1], 31);
    const { agree, dissent, seq, rid } = answer.receipt;
    assert.deepEqual({ agree, dissent, seq, rid }, { agree: [2], dissent: [], seq: 1, rid: 2 });
    assert.deepEqual(copies.calls, []);
  },
);

for (const read of ["fast", "voted", "recount"] as const) {
  copiesTest(`${read} read: waits for the position that was seen`, THREE, async (copies) => {
    await copies.server(1).only.apply(DEARER);
    await copies.server(3).only.apply(DEARER);
    const reading = copies.begin(2, { ...ITEMS, read, after: 2 });
    await copies.advance(300);
    await copies.server(2).only.apply(DEARER);
    const { rows, answer } = await copies.wait(reading);
    assert.equal(rows[0]?.[1], 31);
    assert.equal(answer.receipt.seq, 2);
  });

  copiesTest(`${read} read: is sent elsewhere where that takes too long`, THREE, async (copies) => {
    const began = copies.clock.now();
    const { code } = await failure(copies.ask(2, { ...ITEMS, read, after: 2 }));
    assert.equal(code, "BEHIND");
    assert.ok(copies.clock.now() - began < 2500);
  });

  copiesTest(`${read} read: is refused where the copy serves nothing`, THREE, async (copies) => {
    copies.server(2).only.trouble = new MinisqlError("DIVERGED", "It is being repaired");
    const { code, message } = await failure(copies.ask(2, { ...ITEMS, read }));
    assert.deepEqual({ code, message }, { code: "DIVERGED", message: "It is being repaired" });
  });
}

copiesTest(
  "latest read: only the primary answers, once it knows it still is",
  THREE,
  async (copies) => {
    const { only } = copies.server(1);
    assert.equal((await failure(copies.ask(2, { ...ITEMS, read: "latest" }))).code, "NOT_PRIMARY");
    only.confirmed = async () => {
      await copies.clock.sleep(20);
      await only.apply(DEARER);
      return only.applied;
    };
    const { rows, answer } = await copies.ask(1, { ...ITEMS, read: "latest" });
    assert.equal(rows[0]?.[1], 31);
    assert.equal(answer.receipt.seq, 2);
    assert.deepEqual(copies.calls, []);
  },
);

copiesTest(
  "latest read: a primary changed beside the cluster does not answer",
  THREE,
  async (copies) => {
    const { only } = copies.server(1);
    await copies.server(1).edit(DEARER);
    assert.equal((await failure(copies.ask(1, { ...ITEMS, read: "latest" }))).code, "DIVERGED");
    assert.equal(only.lost.length, 1);
  },
);

copiesTest(
  "read: what fails in the database fails for the client as MySQL says",
  THREE,
  async (copies) => {
    const sql = "SELECT (SELECT id FROM items) FROM items";
    const { code, errno } = await failure(copies.ask(2, { region: "items", sql }));
    assert.deepEqual({ code, errno }, { code: "SQL", errno: 1242 });
    assert.equal((await copies.ask(2, ITEMS)).rows.length, 2);
  },
);

copiesTest("read: columns are told also where there are no rows", THREE, async (copies) => {
  const { caller } = await copies.wait(copies.channel("client", 2).connect());
  const sql = "SELECT id FROM items WHERE id > 9";
  const stream = caller.rows("query", { region: "items", epoch: 3, sql });
  const { items } = await copies.wait(stream.collect());
  assert.deepEqual(items.flat(), []);
  assert.deepEqual((await stream.columns).map(({ name }) => name), ["id"]);
});

copiesTest(
  "read: SHOW and EXPLAIN are answered, and vouched for like all else",
  THREE,
  async (copies) => {
    const shown = await copies.ask(2, { region: "items", sql: "SHOW COLUMNS FROM items" });
    assert.deepEqual(shown.rows.map(([name]) => name), ["id", "price"]);
    const tables = await copies.ask(2, { region: "items", sql: "SHOW TABLES" });
    assert.ok(tables.rows.some(([name]) => name === "items"));
  },
);

copiesTest(
  "read: several regions are read in one moment, each at its position",
  TWO_REGIONS,
  async (copies) => {
    await copies.write("orders", ["INSERT INTO orders VALUES (8, 1)"]);
    const also = [{ region: "items", epoch: 3, after: 1 }];
    const { rows, answer } = await copies.ask(2, { region: "orders", after: 2, also, sql: JOIN });
    assert.deepEqual(rows.toSorted(), [[7, 40], [8, 30]]);
    const { region, seq, fingerprint } = answer.receipt;
    assert.deepEqual({ region, seq, fingerprint }, { region: "orders", seq: 2, fingerprint: null });
    assert.deepEqual(answer.receipt.also, [{ region: "items", epoch: 3, seq: 1 }]);
  },
);

copiesTest(
  "read: each of several regions must be where it was seen, and right",
  TWO_REGIONS,
  async (copies) => {
    const late = [{ region: "items", epoch: 3, after: 5 }];
    const behind = await failure(copies.ask(2, { region: "orders", also: late, sql: JOIN }));
    assert.equal(behind.code, "BEHIND");
    await copies.server(2).edit(DEARER);
    await copies.server(2).replica("items").reload();
    const also = [{ region: "items", epoch: 3, after: 1 }];
    const { code, message } = await failure(copies.ask(2, { region: "orders", also, sql: JOIN }));
    assert.equal(code, "DIVERGED", message);
    assert.equal(copies.server(2).replica("items").lost.length, 1);
    assert.deepEqual(copies.server(2).replica("orders").lost, []);
  },
);

copiesTest("read: behind a name that is no table may be any table", THREE, async (copies) => {
  for (const server of copies.servers) {
    await server.edit("CREATE VIEW dear AS SELECT * FROM items WHERE price > 35");
  }
  const view = { region: "items", sql: "SELECT * FROM dear" } as const;
  assert.deepEqual((await copies.ask(2, view)).rows, [[2, 40]]);
  await copies.server(2).edit("UPDATE items SET price = 50 WHERE id = 1");
  await copies.server(2).only.reload();
  assert.equal((await failure(copies.ask(2, view))).code, "DIVERGED");
});

copiesTest("read: one that waits too long for a session ends by its deadline", {
  ...THREE,
  limits: { sessionsMax: 1 },
}, async (copies) => {
  // Their peers are silent, so the first read holds the only session while it waits for votes.
  await copies.ask(2, ITEMS);
  await copies.write("items", [DEARER]);
  copies.network.freeze("s1");
  copies.network.freeze("s3");
  const { caller } = await copies.wait(copies.channel("client", 2).connect());
  const first = failure(caller.rows("query", { ...ITEMS, epoch: 3 }).collect());
  const second = failure(
    caller.rows("query", { ...ITEMS, epoch: 3 }, { timeoutMs: 300 }).collect(),
  );
  assert.ok(["TIMEOUT", "UNAVAILABLE"].includes((await copies.wait(second)).code));
  assert.equal((await copies.wait(first)).code, "BEHIND");
});

copiesTest("read: a client that goes away leaves its session to others", {
  ...THREE,
  limits: { sessionsMax: 1 },
}, async (copies) => {
  await copies.ask(2, ITEMS);
  await copies.write("items", [DEARER]);
  copies.network.freeze("s1");
  copies.network.freeze("s3");
  const gone = new AbortController();
  const reading = failure(copies.begin(2, ITEMS, gone.signal));
  await copies.advance(20);
  gone.abort();
  assert.equal((await copies.wait(reading)).code, "CANCELLED");
  const began = copies.clock.now();
  const { rows } = await copies.ask(2, { ...ITEMS, read: "fast" });
  assert.equal(rows.length, 2);
  assert.ok(copies.clock.now() - began < 100);
});
