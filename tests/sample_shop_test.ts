/** The sample shop is made by statements that the embedded engine takes, once. */
import assert from "node:assert/strict";
import { SeededRandom } from "../src/adapters/seeded_random.ts";
import { SqliteEngine } from "../src/adapters/sqlite/engine.ts";
import { SystemClock } from "../src/adapters/system_clock.ts";
import { loadShop } from "../src/cli/up/sample_shop.ts";

Deno.test("sample shop: three tables with rows, which stay as they are when loaded again", async () => {
  const engine = new SqliteEngine({ clock: new SystemClock(), random: new SeededRandom(1) });
  const session = await engine.session();
  const client = { query: (sql: string) => session.run(sql, { timeoutMs: 5000 }) };
  const inTurn = inOrder(client);
  await loadShop(inTurn);
  await client.query("UPDATE products SET stock = 0 WHERE id = 1");
  await loadShop(inTurn);
  assert.deepEqual(await engine.tables(), ["customers", "orders", "products"]);
  const { rows } = await client.query(
    "SELECT COUNT(*), COUNT(DISTINCT c.id), COUNT(DISTINCT p.id), MIN(p.stock) FROM orders o " +
      "JOIN customers c ON c.id = o.customer JOIN products p ON p.id = o.product",
  );
  assert.deepEqual(rows, [[40, 8, 8, 0]]);
  await session.close();
  await engine.close();
});

/** One session takes one statement at a time; a client takes many. */
function inOrder<T>(client: { query(sql: string): Promise<T> }) {
  let last: Promise<unknown> = Promise.resolve();
  const query = (sql: string): Promise<T> => {
    const answer = last.then(() => client.query(sql));
    last = answer.catch(() => {});
    return answer;
  };
  return { query };
}
