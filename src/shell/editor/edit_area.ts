/** The part of the screen that the edited text takes: drawn over and over in the same place. */
import type { TerminalSize } from "../port.ts";
import type { Layout } from "./layout.ts";

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR_BELOW = "\x1b[J";
const CLEAR_SCREEN = "\x1b[H\x1b[2J";

export class EditArea {
  /** How it was drawn last; null where nothing is drawn. */
  #drawn: { readonly layout: Layout; readonly top: number; readonly count: number } | null = null;
  #top = 0;

  /** What to write so that the layout stands where the last one stood. */
  draw(layout: Layout, { rows }: TerminalSize): string {
    const count = Math.min(rows, layout.rows.length);
    this.#top = topFor(layout, count, this.#top);
    const text = `${HIDE_CURSOR}${this.#home()}${CLEAR_BELOW}${
      layout.rows.slice(this.#top, this.#top + count).join("\r\n")
    }${toCursor(layout, this.#top, count)}${SHOW_CURSOR}`;
    this.#drawn = { layout, top: this.#top, count };
    return text;
  }

  /** Draws it whole for good, and goes to the line below. */
  finish(layout: Layout): string {
    const text = `${this.#home()}${CLEAR_BELOW}${layout.rows.join("\r\n")}\r\n`;
    this.#drawn = null;
    this.#top = 0;
    return text;
  }

  /** Takes it away, for something else to be written in its place. */
  erase(): string {
    const text = `${this.#home()}${CLEAR_BELOW}`;
    this.#drawn = null;
    return text;
  }

  clearScreen(): string {
    this.#drawn = null;
    return CLEAR_SCREEN;
  }

  /**
   * Before it is drawn on a terminal whose width has changed: rows that are too wide now have been
   * broken up by it.
   */
  resized(columns: number): void {
    const drawn = this.#drawn;
    if (drawn === null) return;
    const { layout, top, count } = drawn;
    const above = layout.widths.slice(top, layout.cursorRow);
    const extra = above.reduce((sum, width) => sum + rowsOf(width, columns) - 1, 0) +
      Math.floor(layout.cursorColumn / columns);
    this.#drawn = { layout, top: top - extra, count };
  }

  /** To the first column of its first row. */
  #home(): string {
    if (this.#drawn === null) return "\r";
    const { layout, top } = this.#drawn;
    return `${up(layout.cursorRow - top)}\r`;
  }
}

function rowsOf(width: number, columns: number): number {
  return Math.max(1, Math.ceil(width / columns));
}

/** The first row to show, so that the cursor is among those that are. */
function topFor({ cursorRow, rows }: Layout, count: number, top: number): number {
  const lowest = Math.max(0, cursorRow - count + 1);
  const highest = Math.min(cursorRow, rows.length - count);
  return Math.min(Math.max(top, lowest), highest);
}

function toCursor({ cursorRow, cursorColumn }: Layout, top: number, count: number): string {
  const below = count - 1 - (cursorRow - top);
  return `${up(below)}\r${cursorColumn > 0 ? `\x1b[${cursorColumn}C` : ""}`;
}

function up(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : "";
}
