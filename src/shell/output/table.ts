/** Results in a frame, as MySQL draws it, each column as wide as its values look. */
import { displayWidth, pad } from "../../base/width.ts";
import type { Cell, Column, Row } from "../../protocol/values.ts";
import { type CellText, cellTexts, escapeControls, isNumeric } from "./cell_text.ts";
import { cutText } from "./cut_text.ts";
import type { Format, FormatOptions, ResultWriter } from "./result_format.ts";

const NULL = "NULL";

export const tableFormat: Format = (columns, options) => new TableWriter(columns, options);

/** How wide the whole table is with these rows. */
export function tableWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + 3, 1);
}

export class TableWriter implements ResultWriter {
  readonly #columns: readonly Column[];
  readonly #options: FormatOptions;
  readonly #texts: readonly CellText[];
  readonly #window: Row[] = [];
  #widths: readonly number[] | null = null;
  #rule = "";

  constructor(columns: readonly Column[], options: FormatOptions) {
    this.#columns = columns;
    this.#options = options;
    this.#texts = cellTexts(columns, options.binary);
  }

  rows(batch: readonly Row[]): string {
    if (this.#widths !== null) return this.#lines(batch, this.#widths);
    this.#window.push(...batch);
    return this.#window.length < this.#options.windowRows ? "" : this.#open();
  }

  end(): string {
    if (this.#widths === null && this.#window.length === 0) return "";
    const rows = this.#widths === null ? this.#open() : "";
    return rows + this.#rule;
  }

  /** The widths that rows so far ask for. */
  measure(): readonly number[] {
    return this.#columns.map((column, at) => {
      const name = this.#options.header ? displayWidth(escapeControls(column.name)) : 0;
      // MySQL leaves room for NULL wherever there could be one.
      let width = Math.max(name, column.nullable === true ? NULL.length : 0);
      for (const row of this.#window) {
        const lines = this.#text(row[at] ?? null, at).split("\n");
        width = Math.max(width, ...lines.map(displayWidth));
      }
      return width;
    });
  }

  #open(): string {
    const widths = this.measure();
    this.#widths = widths;
    const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+`;
    this.#rule = `${this.#cut(rule)}\n`;
    const names = this.#columns.map(({ name }, at) => pad(escapeControls(name), widths[at] ?? 0));
    const header = `${this.#cut(frame(names))}\n${this.#rule}`;
    const rows = this.#lines(this.#window.splice(0), widths);
    return `${this.#rule}${this.#options.header ? header : ""}${rows}`;
  }

  #lines(rows: readonly Row[], widths: readonly number[]): string {
    let lines = "";
    for (const row of rows) {
      const cells = this.#columns.map((_column, at) => this.#text(row[at] ?? null, at).split("\n"));
      const height = Math.max(...cells.map((cell) => cell.length));
      // A value of several lines takes as many of the table.
      for (let line = 0; line < height; line++) {
        lines += `${this.#cut(frame(this.#line(row, cells, line, widths)))}\n`;
      }
    }
    return lines;
  }

  #line(
    row: Row,
    cells: readonly (readonly string[])[],
    line: number,
    widths: readonly number[],
  ): readonly string[] {
    return this.#columns.map((column, at) => {
      const text = cells[at]?.[line] ?? "";
      const padded = pad(text, widths[at] ?? 0, !isNumeric(column));
      return (row[at] ?? null) === null ? this.#dim(padded) : padded;
    });
  }

  /** Line breaks stay, everything else that moves a cursor is escaped. */
  #text(cell: Cell, at: number): string {
    if (cell === null) return NULL;
    return (this.#texts[at]?.(cell) ?? "").split("\n").map(escapeControls).join("\n");
  }

  #dim(text: string): string {
    return this.#options.terminal?.style.dim(text) ?? text;
  }

  #cut(line: string): string {
    const { terminal, cut } = this.#options;
    return terminal === null || !cut ? line : cutText(line, terminal.columns);
  }
}

function frame(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
