/**
 * Reads what stands before the body of an entry, as bytes. It is what recovery does most by far:
 * five times as fast as by way of text, JSON and shapes.
 */

const START = bytesOf('{"kind":"entry","region":"');
const N = bytesOf('","n":');
const SYNCED = bytesOf(',"synced":');
const EPOCH = bytesOf(',"epoch":');
const SEQ = bytesOf(',"seq":');
const BODY = bytesOf(',"body":');

const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = 32;
const ASCII_MAX = 126;
const ZERO = 48;
const NINE = 57;
/** As many as surely fit a double. */
const DIGITS_MAX = 15;

export interface EntryHead {
  readonly region: string;
  readonly n: number;
  readonly synced: number;
  readonly epoch: number;
  readonly seq: number;
  /** Where the body begins. */
  readonly body: number;
}

/** Null for anything but an entry whose region is named in plain ASCII, without escapes. */
export function readEntryHead(bytes: Uint8Array): EntryHead | null {
  const cursor = new Cursor(bytes);
  cursor.skip(START);
  const region = cursor.name();
  cursor.skip(N);
  const n = cursor.digits();
  cursor.skip(SYNCED);
  const synced = cursor.digits();
  cursor.skip(EPOCH);
  const epoch = cursor.digits();
  cursor.skip(SEQ);
  const seq = cursor.digits();
  cursor.skip(BODY);
  return cursor.good && region !== "" ? { region, n, synced, epoch, seq, body: cursor.at } : null;
}

/** Moves over bytes that should be there. Once they are not, it is no longer good. */
class Cursor {
  at = 0;
  good = true;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  skip(part: Uint8Array): void {
    for (let i = 0; i < part.length; i++) {
      if (this.#bytes[this.at++] !== part[i]) {
        this.good = false;
        return;
      }
    }
  }

  name(): string {
    let name = "";
    for (; this.good; this.at++) {
      const byte = this.#bytes[this.at] ?? 0;
      if (byte === QUOTE) break;
      this.good = byte >= SPACE && byte <= ASCII_MAX && byte !== BACKSLASH;
      name += String.fromCharCode(byte);
    }
    return name;
  }

  digits(): number {
    const start = this.at;
    let value = 0;
    for (; this.good; this.at++) {
      const byte = this.#bytes[this.at] ?? 0;
      if (byte < ZERO || byte > NINE) break;
      value = value * 10 + byte - ZERO;
    }
    const length = this.at - start;
    if (length === 0 || length > DIGITS_MAX) this.good = false;
    return value;
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
