/** Reads of one row by its key, where the engine has a way for many of them to share. */
import assert from "node:assert/strict";
import { copiesTest, failure, type ReadCopies } from "../../../tests/support/read_copies.ts";
import type { Found, Lookup, Lookups } from "../../ports/engine.ts";

const SHOP = {
  copies: 3,
  regions: {
    shop: [
      "CREATE TABLE items (id INT PRIMARY KEY, price INT)",
      "INSERT INTO items VALUES (7, 7), (8, 8)",
    ],
  },
};
const ONE = { region: "shop", sql: "SELECT price FROM items WHERE id = 7" } as const;
const DEARER = "UPDATE items SET price = price + 1 WHERE id = 7";

/** Gives a server's engine lookups, each of which is one more of those that come back. */
function withLookups(
  copies: ReadCopies,
  rid: number,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Lookup[] {
  const { engine } = copies.server(rid);
  const made: Lookup[] = [];
  const find = async (lookup: Lookup): Promise<Found> => {
    made.push(lookup);
    const session = await engine.session();
    try {
      const { columns, rows } = await session.run(lookup.sql, lookup);
      await meanwhile();
      const kept = lookup.kept ? await session.fingerprint(lookup.table) : null;
      return { columns, rows, kept };
    } finally {
      await session.close();
    }
  };
  const lookups: Lookups = { find };
  Object.assign(engine, { lookups });
  return made;
}

copiesTest(
  "lookup: at every level but the recount, and the kept fingerprint where it is needed",
  SHOP,
  async (copies) => {
    const made = [1, 2].map((rid) => withLookups(copies, rid));
    for (const read of ["fast", "voted", "recount"] as const) {
      const { rows, columns, answer } = await copies.ask(2, { ...ONE, read });
      assert.deepEqual([rows, columns], [[[7]], ["price"]]);
      assert.equal(answer.receipt.seq, 1);
      assert.equal(answer.receipt.agree.length >= 2, read !== "fast");
    }
    await copies.ask(1, { ...ONE, read: "latest" });
    const told = made.map((each) => each.map(({ table, kept }) => `${table} ${kept}`));
    assert.deepEqual(told, [["items true"], ["items false", "items true"]]);
  },
);

copiesTest(
  "lookup: where nothing is found the columns are told all the same",
  SHOP,
  async (copies) => {
    withLookups(copies, 2);
    const { rows, columns } = await copies.ask(2, {
      ...ONE,
      sql: "SELECT id FROM items WHERE id = 1",
    });
    assert.deepEqual([rows, columns], [[], ["id"]]);
  },
);

copiesTest(
  "lookup: a row that was changed beside the cluster is answered by nobody",
  SHOP,
  async (copies) => {
    withLookups(copies, 2);
    await copies.ask(2, ONE);
    await copies.server(2).edit(DEARER);
    assert.equal((await failure(copies.ask(2, ONE))).code, "DIVERGED");
  },
);

copiesTest(
  "lookup: one that is overtaken by a commit is done over as a transaction",
  SHOP,
  async (copies) => {
    const { only } = copies.server(2);
    await copies.write("shop", [DEARER], [2]);
    let isFirst = true;
    const made = withLookups(copies, 2, async () => {
      if (isFirst) await only.apply(DEARER);
      isFirst = false;
    });
    const { rows, answer } = await copies.ask(2, ONE);
    assert.deepEqual([rows[0]?.[0], answer.receipt.seq, made.length], [8, 2, 1]);
  },
);

copiesTest("lookup: a commit under way makes it a transaction", SHOP, async (copies) => {
  const made = withLookups(copies, 2);
  copies.server(2).only.isRestless = true;
  await copies.ask(2, ONE);
  assert.equal(made.length, 0);
});

copiesTest("lookup: none where names that differ by case could be meant", SHOP, async (copies) => {
  const made = withLookups(copies, 2);
  const { only } = copies.server(2);
  const fingerprintAt = only.fingerprintAt.bind(only);
  only.tables = () => ["Items", "items"];
  only.fingerprintAt = (table, seq) => fingerprintAt(table.toLowerCase(), seq);
  await copies.ask(2, { ...ONE, read: "fast" });
  assert.equal(made.length, 0);
  only.tables = () => ["items"];
  await copies.ask(2, { ...ONE, read: "fast" });
  assert.equal(made.length, 1);
});
