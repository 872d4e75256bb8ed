/** Breaks text into lines at spaces. */

const WIDTH_MIN = 20;

/** A word wider than the width stands on a line of its own, whole: it may be copied. */
export function wrap(text: string, width: number): readonly string[] {
  const limit = Math.max(WIDTH_MIN, width);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > limit) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return line === "" ? lines : [...lines, line];
}
