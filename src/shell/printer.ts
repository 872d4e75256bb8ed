/** Everything the shell writes: data, what it says beside it, errors; to the screen and a tee. */
import { displayWidth } from "../base/width.ts";
import type { FileSink, Pipe, ShellPort } from "./port.ts";

/** Where one result's text goes. */
export interface ResultSink {
  write(text: string): Promise<void>;
  /** Shows what was held back; waits for a pager to be left. */
  close(): Promise<void>;
}

// deno-lint-ignore no-control-regex
const MARKS = /\x1b\[[0-9;]*m/g;

export class Printer {
  readonly #port: ShellPort;
  readonly #interactive: boolean;
  #tee: FileSink | null = null;

  constructor(port: ShellPort, interactive: boolean) {
    this.#port = port;
    this.#interactive = interactive;
  }

  /** What was asked for: the only thing that stdout gets. */
  async data(text: string): Promise<void> {
    await this.#port.out.write(text);
    await this.note(text);
  }

  /** Lines beside the data. To a person they belong to the same screen. */
  async say(line: string): Promise<void> {
    const screen = this.#interactive ? this.#port.out : this.#port.err;
    await screen.write(`${line}\n`);
    await this.note(`${line}\n`);
  }

  async error(line: string): Promise<void> {
    const { style } = this.#port.err;
    await this.#port.err.write(`${style.red(line)}\n`);
    await this.note(`${line}\n`);
  }

  /** Dim lines that explain an error, for people only. */
  async hint(line: string): Promise<void> {
    const { err } = this.#port;
    if (err.isTerminal) await err.write(`  ${err.style.dim(`hint: ${line}`)}\n`);
  }

  /** Writes to the tee alone. */
  async note(text: string): Promise<void> {
    await this.#tee?.write(text.replace(MARKS, ""));
  }

  async teeTo(path: string): Promise<void> {
    const tee = await this.#port.files.write(path, "append");
    await this.endTee();
    this.#tee = tee;
  }

  async endTee(): Promise<void> {
    const tee = this.#tee;
    this.#tee = null;
    await tee?.close();
  }

  /**
   * A result goes through the pager when it is longer than the screen; rows, which must not be
   * broken, also when they are wider.
   */
  result(pager: string, ofRows: boolean): ResultSink {
    if (pager === "" || !this.#interactive) {
      return { write: (text) => this.data(text), close: () => Promise.resolve() };
    }
    return new PagedResult(this.#port, this, { pager, ofRows });
  }

  /** Lines that were asked for, as a result. */
  async lines(lines: readonly string[], pager: string): Promise<void> {
    const sink = this.result(pager, false);
    try {
      await sink.write(lines.map((line) => `${line}\n`).join(""));
    } finally {
      await sink.close();
    }
  }
}

class PagedResult implements ResultSink {
  readonly #port: ShellPort;
  readonly #printer: Printer;
  readonly #command: string;
  readonly #ofRows: boolean;
  #held = "";
  #lines = 0;
  #pipe: Pipe | null = null;
  #state: "holding" | "paging" | "left" | "plain" = "holding";

  constructor(
    port: ShellPort,
    printer: Printer,
    { pager, ofRows }: { readonly pager: string; readonly ofRows: boolean },
  ) {
    this.#port = port;
    this.#printer = printer;
    this.#command = pager;
    this.#ofRows = ofRows;
  }

  async write(text: string): Promise<void> {
    switch (this.#state) {
      case "holding":
        this.#held += text;
        if (this.#isLarge(text)) await this.#openPager();
        return;
      case "paging":
        await this.#feed(text);
        return;
      case "plain":
        return await this.#printer.data(text);
      case "left":
        return;
    }
  }

  async close(): Promise<void> {
    if (this.#state === "holding" && this.#held !== "") await this.#printer.data(this.#held);
    await this.#pipe?.close();
  }

  #isLarge(text: string): boolean {
    const { columns, rows } = this.#port.size();
    const lines = text.split("\n");
    this.#lines += lines.length - 1;
    // A line is kept free for what is said below the result.
    if (this.#lines > rows - 2) return true;
    return this.#ofRows &&
      lines.some((line) =>
        line.length > columns && displayWidth(line.replace(MARKS, "")) > columns
      );
  }

  async #openPager(): Promise<void> {
    const held = this.#held;
    this.#held = "";
    try {
      this.#pipe = await this.#port.programs.pipe(this.#command);
    } catch {
      // Not there: a long result is better than none.
      this.#state = "plain";
      return await this.#printer.data(held);
    }
    this.#state = "paging";
    await this.#feed(held);
  }

  async #feed(text: string): Promise<void> {
    await this.#printer.note(text);
    if (!await this.#pipe?.write(text)) this.#state = "left";
  }
}
