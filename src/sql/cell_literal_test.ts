import assert from "node:assert/strict";
import { cellLiteral } from "./cell_literal.ts";

Deno.test("cell literals: each kind is written so that it is read back the same", () => {
  assert.equal(cellLiteral(null, "text"), "NULL");
  assert.equal(cellLiteral(-7, "integer"), "-7");
  assert.equal(cellLiteral("18446744073709551615", "integer"), "18446744073709551615");
  assert.equal(cellLiteral("-0.10", "decimal"), "-0.10");
  assert.equal(cellLiteral(0.1, "float"), "0.1e0");
  assert.equal(cellLiteral(1e300, "float"), "1e300");
  assert.equal(cellLiteral("-0", "float"), "-0e0");
  assert.equal(cellLiteral(2024, "year"), "2024");
  assert.equal(cellLiteral(Uint8Array.of(0, 39), "bytes"), "x'0027'");
  assert.equal(cellLiteral(Uint8Array.of(2, 1), "bit"), "513");
  assert.equal(cellLiteral("it's \\ é", "text"), "'it''s \\\\ é'");
  assert.equal(cellLiteral("2024-02-29 00:00:00", "datetime"), "'2024-02-29 00:00:00'");
  assert.equal(cellLiteral('{"a": "b"}', "json"), `'{"a": "b"}'`);
});
