/** Rows as columns of text, without borders: for lists that people read and scripts cut. */
import { displayWidth, pad } from "../base/width.ts";
import type { View } from "./views.ts";

const GAP = "  ";

/** Lines of the view: the headline, then headings and rows, each column as wide as it must be. */
export function viewLines({ headline, headings, rows }: View): readonly string[] {
  const lines = headline === "" ? [] : headline.split("\n");
  if (headings.length === 0) return lines;
  const shown = rows.map((row) => row.map(oneLine));
  const widths = headings.map((heading, at) =>
    Math.max(heading.trim().length, ...shown.map((row) => displayWidth(row[at] ?? "")))
  );
  const lineOf = (cells: readonly string[]) =>
    cells.map((cell, at) => pad(cell, widths[at] ?? 0, !isNumber(headings[at]))).join(GAP)
      .trimEnd();
  return [...lines, lineOf(headings.map((heading) => heading.trim())), ...shown.map(lineOf)];
}

function isNumber(heading: string | undefined): boolean {
  return heading?.endsWith(" ") ?? false;
}

/** Control characters would break the lines, and could do worse to a terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Control}/gu, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\t") return "\\t";
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
