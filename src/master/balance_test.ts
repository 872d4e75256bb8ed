/** Balance: when something moves, what, and what never does. */
import assert from "node:assert/strict";
import { balance, type BalanceInput, type ServerVisits } from "./balance.ts";

function server(rid: number, regions: Readonly<Record<string, number>>): ServerVisits {
  const visits = Object.values(regions).reduce((sum, each) => sum + each, 0);
  return { rid, visits, regions: new Map(Object.entries(regions)) };
}

function moves(servers: readonly ServerVisits[], more: Partial<BalanceInput> = {}): string[] {
  const option = () => "copy" as const;
  return balance({ servers, threshold: 100, option, ...more })
    .map(({ region, from, to, what }) => `${what} ${region} ${from}>${to}`);
}

Deno.test("balance: nothing moves without need", () => {
  assert.deepEqual(moves([]), []);
  assert.deepEqual(moves([server(1, { a: 900, b: 900 })]), [], "there is no other server");
  assert.deepEqual(moves([server(1, { a: 50, b: 50 }), server(2, {})]), [], "below the threshold");
  assert.deepEqual(
    moves([server(1, { a: 100, b: 100 }), server(2, { c: 100 })]),
    [],
    "twice as much is not over twice as much",
  );
});

Deno.test("balance: a region that would only carry the load along stays", () => {
  assert.deepEqual(moves([server(1, { hot: 1000 }), server(2, {})]), []);
  assert.deepEqual(moves([server(1, { hot: 1000, cool: 20 }), server(2, {})]), []);
});

Deno.test("balance: what evens out the load best moves, from the busiest to the least busy", () => {
  const busy = server(1, { a: 500, b: 310, c: 190, d: 10 });
  assert.deepEqual(moves([server(3, { x: 400 }), busy, server(2, {})]), ["copy a 1>2"]);
  const even = server(1, { a: 400, b: 300, c: 300 });
  assert.deepEqual(moves([even, server(2, { x: 100 })]), ["copy a 1>2"]);
});

Deno.test("balance: as few move as make the two even enough", () => {
  const many = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`r${i}`, 100]));
  assert.equal(moves([server(1, many), server(2, {})]).length, 3, "no more than three at a time");
  // One leaves 700 to 300, still uneven; two leave 550 to 450.
  const few = server(1, { a: 300, b: 150, c: 550 });
  assert.deepEqual(
    moves([few, server(2, {})], { option: (region) => region === "c" ? null : "copy" }),
    [
      "copy a 1>2",
      "copy b 1>2",
    ],
  );
});

Deno.test("balance: what may not move does not, and a role counts what changes sides", () => {
  const servers = [server(1, { a: 500, b: 400 }), server(2, { a: 100, b: 10 })];
  assert.deepEqual(moves(servers, { option: () => null }), []);
  // b's role takes 390 to the other server, a's would take 400: both close the gap as well.
  assert.deepEqual(moves(servers, { option: () => "role" }), ["role a 1>2"]);
  const only = (wanted: string) => (region: string) => (region === wanted ? "role" as const : null);
  assert.deepEqual(moves(servers, { option: only("b") }), ["role b 1>2"]);
});
