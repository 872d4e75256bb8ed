/** Text cut to the columns of a terminal. */
import { displayWidth } from "../../base/width.ts";

/** Marks of colour take no room; nothing else that begins with ESC is in what we write. */
// deno-lint-ignore no-control-regex
const MARKS = /\x1b\[[0-9;]*m/g;
const ENDS_MARKS = "\x1b[0m";

/** The line, with `…` as its last character where it would not fit. */
export function cutText(line: string, columns: number): string {
  if (line.length <= columns) return line;
  if (displayWidth(line.replace(MARKS, "")) <= columns) return line;
  const marks = [...line.matchAll(MARKS), null];
  let kept = "";
  let width = 0;
  let from = 0;
  for (const mark of marks) {
    const text = line.slice(from, mark?.index);
    for (const { segment } of new Intl.Segmenter().segment(text)) {
      width += displayWidth(segment);
      if (width > columns - 1) return `${kept}…${from > 0 ? ENDS_MARKS : ""}`;
      kept += segment;
    }
    if (mark === null) break;
    kept += mark[0];
    from = mark.index + mark[0].length;
  }
  return kept;
}
