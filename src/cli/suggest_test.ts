/** The word somebody probably meant. */
import assert from "node:assert/strict";
import { editDistance, suggest } from "./suggest.ts";

Deno.test("suggest: distance counts insertions, deletions, replacements and swaps", () => {
  assert.equal(editDistance("shell", "shell"), 0);
  assert.equal(editDistance("shel", "shell"), 1);
  assert.equal(editDistance("shlel", "shell"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

Deno.test("suggest: a near word is found, a far one is not", () => {
  const words = ["master", "region", "shell", "version", "completions", "up"];
  assert.equal(suggest("shel", words), "shell");
  assert.equal(suggest("sehll", words), "shell");
  assert.equal(suggest("verison", words), "version");
  assert.equal(suggest("comp", words), "completions");
  assert.equal(suggest("ip", words), "up");
  assert.equal(suggest("banana", words), null);
  assert.equal(suggest("x", []), null);
});
