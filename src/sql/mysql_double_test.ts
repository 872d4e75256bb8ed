import assert from "node:assert/strict";
import { mysqlDouble } from "./mysql_double.ts";

/** As MariaDB 10.11 prints them. */
const PRINTED: readonly (readonly [number, string])[] = [
  [0, "0"],
  [-0, "-0"],
  [0.1, "0.1"],
  [-7, "-7"],
  [123456.7890625, "123456.7890625"],
  [0.10000000149011612, "0.10000000149011612"],
  [999999986991104, "999999986991104"],
  [1e14, "100000000000000"],
  [1e15, "1e15"],
  [1e16, "1e16"],
  [1234567890123456.5, "1234567890123456.5"],
  [123456789012345678, "1.2345678901234568e17"],
  [1e-5, "0.00001"],
  [1.5e-15, "0.0000000000000015"],
  [1e-15, "0.000000000000001"],
  [1e-16, "1e-16"],
  [5e-324, "5e-324"],
  [-1.7976931348623157e308, "-1.7976931348623157e308"],
  [-2.2250738585072014e-308, "-2.2250738585072014e-308"],
];

Deno.test("doubles: they are printed as the servers print them", () => {
  for (const [value, text] of PRINTED) assert.equal(mysqlDouble(value), text);
});

Deno.test("doubles: what is printed reads back as the same double", () => {
  const bits = new BigUint64Array(1);
  const double = new Float64Array(bits.buffer);
  for (let n = 1n; n < 4000n; n++) {
    bits[0] = BigInt.asUintN(64, n * 0x9e3779b97f4a7c15n);
    const value = double[0] ?? 0;
    if (Number.isFinite(value)) assert.equal(Number(mysqlDouble(value)), value);
  }
});

Deno.test("doubles: what is no number is a bug", () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    assert.throws(() => mysqlDouble(value), { name: "InvariantError" });
  }
});
