/** What is offered at the cursor. */
import assert from "node:assert/strict";
import { complete, type Names } from "./completion.ts";
import { completionColumns, sharedBeginning } from "./completion_list.ts";

const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  orders: ["id", "customer", "my column"],
  customers: ["id", "name"],
};

const NAMES: Names = {
  databases: () => Promise.resolve(["shop"]),
  tables: () => Promise.resolve(["orders", "customers"]),
  columns: (table) => Promise.resolve(COLUMNS[table] ?? []),
  servers: () => Promise.resolve(["r1", "r2"]),
};

const WORDS = { commands: ["\\d", "\\dt", "\\drain", "source"], statements: ["SHOW SERVERS"] };

/** What is offered at the `|`. */
async function offered(marked: string): Promise<readonly string[]> {
  const cursor = marked.indexOf("|");
  const { candidates } = await complete(marked.replace("|", ""), cursor, NAMES, WORDS);
  return candidates;
}

Deno.test("completion: tables follow FROM and its like, columns belong to the statement's tables", async () => {
  assert.deepEqual(await offered("select * from |"), ["customers", "orders"]);
  assert.deepEqual(await offered("select * from cus|"), ["customers"]);
  assert.deepEqual(await offered("drop table if exists o|"), ["orders"]);
  assert.ok((await offered("select c| from orders")).includes("customer"));
  assert.deepEqual(await offered("select * from orders where |"), [
    "`my column`",
    "customer",
    "id",
    "orders.",
  ]);
  assert.deepEqual(await offered("select o.| from orders o"), ["`my column`", "customer", "id"]);
  assert.deepEqual(await offered("select o.c| from orders as o join customers"), ["customer"]);
  assert.deepEqual(
    await offered("update orders set cu| "),
    ["customer"].concat([
      "curdate(",
      "current_date",
      "current_time",
      "current_timestamp",
      "curtime(",
    ]),
  );
});

Deno.test("completion: keywords keep the case that was begun in", async () => {
  assert.deepEqual(await offered("sel|"), ["select"]);
  assert.deepEqual(await offered("SEL|"), ["SELECT"]);
  assert.deepEqual(await offered("select 1; trunc|"), ["truncate"]);
  assert.ok((await offered("show s|")).includes("servers"));
  assert.deepEqual(await offered("SHOW SERV|"), ["SERVERS"]);
});

Deno.test("completion: commands, servers and databases; nothing inside strings", async () => {
  assert.deepEqual(await offered("\\d|"), ["\\d", "\\drain", "\\dt"]);
  assert.deepEqual(await offered("\\d ord|"), ["orders"]);
  assert.deepEqual(await offered("\\drain |"), ["r1", "r2"]);
  assert.deepEqual(await offered("use |"), ["shop"]);
  assert.deepEqual(await offered("select 'fr|"), []);
  assert.deepEqual(await offered("select * from `or|"), ["`orders`"]);
});

Deno.test("completion: a list stands in columns, and the shared beginning is typed", () => {
  assert.equal(sharedBeginning(["orders", "order_items"]), "order");
  assert.equal(completionColumns(["a", "bb", "c", "中文"], 12), "a     c\r\nbb    中文\r\n");
});
