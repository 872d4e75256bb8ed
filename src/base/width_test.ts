/** Widths on a terminal. */
import assert from "node:assert/strict";
import { displayWidth, pad } from "./width.ts";

Deno.test("width: ASCII, wide, combining and joined characters", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["", 0],
    ["abc", 3],
    ["中文", 4],
    ["ｱ", 1],
    ["Ａ", 2],
    ["e\u0301", 1],
    ["é", 1],
    ["👩‍👩‍👧", 2],
    ["🇩🇪", 2],
    ["❤️", 2],
    ["a\u200bb", 2],
    ["한글", 4],
  ];
  for (const [text, width] of cases) assert.equal(displayWidth(text), width, JSON.stringify(text));
  assert.equal(pad("中", 4) + "|", "中  |");
  assert.equal(pad("中", 4, false), "  中");
  assert.equal(pad("long", 2), "long");
});
