/** What keys do to the text that is edited. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { EditBuffer } from "./edit_buffer.ts";

/** The text with its cursor as `|`. */
function shown({ text, cursor }: EditBuffer): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

function at(marked: string): EditBuffer {
  const buffer = new EditBuffer();
  buffer.set(marked.replace("|", ""), marked.indexOf("|"));
  return buffer;
}

type Action = (buffer: EditBuffer) => void;

const CASES: readonly (readonly [string, Action, string])[] = [
  ["ab|", (buffer) => buffer.left(), "a|b"],
  ["a👨‍👩‍👧|b", (buffer) => buffer.left(), "a|👨‍👩‍👧b"],
  ["|é́x", (buffer) => buffer.right(), "é́|x"],
  ["select foo_1.bar|", (buffer) => buffer.wordLeft(), "select foo_1.|bar"],
  ["select| foo_1", (buffer) => buffer.wordRight(), "select foo_1|"],
  ["a\nbc|d\ne", (buffer) => buffer.lineStart(), "a\n|bcd\ne"],
  ["a\nb|cd\ne", (buffer) => buffer.lineEnd(), "a\nbcd|\ne"],
  ["abc\nde|", (buffer) => void buffer.up(), "ab|c\nde"],
  ["a\nbcd|", (buffer) => void buffer.up(), "a|\nbcd"],
  ["abc|\nd\nef", (buffer) => void buffer.down(), "abc\nd|\nef"],
  ["中文|x", (buffer) => buffer.deleteLeft(), "中|x"],
  ["|🎉x", (buffer) => buffer.deleteRight(), "|x"],
  ["ab|cd\nef", (buffer) => buffer.killToLineEnd(), "ab|\nef"],
  ["ab|\nef", (buffer) => buffer.killToLineEnd(), "ab|ef"],
  ["x\nab|cd", (buffer) => buffer.killToLineStart(), "x\n|cd"],
  ["where a.b = 'x y'  |", (buffer) => buffer.killWordLeft(), "where a.b = 'x |"],
  ["from foo.bar|", (buffer) => buffer.killNameLeft(), "from foo.|"],
  ["|foo bar", (buffer) => buffer.killNameRight(), "| bar"],
  ["ab|c", (buffer) => buffer.transpose(), "acb|"],
  ["ba|", (buffer) => buffer.transpose(), "ab|"],
];

Deno.test("edit buffer: each action does what its name says", () => {
  for (const [before, action, after] of CASES) {
    const buffer = at(before);
    action(buffer);
    assert.equal(shown(buffer), after, before);
  }
});

Deno.test("edit buffer: cuts that follow each other come back as one", () => {
  const buffer = at("one two three|");
  buffer.killWordLeft();
  buffer.killWordLeft();
  buffer.start();
  buffer.yank();
  assert.equal(shown(buffer), "two three|one ");
  buffer.killToLineEnd();
  buffer.yank();
  assert.equal(shown(buffer), "two threeone |");
});

Deno.test("edit buffer: whatever is done, no character is torn and the cursor is inside", () => {
  const methods = [
    ...["left", "right", "wordLeft", "wordRight", "up", "down", "deleteLeft", "deleteRight"],
    ...["killToLineEnd", "killToLineStart", "killWordLeft", "killNameRight", "yank", "transpose"],
  ] as const;
  const step = fc.oneof(
    fc.constantFrom(...methods),
    fc.constantFrom("a", "中", "🎉", "\n", " ", "👨‍👩‍👧").map((text) => ({ text })),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const buffer = new EditBuffer();
    for (const each of steps) {
      if (typeof each === "string") buffer[each as "left"]();
      else buffer.insert(each.text);
      assert.ok(buffer.text.isWellFormed());
      assert.ok(buffer.text.slice(0, buffer.cursor).isWellFormed());
      assert.ok(buffer.cursor >= 0 && buffer.cursor <= buffer.text.length);
    }
  }));
});
