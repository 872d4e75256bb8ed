/** Which statements are lookups: queries for one row by its whole primary key, in plain words. */
import assert from "node:assert/strict";
import { type LookupTable, readLookup } from "./lookup.ts";

function table(columns: Readonly<Record<string, string>>, ...key: readonly string[]): LookupTable {
  return {
    columns: Object.entries(columns).map(([name, type]) => ({ name, type })),
    indexes: [
      { name: "by_name", columns: ["name"] },
      ...(key.length === 0 ? [] : [{ name: "PRIMARY", columns: key }]),
    ],
  };
}

const TABLES: Readonly<Record<string, LookupTable>> = {
  users: table({ id: "bigint(20) unsigned", name: "varchar(50)", limit: "int(11)" }, "id"),
  "my users": table({ Id: "int", "full name": "text" }, "Id"),
  pairs: table(
    { left_id: "int(11)", right_id: "varchar(36)", name: "char(3)" },
    "left_id",
    "right_id",
  ),
  sizes: table({ id: "mediumint(8)", name: "text", at: "point" }, "id"),
  places: table({ id: "int", name: "text", area: "multipolygon" }, "id"),
  codes: table({ code: "binary(16)", name: "varchar(9)" }, "code"),
  prices: table({ price: "decimal(10,2)", name: "text" }, "price"),
  heaps: table({ id: "int", name: "text" }),
  papers: table({ id: "int", name: "text", body: "longtext" }, "id"),
};

function tableOf(sql: string): string | null {
  return readLookup(sql, (name) => TABLES[name] ?? null);
}

const LOOKUPS: readonly (readonly [sql: string, table: string])[] = [
  ["SELECT * FROM users WHERE id = 5", "users"],
  ["select  id , NAME\nfrom users where ID=5", "users"],
  ["SELECT name FROM users WHERE id = -1 LIMIT 1", "users"],
  ["SELECT `limit` FROM `users` WHERE `id` = 18446744073709551", "users"],
  ["SELECT `full name` FROM `my users` WHERE id = 1", "my users"],
  ["SELECT id FROM users WHERE name = 'O, FROM WHERE AND x = 1' AND id = 3", "users"],
  ["SELECT * FROM pairs WHERE right_id = 'a-b' AND left_id = 3", "pairs"],
  ["SELECT * FROM codes WHERE code = 'abc'", "codes"],
  ["SELECT * FROM sizes WHERE id = 5", "sizes"],
];

for (const [sql, table] of LOOKUPS) {
  Deno.test(`lookup: ${JSON.stringify(sql)}`, () => assert.equal(tableOf(sql), table));
}

const OTHERS: readonly string[] = [
  // More than one row, or nobody knows how many.
  "SELECT * FROM users",
  "SELECT * FROM users WHERE name = 'a'",
  "SELECT * FROM users WHERE id > 5",
  "SELECT * FROM users WHERE id = 5 OR 1 = 1",
  "SELECT * FROM users WHERE NOT id = 5",
  "SELECT * FROM pairs WHERE left_id = 3",
  "SELECT * FROM pairs WHERE left_id = 3 AND left_id = 4",
  "SELECT * FROM heaps WHERE id = 1",
  // What is compared would have to be converted first, row by row.
  "SELECT * FROM users WHERE id = '5'",
  "SELECT * FROM users WHERE id = 5.0",
  "SELECT * FROM users WHERE id = 5e3",
  "SELECT * FROM pairs WHERE left_id = 3 AND right_id = 7",
  "SELECT * FROM pairs WHERE left_id = 3 AND right_id = 'é'",
  "SELECT * FROM prices WHERE price = 5",
  // Who knows what it takes.
  "SELECT SLEEP(5) FROM users WHERE id = 5",
  "SELECT name, (SELECT 1) FROM users WHERE id = 5",
  "SELECT * FROM users, users AS u WHERE id = 5",
  "SELECT * FROM users WHERE id = 5 FOR UPDATE",
  "SELECT body FROM papers WHERE id = 5",
  "SELECT name FROM papers WHERE id = 5",
  "SELECT name FROM places WHERE id = 5",
  `SELECT * FROM users WHERE name = '${"x".repeat(1024)}' AND id = 5`,
  // Other statements, words that are no names, and what could end the statement.
  "DELETE FROM users WHERE id = 5",
  "SELECT DISTINCT name FROM users WHERE id = 5",
  "SELECT limit FROM users WHERE id = 5",
  "SELECT current_user FROM users WHERE id = 5",
  "SELECT age FROM users WHERE id = 5",
  "SELECT * FROM users WHERE id = 5 AND age = 3",
  "SELECT * FROM shop.users WHERE id = 5",
  "SELECT * FROM strangers WHERE id = 5",
  "SELECT * FROM users WHERE id = 5; DROP TABLE users",
  "SELECT * FROM users WHERE id = 5 -- ",
  "SELECT * FROM users WHERE id = 5 /* 1 */",
  "SELECT * FROM users WHERE name = 'a\\' AND id = 5 AND name = '\\'",
  "SELECT * FROM users WHERE name = 'a''b' AND id = 5",
  "/*+ minisql_read(latest) */ SELECT * FROM users WHERE id = 5",
];

for (const sql of OTHERS) {
  Deno.test(`lookup: not ${JSON.stringify(sql.slice(0, 80))}`, () => {
    assert.equal(tableOf(sql), null);
  });
}
