import assert from "node:assert/strict";
import { DotRows } from "./dot_rows.ts";

function shown(pieces: readonly string[]): string {
  const rows = new DotRows();
  return pieces.map((piece) => rows.show(piece)).join("");
}

Deno.test("dots: stand in a row until something else comes, however the text is cut", () => {
  const text = "Check a.ts\n.\n,\n!\n\nok | 3 passed\n";
  const expected = "Check a.ts\n.,!\n\nok | 3 passed\n";
  assert.equal(shown([text]), expected);
  assert.equal(shown([...text]), expected);
});

Deno.test("dots: fill rows of a hundred", () => {
  const rows = shown([".\n".repeat(250), "end\n"]);
  assert.deepEqual(rows.split("\n").map((row) => row.length), [100, 100, 50, 3, 0]);
});

Deno.test("dots: a line that is not over is shown at once, so that one sees what hangs", () => {
  const rows = new DotRows();
  assert.equal(rows.show("a test ... "), "a test ... ");
  assert.equal(rows.show("."), ".");
  assert.equal(rows.show("\nok\n"), "\nok\n");
});
