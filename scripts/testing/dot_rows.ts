/** Puts the dots of `deno test --reporter=dot` in rows: outside a terminal it prints one a line. */

/** One dot: passed, ignored or failed, with or without colour. */
// deno-lint-ignore no-control-regex
const DOT = /^(?:\x1b\[[0-9;]*m)*[.,!](?:\x1b\[[0-9;]*m)*$/;
const ROW_LENGTH = 100;

/** Takes text in pieces and gives back what to show now. All but dots passes unchanged. */
export class DotRows {
  /** The dots in the row that is open. */
  #dots = 0;
  /** A dot whose line is not over yet, and may turn out to be no dot. */
  #held = "";
  #isAtLineStart = true;

  show(text: string): string {
    const lines = (this.#held + text).split("\n");
    const rest = lines.pop() ?? "";
    return lines.map((line) => this.#showLine(line)).join("") + this.#showRest(rest);
  }

  #showLine(line: string): string {
    if (!this.#isAtLineStart || !DOT.test(line)) {
      const shown = `${this.#endRow()}${line}\n`;
      this.#isAtLineStart = true;
      return shown;
    }
    this.#dots++;
    return this.#dots === ROW_LENGTH ? `${line}${this.#endRow()}` : line;
  }

  #showRest(rest: string): string {
    const mayBeDot = this.#isAtLineStart && DOT.test(rest);
    this.#held = mayBeDot ? rest : "";
    if (mayBeDot || rest === "") return "";
    const shown = `${this.#endRow()}${rest}`;
    this.#isAtLineStart = false;
    return shown;
  }

  #endRow(): string {
    const end = this.#dots > 0 ? "\n" : "";
    this.#dots = 0;
    return end;
  }
}
