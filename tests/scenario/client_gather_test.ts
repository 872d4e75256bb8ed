/** Queries on tables that no server holds all of, in whole clusters of real roles. */
import assert from "node:assert/strict";
import type { Client, QueryOptions, QueryResult } from "../../src/client/api.ts";
import { READ_LEVELS } from "../../src/protocol/calls/region.ts";
import type { ReadLimits } from "../../src/region/read/limits.ts";
import { RoleCluster } from "../support/client/role_cluster.ts";
import { is } from "../support/is.ts";

interface Story {
  readonly cluster: RoleCluster;
  readonly client: Client;
  run(sql: string, options?: QueryOptions): Promise<QueryResult>;
  /** The servers that hold a table, its primary first. */
  holders(table: string): Promise<readonly number[]>;
}

/** Six servers: three hold `customer`, the other three `sale`, of which there is more. */
function gatherStory(
  what: string,
  body: (story: Story) => Promise<void>,
  limits: Partial<ReadLimits> = {},
): void {
  Deno.test(`gathering: ${what}`, async () => {
    const cluster = await RoleCluster.start(6, limits);
    const client = cluster.client();
    const run = (sql: string, options?: QueryOptions) =>
      cluster.outcome(client.query(sql, [], options));
    await run("CREATE TABLE customer (id INT PRIMARY KEY, name VARCHAR(20), country CHAR(2))");
    await run("CREATE TABLE sale (id INT PRIMARY KEY, customer INT NOT NULL, total DECIMAL(8,2))");
    await run("INSERT INTO customer VALUES (1, 'Ann', 'DE'), (2, 'Bob', 'FR'), (3, 'Cid', 'DE')");
    await run("INSERT INTO sale VALUES (10, 1, 5.50), (11, 1, 7), (12, 2, 1), (13, 9, 2)");
    const holders = async (table: string) => {
      const route = await cluster.outcome(client.admin.locate(table));
      return [route?.primary, ...route?.slaves ?? []].map((each) => each?.rid ?? 0);
    };
    try {
      const [customers, sales] = [await holders("customer"), await holders("sale")];
      assert.deepEqual(customers.filter((rid) => sales.includes(rid)), [], "they are apart");
      await body({ cluster, client, run, holders });
    } finally {
      await cluster.close();
    }
  });
}

const JOIN = "SELECT c.name, SUM(s.total) FROM customer c JOIN sale s ON s.customer = c.id " +
  "WHERE c.country = 'DE' GROUP BY c.id, c.name";
const JOINED = [["Ann", "12.50"]];

gatherStory("the answer is that of one database, and the receipt names all", async (story) => {
  const { rows, receipt } = await story.run(JOIN);
  assert.deepEqual(rows, JOINED);
  assert.ok(receipt);
  const sales = await story.holders("sale");
  assert.ok(sales.includes(receipt.rid), "it runs where most of the rows are");
  assert.ok(receipt.agree.length >= 2);
  const [also] = receipt.also ?? [];
  const customers = await story.holders("customer");
  assert.ok(also?.gathered && customers.includes(also.gathered.rid));
  assert.ok(also.gathered.agree.length >= 2);
  assert.ok(also.gathered.agree.every((rid) => customers.includes(rid)));
  assert.deepEqual(also.gathered.tables, [
    { table: "customer", rows: 2, where: "`country` = 'DE'" },
  ]);
});

gatherStory("each level but recount is kept in every part", async ({ run, holders }) => {
  for (const read of READ_LEVELS) {
    const left = "SELECT s.id, c.name FROM sale s LEFT JOIN customer c ON c.id = s.customer " +
      "UNION SELECT id, name FROM customer WHERE id > 2 ORDER BY 1";
    const asked = run(left, { read });
    if (read === "recount") {
      await assert.rejects(asked, is("UNSUPPORTED", /recount.*read at level voted/));
      continue;
    }
    const { rows, receipt } = await asked;
    assert.deepEqual(rows, [[3, "Cid"], [10, "Ann"], [11, "Ann"], [12, "Bob"], [13, null]]);
    if (read !== "latest") continue;
    const primaries = [receipt?.rid, receipt?.also?.[0]?.gathered?.rid];
    assert.deepEqual(primaries, [(await holders("sale"))[0], (await holders("customer"))[0]]);
  }
});

gatherStory("a session sees its own writes in every part, and goes never back", async (story) => {
  const { cluster, client } = story;
  const session = client.session();
  for (let id = 20; id < 40; id++) {
    await cluster.outcome(session.query(`INSERT INTO customer VALUES (${id}, 'new', 'IT')`));
    await cluster.outcome(session.query(`INSERT INTO sale VALUES (${id}, ${id}, 1)`));
    const read = id % 2 === 0 ? "fast" : "voted";
    const sql = "SELECT COUNT(*) FROM sale JOIN customer ON customer.id = sale.customer";
    const { rows } = await cluster.outcome(session.query(sql, [], { read }));
    assert.deepEqual(rows, [[3 + id - 20 + 1]]);
  }
});

gatherStory("over the limit it says what to do", async ({ run }) => {
  const all = "SELECT c.name, s.id FROM sale s JOIN customer c ON c.id = s.customer";
  await assert.rejects(
    run(all),
    is("UNSUPPORTED", /rows of customer.*more than 2 rows \(--gather-rows\).*foreign key/),
  );
  await assert.rejects(run(`${all} WHERE c.id > 0`), is("UNSUPPORTED", /condition `id` > 0/));
  const { rows } = await run(`${all} WHERE c.name = 'Bob'`);
  assert.deepEqual(rows, [["Bob", 12]]);
}, { gatherRows: 2 });

