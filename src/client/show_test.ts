/** Names as LIKE has them. */
import assert from "node:assert/strict";
import { isLike } from "./show.ts";

Deno.test("show: LIKE knows any text, one character, escapes, and no case", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["orders", "orders", true],
    ["orders", "ORDERS", true],
    ["orders", "order", false],
    ["orders", "o%s", true],
    ["orders", "%", true],
    ["orders", "_rder_", true],
    ["orders", "_", false],
    ["a_b", "a\\_b", true],
    ["axb", "a\\_b", false],
    ["a.b", "a.b", true],
    ["axb", "a.b", false],
    ["größe", "GRÖ_E", true],
    ["😀", "_", true],
    ["a\\", "a\\", true],
    ["line\nbreak", "line%k", true],
  ];
  for (const [name, pattern, expected] of cases) {
    assert.equal(isLike(name, pattern), expected, `${name} LIKE ${pattern}`);
  }
});
