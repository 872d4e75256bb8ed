/** Writes lines to a stream in the background, in order, with a limit on what waits. */

/** What is needed of `Deno.stderr`. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<number>;
}

export interface LineWriterOptions {
  /** The line that says how many were dropped, once lines go out again. */
  readonly droppedLine: (count: number) => string;
  readonly waitingLinesMax?: number;
}

const WAITING_LINES_MAX = 10_000;

/**
 * A reader that is slow or gone never holds up the program: lines beyond the limit are dropped and
 * counted, and after a failed write (its reader closed the pipe) nothing is written any more.
 */
export class LineWriter {
  readonly #sink: ByteSink;
  readonly #options: LineWriterOptions;
  readonly #waitingMax: number;
  readonly #encoder = new TextEncoder();
  #waiting: string[] = [];
  #dropped = 0;
  #writing: Promise<void> | null = null;
  #isBroken = false;

  constructor(sink: ByteSink, options: LineWriterOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#waitingMax = options.waitingLinesMax ?? WAITING_LINES_MAX;
  }

  readonly write = (line: string): void => {
    if (this.#isBroken) return;
    if (this.#waiting.length >= this.#waitingMax) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(line);
    this.#writing ??= this.#drain();
  };

  /** Resolves once nothing waits. Give it a limit: the reader may have stopped reading. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  async #drain(): Promise<void> {
    // Lines of one turn of the event loop go out together.
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0) {
        let bytes = this.#take();
        while (bytes.length > 0) bytes = bytes.subarray(await this.#sink.write(bytes));
      }
    } catch {
      this.#isBroken = true;
      this.#waiting = [];
    }
    this.#writing = null;
  }

  #take(): Uint8Array {
    const lines = this.#waiting;
    this.#waiting = [];
    if (this.#dropped > 0) lines.push(this.#options.droppedLine(this.#dropped));
    this.#dropped = 0;
    return this.#encoder.encode(lines.map((line) => `${line}\n`).join(""));
  }
}
