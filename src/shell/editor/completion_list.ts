/** Candidates for the word at the cursor, as they are shown. */
import { displayWidth, pad } from "../../base/width.ts";

/** More would push everything else off the screen. */
const SHOWN_MAX = 200;
const GAP = 2;

/** The longest text that all begin with. */
export function sharedBeginning(words: readonly string[]): string {
  const [first = "", ...rest] = words;
  let length = first.length;
  for (const word of rest) {
    while (!word.startsWith(first.slice(0, length))) length--;
  }
  return first.slice(0, length);
}

/** In columns, read downwards, as `ls` has them. */
export function completionColumns(words: readonly string[], columns: number): string {
  const shown = words.slice(0, SHOWN_MAX);
  const width = Math.max(...shown.map(displayWidth)) + GAP;
  const across = Math.max(1, Math.floor(columns / width));
  const height = Math.ceil(shown.length / across);
  let text = "";
  for (let row = 0; row < height; row++) {
    const line = shown.filter((_word, at) => at % height === row);
    text += `${line.map((word) => pad(word, width)).join("").trimEnd()}\r\n`;
  }
  const left = words.length - shown.length;
  return left > 0 ? `${text}… and ${left} more\r\n` : text;
}
