/** Writes to stdout or stderr whole, in order, and ends quietly when the reader is gone. */
import type { Terminal } from "./terminal.ts";

/** The reader closed the pipe: `minisql … | head`. Nothing is wrong, and nobody is there to tell. */
export class BrokenOutput extends Error {
  override readonly name = "BrokenOutput";
}

export interface Output {
  readonly terminal: Terminal;
  /** Resolves when the text is with the system; raises `BrokenOutput` when nobody reads it. */
  write(text: string): Promise<void>;
  line(text?: string): Promise<void>;
}

/** What is needed of `Deno.stdout`. */
export interface ByteStream {
  write(bytes: Uint8Array): Promise<number>;
}

export class StreamOutput implements Output {
  readonly terminal: Terminal;
  readonly #stream: ByteStream;
  readonly #encoder = new TextEncoder();
  #last: Promise<void> = Promise.resolve();

  constructor(stream: ByteStream, terminal: Terminal) {
    this.#stream = stream;
    this.terminal = terminal;
  }

  write(text: string): Promise<void> {
    // One after the other: a stream takes as much of a write as it likes.
    const written = this.#last.then(() => this.#writeAll(this.#encoder.encode(text)));
    this.#last = written.catch(() => {});
    return written;
  }

  line(text = ""): Promise<void> {
    return this.write(`${text}\n`);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(await this.#stream.write(rest));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) {
        throw new BrokenOutput("Nobody reads the output");
      }
      throw error;
    }
  }
}
