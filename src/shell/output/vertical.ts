/** Results with a line for each column, as MySQL prints them after `\G`. */
import { displayWidth, pad } from "../../base/width.ts";
import type { Column, Row } from "../../protocol/values.ts";
import { type CellText, cellTexts, escapeControls, escapeTerminal } from "./cell_text.ts";
import type { Format, FormatOptions, ResultWriter } from "./result_format.ts";

const STARS = "***************************";

export const verticalFormat: Format = (columns, options) => new VerticalWriter(columns, options);

class VerticalWriter implements ResultWriter {
  readonly #options: FormatOptions;
  readonly #texts: readonly CellText[];
  readonly #names: readonly string[];
  #count = 0;

  constructor(columns: readonly Column[], options: FormatOptions) {
    this.#options = options;
    this.#texts = cellTexts(columns, options.binary);
    const names = columns.map(({ name }) => escapeControls(name));
    const width = Math.max(0, ...names.map(displayWidth));
    this.#names = names.map((name) => `${pad(name, width, false)}: `);
  }

  rows(batch: readonly Row[]): string {
    let text = "";
    for (const row of batch) {
      text += `${STARS} ${++this.#count}. row ${STARS}\n`;
      for (const [at, name] of this.#names.entries()) {
        text += `${this.#options.header ? name : ""}${this.#cell(row, at)}\n`;
      }
    }
    return text;
  }

  #cell(row: Row, at: number): string {
    const { terminal } = this.#options;
    const cell = row[at] ?? null;
    if (cell === null) return terminal?.style.dim("NULL") ?? "NULL";
    const text = this.#texts[at]?.(cell) ?? "";
    return terminal === null ? text : escapeTerminal(text);
  }

  end(): string {
    return "";
  }
}
