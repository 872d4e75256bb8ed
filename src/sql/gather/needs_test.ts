import assert from "node:assert/strict";
import { type NamedTable, type Need, needsOf } from "./needs.ts";

function table(name: string, ...columns: readonly string[]): NamedTable {
  return { name, columns: columns.map((each) => ({ name: each })) };
}

const TABLES = [
  table("orders", "id", "customer", "total", "state"),
  table("customers", "id", "name", "country"),
];

function need(sql: string, name: string): Need {
  const found = needsOf(sql, TABLES).get(name);
  assert.ok(found);
  return found;
}

function where(sql: string, name = "orders"): string | null {
  return need(sql, name).where;
}

/** Of what follows `SELECT o.id FROM orders o JOIN customers c ON o.customer = c.id`. */
function whereOf(rest: string, name = "orders"): string | null {
  return where(`SELECT o.id FROM orders o JOIN customers c ON o.customer = c.id ${rest}`, name);
}

Deno.test("needsOf() finds the columns that a query names, wherever", () => {
  const { columns } = need(
    "SELECT c.name FROM customers c JOIN orders o ON o.customer = c.id ORDER BY `TOTAL`",
    "orders",
  );
  assert.deepEqual(columns, ["id", "customer", "total"]);
});

Deno.test("needsOf() takes all columns where a star stands for them", () => {
  const all = ["id", "customer", "total", "state"];
  for (
    const sql of [
      "SELECT * FROM orders",
      "SELECT o.*, 1 FROM orders o",
      "SELECT 1 FROM customers WHERE EXISTS (SELECT * FROM orders)",
      "SELECT 1 FROM customers NATURAL JOIN orders",
      "TABLE orders",
    ]
  ) assert.deepEqual(need(sql, "orders").columns, all, sql);
  assert.deepEqual(need("SELECT COUNT(*), 2 * total FROM orders", "orders").columns, ["total"]);
});

Deno.test("needsOf() hands conditions on one table down to it", () => {
  assert.equal(whereOf("WHERE o.total > 10 AND c.name = 'x'"), "`total` > 10");
  assert.equal(whereOf("WHERE o.total > 10 AND c.name = 'x'", "customers"), "`name` = 'x'");
  assert.equal(whereOf("AND o.state = 'new'"), "`state` = 'new'");
  assert.equal(whereOf("WHERE total = -1"), "`total` = -1");
  assert.equal(
    whereOf("WHERE o.total BETWEEN 1 AND 2 AND o.state IN ('a', 'b')"),
    "(`total` BETWEEN 1 AND 2) AND (`state` IN ('a', 'b'))",
  );
  assert.equal(
    whereOf("WHERE (o.total = 1 OR NOT (o.state LIKE 'n%' AND o.total IS NOT NULL))"),
    "(`total` = 1) OR (NOT ((`state` LIKE 'n%') AND (`total` IS NOT NULL)))",
  );
  assert.equal(whereOf("WHERE o.total = 1 AND c.orders = o.orders"), "`total` = 1");
  assert.equal(whereOf("WHERE DATE '2024-01-31' <= o.total"), "DATE '2024-01-31' <= `total`");
});

Deno.test("needsOf() leaves alone what it cannot be certain of", () => {
  for (
    const rest of [
      "WHERE id = 1",
      "WHERE o.total > 10 OR c.name = 'x'",
      "WHERE o.total + 1 > 10",
      "WHERE o.total > RAND()",
      "WHERE o.total > 1 XOR o.state = 'x'",
      "WHERE o.total > 1 || o.state = 'x'",
      "WHERE CASE WHEN end = 1 AND o.total = 2 AND o.state = 3 THEN 1 ELSE 0 END",
      "WHERE o.total = CURRENT_DATE",
      "WHERE o.total > (SELECT 1)",
      "WHERE o.total = 1 = 0",
      "WHERE NOT o.total = 1",
      "WHERE o.state LIKE 'a|%' ESCAPE '|'",
      "WHERE o.state = 'a' COLLATE utf8mb4_bin",
      "WHERE o.state = 'a' 'b'",
      "WHERE o.nothing = 1",
      "WHERE x.total = 1",
      "WHERE 1 = 1",
      "HAVING o.total > 1",
    ]
  ) assert.equal(whereOf(rest), null, rest);
});

Deno.test("needsOf() knows which side of an outer join may be missing", () => {
  const left = (rest: string) => `SELECT o.id FROM customers c LEFT JOIN orders o ON ${rest}`;
  assert.equal(where(left("c.id = o.customer WHERE o.total = 1")), null);
  assert.equal(where(left("c.id = o.customer AND o.total = 1")), "`total` = 1");
  assert.equal(where(left("c.name = 'x' WHERE o.total IS NULL"), "customers"), null);
  assert.equal(where(left("o.id = 1 WHERE c.name = 'x'"), "customers"), "`name` = 'x'");
  const right = "SELECT o.id FROM orders o RIGHT JOIN customers c ON o.total = 1 AND c.name = 'y'";
  assert.equal(where(`${right} WHERE c.name = 'x' AND o.state = 'z'`), "`total` = 1");
  assert.equal(where(`${right} WHERE c.name = 'x'`, "customers"), "`name` = 'x'");
  const nested = "SELECT 1 FROM customers c LEFT JOIN (orders o JOIN customers d ON o.total = 1) " +
    "ON o.state = 'x' AND d.name = 'y' WHERE o.id = 5";
  assert.equal(where(nested), "(`state` = 'x') AND (`total` = 1)");
});

Deno.test("needsOf() joins what several places need of a table, if all of them say it", () => {
  const union = "SELECT id FROM orders WHERE total = 1 UNION SELECT id FROM orders";
  assert.equal(where(union), null);
  assert.equal(where(`${union} WHERE state = 'x'`), "(`total` = 1) OR (`state` = 'x')");
  const inner = "SELECT name FROM customers WHERE id IN (SELECT customer FROM orders WHERE id = 7)";
  assert.equal(where(inner), "`id` = 7");
  assert.equal(where(inner, "customers"), null);
  assert.equal(
    where("WITH o AS (SELECT * FROM orders WHERE total = 1) SELECT * FROM o WHERE state = 2"),
    "`total` = 1",
  );
});

Deno.test("needsOf() takes nothing from a query whose names mean something else", () => {
  for (
    const sql of [
      "WITH orders AS (SELECT * FROM orders WHERE id = 1) SELECT * FROM orders WHERE total = 1",
      // The inner total is the outer query's.
      "SELECT 1 FROM orders WHERE EXISTS (SELECT 1 FROM customers WHERE total = 1)",
      "SELECT 1 FROM orders o, (SELECT 1 AS total) d WHERE total = 1",
      "SELECT 1 FROM orders a LEFT JOIN customers b LEFT JOIN orders c ON c.id = 1 ON a.id = 1",
      "SELECT 1 FROM orders, orders AS p WHERE orders.id = 1",
      "SELECT 1 FROM orders o WHERE o.id = 1 AND EXISTS (SELECT FROM .orders)",
      "SELECT 1 FROM customers c JOIN orders o ON c.id = orders WHERE o.id = 1",
      "SELECT 1 FROM orders JOIN customers USING (id) WHERE id = 1",
    ]
  ) assert.equal(where(sql), null, sql);
  const outer = "SELECT 1 FROM customers WHERE EXISTS " +
    "(SELECT 1 FROM customers a JOIN customers b ON total = 1 JOIN orders)";
  assert.equal(where(outer), null, "an ON sees only what it joins");
});
