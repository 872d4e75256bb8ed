/** Where text and cursor stand on the screen. */
import assert from "node:assert/strict";
import { EditArea } from "./edit_area.ts";
import { layOut } from "./layout.ts";

function layoutOf(text: string, cursor: number, columns: number) {
  const parts = [{ text, paint: null }];
  return layOut({ parts, cursor, prompt: (line) => line === 0 ? "> " : "- ", columns });
}

Deno.test("layout: lines have prompts, long ones go on in the next row, wide characters stay whole", () => {
  const layout = layoutOf("ab中文\ncdefgh", 4, 5);
  assert.deepEqual(layout.rows, ["> ab", "中文", "- cde", "fgh"]);
  assert.deepEqual([layout.cursorRow, layout.cursorColumn], [1, 4]);
});

Deno.test("layout: behind a full row the cursor is in the next one", () => {
  const layout = layoutOf("abc", 3, 5);
  assert.deepEqual(layout.rows, ["> abc", ""]);
  assert.deepEqual([layout.cursorRow, layout.cursorColumn], [1, 0]);
});

Deno.test("layout: control characters take the room they seem to take", () => {
  const layout = layoutOf("a\tb\x01c", 4, 40);
  assert.deepEqual(layout.rows, ["> a    b^Ac"]);
  assert.equal(layout.cursorColumn, 10);
});

Deno.test("layout: colours are closed at the end of each row", () => {
  const parts = [{ text: "abcd", paint: (text: string) => `<${text}>` }];
  const layout = layOut({ parts, cursor: 4, prompt: () => "", columns: 3 });
  assert.deepEqual(layout.rows, ["<abc>", "<d>"]);
});

Deno.test("edit area: what is taller than the screen shows the part with the cursor", () => {
  const area = new EditArea();
  const text = Array.from({ length: 9 }, (_, at) => `line${at}`).join("\n");
  const bottom = area.draw(layoutOf(text, text.length, 20), { columns: 20, rows: 4 });
  assert.match(bottom, /line5[^]*line8/);
  assert.doesNotMatch(bottom, /line4/);
  const top = area.draw(layoutOf(text, 0, 20), { columns: 20, rows: 4 });
  assert.match(top, /line0[^]*line3/);
  assert.doesNotMatch(top, /line4/);
  const whole = area.finish(layoutOf(text, 0, 20));
  assert.match(whole, /line0[^]*line8/);
});
