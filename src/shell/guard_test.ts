/** Which statements are asked about, and by which name. */
import assert from "node:assert/strict";
import { firstWord } from "./first_word.ts";
import { dangerOf } from "./guard.ts";

const CASES: readonly (readonly [sql: string, name: string | null])[] = [
  ["DROP TABLE IF EXISTS orders, other", "orders"],
  ["/* x */ drop table `my orders`", "my orders"],
  ["drop database shop", "shop"],
  ["drop schema if exists `shop`", "shop"],
  ["truncate table orders", "orders"],
  ["-- why\ndelete from orders", "orders"],
  ["delete from orders where id = 1", null],
  ["delete from orders order by id limit 1", null],
  ["delete o from orders o join other x on x.id = o.id", null],
  ["update orders set n = (select max(n) from other where id = 3)", "orders"],
  ["update orders set n = 1 WHERE id in (1)", null],
  ["update orders set note = 'where'", "orders"],
  ["with x as (select 1 as id where true) delete from orders", "orders"],
  ["insert into orders select * from other", null],
  ["select 1", null],
  ["drop index i on orders", null],
  ["delete nonsense from", null],
];

Deno.test("guard: what destroys data is asked about by the name of what it destroys", () => {
  for (const [sql, name] of CASES) assert.equal(dangerOf(sql)?.name ?? null, name, sql);
});

Deno.test("first word: comments and parentheses in front do not count", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["  select 1", "SELECT"],
    ["((select 1))", "SELECT"],
    ["# a\n-- b\n/* c */show tables", "SHOW"],
    ["--\nx", "X"],
    ["/*! select 1 */", ""],
    ["", ""],
  ];
  for (const [sql, word] of cases) assert.equal(firstWord(sql), word, sql);
});
