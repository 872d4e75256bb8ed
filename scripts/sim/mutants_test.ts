import assert from "node:assert/strict";
import { MUTANTS, mutated } from "./mutants.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("every mutant can still be planted", async () => {
  for (const mutant of MUTANTS) {
    for (const file of new Set(mutant.edits.map(({ file }) => file))) {
      const text = await Deno.readTextFile(new URL(file, ROOT));
      assert.notEqual(mutated(mutant, file, text), text);
    }
  }
});

Deno.test("the classic bugs are all there, once", () => {
  const ids = MUTANTS.map(({ id }) => id);
  const classic = Array.from({ length: 26 }, (_, at) => `M${at + 1}`);
  assert.deepEqual(ids.filter((id) => id.startsWith("M")), classic);
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("mutated() refuses an edit that fits nowhere, or twice", () => {
  const mutant = { id: "M0", bug: "", edits: [{ file: "a", find: "x", replace: "y" }] };
  assert.equal(mutated(mutant, "a", "1x2"), "1y2");
  assert.throws(() => mutated(mutant, "a", "12"), /0 places/);
  assert.throws(() => mutated(mutant, "a", "xx"), /2 places/);
});
