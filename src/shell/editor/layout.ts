/** Where each character of the edited text stands on the screen, prompts and colours included. */
import { displayWidth } from "../../base/width.ts";

export interface Painted {
  readonly text: string;
  /** How it is shown; null for as it is. */
  readonly paint: ((text: string) => string) | null;
}

export interface LayoutInput {
  /** Put together they are the text. */
  readonly parts: readonly Painted[];
  readonly cursor: number;
  /** What stands in front of each line of the text, by its number from 0. */
  readonly prompt: (line: number) => string;
  readonly columns: number;
}

export interface Layout {
  /** As they are written. */
  readonly rows: readonly string[];
  /** How many columns each takes. */
  readonly widths: readonly number[];
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

const SEGMENTER = new Intl.Segmenter();
const ASCII = /^[\u0020-\u007e]*$/;
const TAB = "    ";

export function layOut(input: LayoutInput): Layout {
  const rows = new Rows(input);
  for (const { text, paint } of input.parts) {
    const lines = text.split("\n");
    for (const [at, line] of lines.entries()) {
      if (at > 0) rows.newline();
      rows.write(line, paint);
    }
  }
  return rows.finish();
}

class Rows {
  readonly #input: LayoutInput;
  readonly #rows: string[] = [];
  readonly #widths: number[] = [];
  #row = "";
  #width = 0;
  #line = 0;
  /** Offset in the text of what is written next. */
  #at = 0;
  #cursor: readonly [row: number, column: number] | null = null;

  constructor(input: LayoutInput) {
    this.#input = input;
    this.#beginLine();
  }

  write(line: string, paint: Painted["paint"]): void {
    let run = "";
    const flush = () => {
      this.#row += paint === null ? run : paint(run);
      run = "";
    };
    for (const segment of segments(line)) {
      const shown = shownAs(segment);
      const width = displayWidth(shown);
      if (this.#width + width > this.#input.columns) {
        flush();
        this.#endRow();
      }
      this.#noteCursor(segment.length);
      run += shown;
      this.#width += width;
      this.#at += segment.length;
    }
    flush();
  }

  newline(): void {
    this.#noteCursor(1);
    this.#at++;
    this.#endRow();
    this.#line++;
    this.#beginLine();
  }

  finish(): Layout {
    // Behind a full row the cursor stands at the beginning of the next.
    if (this.#cursor === null && this.#width >= this.#input.columns) this.#endRow();
    this.#noteCursor(1);
    this.#endRow();
    const [cursorRow, cursorColumn] = this.#cursor ?? [0, 0];
    return { rows: this.#rows, widths: this.#widths, cursorRow, cursorColumn };
  }

  #beginLine(): void {
    const prompt = this.#input.prompt(this.#line);
    this.#row = prompt;
    this.#width = displayWidth(prompt);
  }

  #endRow(): void {
    this.#rows.push(this.#row);
    this.#widths.push(this.#width);
    this.#row = "";
    this.#width = 0;
  }

  #noteCursor(length: number): void {
    const { cursor, columns } = this.#input;
    if (this.#cursor !== null || cursor >= this.#at + length) return;
    this.#cursor = [this.#rows.length, Math.min(this.#width, columns - 1)];
  }
}

function segments(line: string): Iterable<string> {
  if (ASCII.test(line)) return line;
  return Iterator.from(SEGMENTER.segment(line)).map(({ segment }) => segment);
}

/** Control characters as `^A`, so that they take the room they seem to take. */
function shownAs(segment: string): string {
  const code = segment.charCodeAt(0);
  if (segment === "\t") return TAB;
  if (code === 0x7f) return "^?";
  return code < 0x20 ? `^${String.fromCharCode(code + 0x40)}` : segment;
}
