/** What a copy answers when others ask what it holds. */
import assert from "node:assert/strict";
import { type CopiesOptions, copiesTest, failure } from "../../../tests/support/read_copies.ts";
import type { Request } from "../../protocol/messages.ts";

const OPTIONS: CopiesOptions = {
  copies: 2,
  regions: {
    shop: ["CREATE TABLE items (id INT PRIMARY KEY, price INT)", "INSERT INTO items VALUES (1, 5)"],
  },
};
const CHEAPER = "UPDATE items SET price = price - 1";
const VOTE = { region: "shop", epoch: 3, seq: 1, tables: ["items", "nowhere"] } as const;
const TALLY: Request<"tally"> = {
  parts: [{ region: "shop", epoch: 3, seq: 1, tables: ["items"] }],
  sql: "SELECT * FROM items",
  ordered: false,
};

copiesTest(
  "voter: tells what tables held, also before they were changed",
  OPTIONS,
  async (copies) => {
    const ask = async () => {
      const { caller } = await copies.wait(copies.channel("s2", 1).connect());
      return await copies.wait(caller.call("vote", VOTE));
    };
    const first = await ask();
    assert.deepEqual({
      ...first,
      fingerprints: first.fingerprints.map((each) => each?.rows ?? null),
    }, {
      rid: 1,
      fingerprints: [1, null],
      applied: 1,
      primary: true,
    });
    await copies.write("shop", [CHEAPER]);
    assert.deepEqual((await ask()).fingerprints, first.fingerprints);
    // Nor does it matter what somebody did to the rows since.
    await copies.server(1).edit(CHEAPER);
    assert.deepEqual((await ask()).fingerprints, first.fingerprints);
  },
);

copiesTest(
  "voter: is no primary of a later epoch, and answers no earlier one",
  OPTIONS,
  async (copies) => {
    const { caller } = await copies.wait(copies.channel("s2", 1).connect());
    const later = await copies.wait(caller.call("vote", { ...VOTE, epoch: 4 }));
    assert.equal(later.primary, false);
    const earlier = await failure(copies.wait(caller.call("vote", { ...VOTE, epoch: 2 })));
    assert.equal(earlier.code, "STALE_EPOCH");
  },
);

copiesTest(
  "voter: tells what a query adds up to, and on what it was run",
  OPTIONS,
  async (copies) => {
    const { caller } = await copies.wait(copies.channel("s2", 1).connect());
    const { rows, fingerprints } = await copies.wait(caller.call("tally", TALLY));
    assert.equal(rows, 1);
    assert.equal(fingerprints[0]?.[0]?.rows, 1);
  },
);

for (
  const sql of [
    "DELETE FROM items",
    "DROP TABLE items",
    "SET GLOBAL max_connections = 1",
    "SELECT * FROM items INTO OUTFILE '/tmp/items'",
    "SELECT LOAD_FILE('/etc/passwd')",
    "SELECT * FROM other.items",
    "SELECT RAND() FROM items",
  ]
) {
  copiesTest(
    `voter: runs nothing for others but what can be compared: ${sql}`,
    OPTIONS,
    async (copies) => {
      const { caller } = await copies.wait(copies.channel("s2", 1).connect());
      const error = await failure(copies.wait(caller.call("tally", { ...TALLY, sql })));
      assert.equal(error.code, "BAD_REQUEST", error.message);
    },
  );
}
