/** Keys from bytes, in whatever pieces a terminal sends them. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Key, KeyDecoder } from "./keys.ts";

function words(key: Key): string {
  return key.kind === "key" ? `<${key.name}>` : key.kind === "paste" ? `[${key.text}]` : key.text;
}

function decode(pieces: readonly Uint8Array[]): string {
  const decoder = new KeyDecoder();
  return pieces.flatMap((piece) => [...decoder.push(piece)]).map(words).join("");
}

const bytes = (text: string) => new TextEncoder().encode(text);

const CASES: readonly (readonly [string, string])[] = [
  ["select 中文🎉", "select 中文🎉"],
  ["\r\n\t\x7f\b", "<enter><tab><backspace><backspace>"],
  ["\x01\x05\x12\x17", "<ctrl-a><ctrl-e><ctrl-r><ctrl-w>"],
  ["\x1b[A\x1b[B\x1bOC\x1b[D", "<up><down><right><left>"],
  ["\x1b[1;5C\x1b[1;3D\x1b[H\x1b[4~\x1b[3~", "<ctrl-right><alt-left><home><end><delete>"],
  ["\x1bb\x1b.\x1b\r\x1b\x7f", "<alt-b><alt-.><alt-enter><alt-backspace>"],
  ["\x1b[200~a\r\nb\x1b[Ac\x1b[201~d", "[a\nb\x1b[Ac]d"],
  ["\x1b[99;9Xa\x1b[5~b", "ab"],
  ["\x1b\x1b[Da", "<left>a"],
];

for (const [typed, keys] of CASES) {
  Deno.test(`keys: ${JSON.stringify(typed)}`, () => assert.equal(decode([bytes(typed)]), keys));
}

Deno.test("keys: where the bytes are cut makes no difference", () => {
  const all = bytes(CASES.map(([typed]) => typed).join(""));
  const whole = decode([all]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 40 }), (lengths) => {
      const pieces: Uint8Array[] = [];
      let at = 0;
      for (const length of lengths) {
        pieces.push(all.subarray(at, at + length));
        at += length;
      }
      pieces.push(all.subarray(at));
      // A line end in two pieces is two presses of Enter; nothing else may differ.
      assert.equal(decode(pieces).replace("<enter><enter>", "<enter>"), whole);
    }),
  );
});
