/** Randomness from a seed: the same again, evenly spread, and nothing shared between seeds. */
import assert from "node:assert/strict";
import { SeededRandom } from "./seeded_random.ts";

function draw(seed: number, count: number): readonly number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.next());
}

Deno.test("seeded random: a seed gives the same numbers and names every time", () => {
  assert.deepEqual(draw(42, 1_000), draw(42, 1_000));
  assert.equal(new SeededRandom(42).id(), new SeededRandom(42).id());
});

Deno.test("seeded random: what a seed gives never changes", () => {
  const random = new SeededRandom(1);
  assert.deepEqual(
    [random.next(), random.next(), random.id()],
    [0.09156953275813662, 0.8881928146554285, "6f2c548e81e3835fbf2cf5beaa5f01ad"],
  );
});

Deno.test("seeded random: every bit of a seed counts, those above 32 too", () => {
  const seeds = [0, -1, ...Array.from({ length: 53 }, (_, bit) => 2 ** bit)];
  const first = seeds.map((seed) => draw(seed, 4).join());
  assert.equal(new Set(first).size, seeds.length);
  assert.equal(new Set(Array.from({ length: 20_000 }, (_, seed) => draw(seed, 1)[0])).size, 20_000);
});

Deno.test("seeded random: numbers lie in [0, 1) and use all the bits of a double", () => {
  const numbers = draw(3, 20_000);
  assert.ok(numbers.every((n) => n >= 0 && n < 1));
  assert.ok(numbers.every((n) => Number.isInteger(n * 2 ** 53)));
  for (let bit = 1; bit <= 53; bit++) {
    const ones = numbers.filter((n) => Math.floor(n * 2 ** bit) % 2 === 1).length;
    assert.ok(Math.abs(ones - 10_000) < 400, `bit ${bit} is set in ${ones} of 20000`);
  }
});

Deno.test("seeded random: numbers are spread evenly, one after the other too", () => {
  const buckets = new Array<number>(256).fill(0);
  const numbers = draw(9, 256_001);
  numbers.slice(1).forEach((n, at) => {
    const bucket = Math.floor((numbers[at] as number) * 16) * 16 + Math.floor(n * 16);
    buckets[bucket] = (buckets[bucket] as number) + 1;
  });
  const chiSquare = buckets.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
  // With 255 degrees of freedom, 99.99 % of true random draws lie between.
  assert.ok(chiSquare > 174 && chiSquare < 347, `chi square ${chiSquare}`);
});

Deno.test("seeded random: names are 32 hexadecimal digits, none twice", () => {
  const random = new SeededRandom(5);
  const names = Array.from({ length: 10_000 }, () => random.id());
  assert.ok(names.every((name) => /^[0-9a-f]{32}$/.test(name)));
  assert.equal(new Set(names).size, names.length);
});

Deno.test("seeded random: two of one seed do not disturb each other", () => {
  const [one, two] = [new SeededRandom(8), new SeededRandom(8)];
  const alternating = Array.from({ length: 50 }, () => [one.next(), two.next()]);
  assert.ok(alternating.every(([a, b]) => a === b));
});
