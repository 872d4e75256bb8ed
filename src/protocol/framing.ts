/** Bytes to lines and back: UTF-8, newline after each, none longer than the limit. */

/** Longer lines are refused. A batch of rows or a statement has to fit. */
export const LINE_BYTES_MAX = 16 * 1024 * 1024;

/** A UTF-16 unit takes at most so many bytes of UTF-8. */
const UNIT_BYTES_MAX = 3;

/** Whether a peer would take this line; measured exactly only where it is in doubt. */
export function fitsLine(line: string): boolean {
  if (line.length * UNIT_BYTES_MAX <= LINE_BYTES_MAX) return true;
  return line.length <= LINE_BYTES_MAX && new TextEncoder().encode(line).length <= LINE_BYTES_MAX;
}

const NEWLINE = 10;

export interface SplitFault {
  readonly fault: "utf8" | "too_long";
}

/**
 * Cuts a stream of bytes into lines, wherever the chunks happen to break. Characters are decoded
 * line by line, so one split between two chunks is never torn.
 */
export class LineSplitter {
  readonly #limit: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #lost = false;

  constructor(limit = LINE_BYTES_MAX) {
    this.#limit = limit;
  }

  /** Bytes of a line not yet ended. */
  get pendingBytes(): number {
    return this.#partBytes;
  }

  /**
   * The lines that this chunk completes. The chunk may be reused afterwards. After `too_long`
   * framing is lost and nothing more is ever found.
   */
  push(chunk: Uint8Array): (string | SplitFault)[] {
    return this.#pushWhole(chunk) ?? this.#pushByLine(chunk);
  }

  /** All lines of a chunk decoded at once, which is most chunks; null where it takes more care. */
  #pushWhole(chunk: Uint8Array): string[] | null {
    if (this.#lost || this.#partBytes + chunk.length > this.#limit) return null;
    const end = chunk.lastIndexOf(NEWLINE);
    if (end < 0) return null;
    let bytes = chunk.subarray(0, end);
    if (this.#parts.length > 0) bytes = concatenate([...this.#parts, bytes], this.#partBytes + end);
    let text: string;
    try {
      text = this.#decoder.decode(bytes);
    } catch {
      return null;
    }
    this.#parts = [];
    this.#partBytes = 0;
    this.#keep(chunk.subarray(end + 1));
    const lines = text.split("\n");
    return text.includes("\r") ? lines.map(withoutReturn) : lines;
  }

  #pushByLine(chunk: Uint8Array): (string | SplitFault)[] {
    const found: (string | SplitFault)[] = [];
    let from = 0;
    while (!this.#lost) {
      const at = chunk.indexOf(NEWLINE, from);
      const end = at < 0 ? chunk.length : at;
      if (this.#partBytes + end - from > this.#limit) {
        this.#lost = true;
        this.#parts = [];
        this.#partBytes = 0;
        found.push({ fault: "too_long" });
      } else if (at < 0) {
        this.#keep(chunk.subarray(from));
        break;
      } else {
        found.push(this.#line(chunk.subarray(from, at)));
        from = at + 1;
      }
    }
    return found;
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#parts.push(part.slice());
    this.#partBytes += part.length;
  }

  #line(last: Uint8Array): string | SplitFault {
    let bytes = last;
    if (this.#parts.length > 0) {
      bytes = concatenate([...this.#parts, last], this.#partBytes + last.length);
      this.#parts = [];
      this.#partBytes = 0;
    }
    try {
      return withoutReturn(this.#decoder.decode(bytes));
    } catch {
      return { fault: "utf8" };
    }
  }
}

/** People type into netcat and telnet: a carriage return before the newline is forgiven. */
function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

export function concatenate(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
