/** Reads a file line by line, in big pieces and with bounded memory. */
import type { DiskFile } from "../../ports/disk.ts";
import { concat, NEWLINE } from "./line.ts";
import { LINE_BYTES_MAX } from "./record.ts";

const PIECE_BYTES = 1024 * 1024;

export interface ScannedLine {
  /** Without the newline; null when the line is longer than any record, or lacks its newline. */
  readonly bytes: Uint8Array | null;
  readonly offset: number;
  /** With the newline, where there is one. */
  readonly length: number;
}

/** Calls `each` for every line, in order. The bytes are only valid during the call. */
export async function scanLines(
  file: DiskFile,
  each: (line: ScannedLine) => void,
): Promise<void> {
  const rest = new Rest();
  for (let at = 0; at < file.size;) {
    const piece = await file.read(at, PIECE_BYTES);
    if (piece.length === 0) break;
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, from)) {
      const offset = at + from - rest.length;
      const bytes = rest.join(piece.subarray(from, end));
      each({ bytes, offset, length: at + end + 1 - offset });
      from = end + 1;
    }
    rest.add(piece.subarray(from));
    at += piece.length;
  }
  if (rest.length > 0) {
    each({ bytes: null, offset: file.size - rest.length, length: rest.length });
  }
}

/** The beginning of a line whose end is in a later piece. */
class Rest {
  length = 0;
  #parts: Uint8Array[] = [];

  add(part: Uint8Array): void {
    this.length += part.length;
    if (this.length > LINE_BYTES_MAX) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  /** The whole line, given its end; null when it is too long. Starts over. */
  join(end: Uint8Array): Uint8Array | null {
    if (this.length === 0) return end;
    this.add(end);
    const line = this.length > LINE_BYTES_MAX ? null : concat(this.#parts, this.length);
    this.length = 0;
    this.#parts = [];
    return line;
  }
}