gatherStory("bytes are limited too", async ({ run }) => {
  const long = "x".repeat(20);
  await run(`INSERT INTO customer VALUES (4, '${long}', 'DE'), (5, '${long}', 'DE')`);
  const error = is("UNSUPPORTED", /more than .* MiB \(--gather-size\)/);
  await assert.rejects(run(JOIN), error);
}, { gatherBytes: 60 });

gatherStory("what would not mean the same is refused", async (story) => {
  const { run, cluster, client } = story;
  const from = "FROM sale s JOIN customer c ON c.id = s.customer";
  for (
    const [sql, why] of [
      [`SELECT c.name ${from} FOR UPDATE`, /locks rows/],
      [`EXPLAIN SELECT c.name ${from}`, /EXPLAIN/],
      [`SELECT MATCH (c.name) AGAINST ('x') ${from}`, /MATCH/],
      [`SELECT DEFAULT(c.name) ${from}`, /DEFAULT/],
      ["SELECT 1 FROM sale USE INDEX (PRIMARY), customer", /INDEX/],
    ] as const
  ) await assert.rejects(run(sql), is("UNSUPPORTED", why), sql);
  await assert.rejects(run(`SELECT c.nothing ${from}`), is("SQL", /nothing/, 1054));
  await assert.rejects(
    cluster.outcome(client.transaction(async (transaction) => {
      await transaction.query("SELECT 1 FROM sale");
      return await transaction.query(JOIN);
    })),
    is("UNSUPPORTED", /region/),
  );
});

gatherStory("what it would gather can be seen without doing it", async (story) => {
  const { cluster, client, holders } = story;
  const plan = await cluster.outcome(client.admin.gathering(JOIN, "voted"));
  assert.ok(plan);
  assert.ok((await holders("sale")).includes(plan.rid));
  const [piece] = plan.pieces;
  assert.deepEqual(plan.pieces, [{
    ...{ region: piece?.region, rid: piece?.rid, table: "customer" },
    ...{ columns: ["id", "name", "country"], where: "`country` = 'DE'" },
  }]);
  assert.equal(plan.rowsMax, 100_000);
  const alone = client.admin.gathering("SELECT * FROM sale", "voted");
  assert.equal(await cluster.outcome(alone), null);
});

gatherStory("a copy that lies about its rows is out-voted before they are used", async (story) => {
  const { run, cluster, holders } = story;
  const [, liar = 0] = await holders("customer");
  const session = await cluster.engineOf(liar).session();
  await session.run("UPDATE customer SET country = 'FR' WHERE id = 1", { timeoutMs: 1000 });
  await session.close();
  for (let i = 0; i < 6; i++) {
    const { rows, receipt } = await run(JOIN);
    assert.deepEqual(rows, JOINED);
    assert.notEqual(receipt?.also?.[0]?.gathered?.rid, liar);
  }
});

gatherStory("servers that die are done without, on both sides", async (story) => {
  const { run, cluster, client, holders } = story;
  const { receipt } = await run(JOIN);
  const source = receipt?.also?.[0]?.gathered?.rid ?? 0;
  const asked = client.query(JOIN);
  await cluster.world.advance(1);
  cluster.serverOf(source).stop();
  assert.deepEqual((await cluster.outcome(asked)).rows, JOINED);
  assert.deepEqual((await run(JOIN)).rows, JOINED);
  const again = client.query(JOIN);
  await cluster.world.advance(1);
  cluster.serverOf((await holders("sale"))[1] ?? 0).stop();
  assert.deepEqual((await cluster.outcome(again)).rows, JOINED);
});

gatherStory("who cancels, or waits no longer, leaves nothing behind", async (story) => {
  const { run, cluster, client } = story;
  for (let ms = 0; ms < 12; ms++) {
    const abort = new AbortController();
    const asked = client.query(JOIN, [], { signal: abort.signal });
    await cluster.world.advance(ms);
    abort.abort();
    const end = await cluster.outcome(asked).catch((error) => error);
    assert.ok(end.rows !== undefined || end.code === "CANCELLED", Deno.inspect(end));
    const late = await run(JOIN, { timeoutMs: ms + 1 }).catch((error) => error);
    assert.ok(late.rows !== undefined || late.code === "TIMEOUT", Deno.inspect(late));
  }
  assert.deepEqual((await run(JOIN)).rows, JOINED);
}, { gathersMax: 1 });

gatherStory("a table changed meanwhile is gathered as it is then", async ({ run }) => {
  assert.deepEqual((await run(JOIN)).rows, JOINED);
  await run("ALTER TABLE customer ADD COLUMN age INT NOT NULL DEFAULT 7 FIRST");
  const sql = "SELECT c.* FROM customer c JOIN sale s ON s.customer = c.id WHERE s.id = 12";
  assert.deepEqual((await run(sql)).rows, [[7, 2, "Bob", "FR"]]);
  await run("RENAME TABLE customer TO buyer");
  const renamed = JOIN.replace("customer c", "buyer c");
  assert.deepEqual((await run(renamed)).rows, JOINED);
  await assert.rejects(run(JOIN), is("NO_SUCH_TABLE", /customer/));
});
