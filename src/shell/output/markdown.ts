/** Results as a table in Markdown. */
import { displayWidth, pad } from "../../base/width.ts";
import type { Column, Row } from "../../protocol/values.ts";
import { type CellText, cellTexts, isNumeric } from "./cell_text.ts";
import type { Format, FormatOptions, ResultWriter } from "./result_format.ts";

const WIDTH_MIN = 3;

export const markdownFormat: Format = (columns, options) => new MarkdownWriter(columns, options);

class MarkdownWriter implements ResultWriter {
  readonly #columns: readonly Column[];
  readonly #texts: readonly CellText[];
  #window: (readonly string[])[] = [];
  #widths: readonly number[] | null = null;

  readonly #windowRows: number;

  constructor(columns: readonly Column[], { binary, windowRows }: FormatOptions) {
    this.#columns = columns;
    this.#windowRows = windowRows;
    this.#texts = cellTexts(columns, binary);
  }

  rows(batch: readonly Row[]): string {
    const rows = batch.map((row) => row.map((cell, at) => this.#text(cell, at)));
    if (this.#widths !== null) return this.#lines(rows, this.#widths);
    this.#window.push(...rows);
    return this.#window.length < this.#windowRows ? "" : this.#open();
  }

  end(): string {
    return this.#widths === null && this.#window.length > 0 ? this.#open() : "";
  }

  #open(): string {
    const names = this.#columns.map(({ name }) => escape(name));
    const widths = names.map((name, at) =>
      this.#window.reduce(
        (width, row) => Math.max(width, displayWidth(row[at] ?? "")),
        Math.max(WIDTH_MIN, displayWidth(name)),
      )
    );
    this.#widths = widths;
    const rule = this.#columns.map((column, at) => {
      const dashes = "-".repeat((widths[at] ?? 0) - 1);
      return isNumeric(column) ? `${dashes}:` : `${dashes}-`;
    });
    const rows = this.#lines(this.#window, widths);
    this.#window = [];
    return `${this.#lines([names], widths)}| ${rule.join(" | ")} |\n${rows}`;
  }

  #lines(rows: readonly (readonly string[])[], widths: readonly number[]): string {
    return rows.map((row) => {
      const cells = this.#columns.map((column, at) =>
        pad(row[at] ?? "", widths[at] ?? 0, !isNumeric(column))
      );
      return `| ${cells.join(" | ")} |\n`;
    }).join("");
  }

  #text(cell: Row[number], at: number): string {
    return cell === null ? "NULL" : escape(this.#texts[at]?.(cell) ?? "");
  }
}

/** A line break or a bar would end the cell; other controls have no width that could be told. */
function escape(text: string): string {
  return text.replace(/[\\|]/g, "\\$&").replace(/\r?\n/g, "<br>").replace(/\p{Control}/gu, " ");
}
