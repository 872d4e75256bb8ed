/** Text by its characters, as MySQL counts them: one each, however many UTF-16 units it takes. */

const SURROGATE = /[\ud800-\udfff]/;

export function characterCount(text: string): number {
  if (!SURROGATE.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** The characters from `from` on, up to but not including `to`. */
export function slice(text: string, from: number, to: number): string {
  if (!SURROGATE.test(text)) return text.slice(from, to);
  return [...text].slice(from, to).join("");
}

/** How many characters the first `units` UTF-16 units of a text are. */
export function charactersBefore(text: string, units: number): number {
  return characterCount(text.slice(0, units));
}

/** SUBSTRING: positions count from 1, or from the end when negative; zero is nowhere. */
export function substring(text: string, position: bigint, length: bigint | null): string {
  const size = BigInt(characterCount(text));
  const start = position < 0n ? size + position : position - 1n;
  if (position === 0n || start < 0n || start >= size || (length !== null && length <= 0n)) {
    return "";
  }
  const end = length === null || start + length > size ? size : start + length;
  return slice(text, Number(start), Number(end));
}

/** The same of bytes. */
export function subarray(bytes: Uint8Array, position: bigint, length: bigint | null): Uint8Array {
  const size = BigInt(bytes.length);
  const start = position < 0n ? size + position : position - 1n;
  if (position === 0n || start < 0n || start >= size || (length !== null && length <= 0n)) {
    return new Uint8Array();
  }
  const end = length === null || start + length > size ? size : start + length;
  return bytes.slice(Number(start), Number(end));
}

/** Upper or lower case, letter by letter: a letter whose other case is longer stays as it is. */
export function mapCase(text: string, upper: boolean): string {
  const mapped = upper ? text.toUpperCase() : text.toLowerCase();
  if (mapped.length === text.length) return mapped;
  let result = "";
  for (const letter of text) {
    const other = upper ? letter.toUpperCase() : letter.toLowerCase();
    result += other.length === letter.length ? other : letter === "İ" ? "i" : letter;
  }
  return result;
}

/** SQLite's driver cuts text at a zero byte when it reads, so text holds this in its place. */
const ZERO_STAND_IN = "\ufffe";

/** Text as it is kept in SQLite. */
export function hideZero(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", ZERO_STAND_IN) : text;
}

/** Text as it was before `hideZero`. */
export function showZero(text: string): string {
  return text.includes(ZERO_STAND_IN) ? text.replaceAll(ZERO_STAND_IN, "\0") : text;
}

/** Whether a text could not be told from one with a zero byte. */
export function holdsStandIn(text: string): boolean {
  return text.includes(ZERO_STAND_IN);
}

const ENCODER = new TextEncoder();

export function utf8(text: string): Uint8Array {
  return ENCODER.encode(showZero(text));
}

/** Bytes of a string argument, which is text or bytes already. */
export function bytesOf(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? utf8(value) : value;
}

export function byteLength(value: string | Uint8Array): number {
  if (typeof value !== "string") return value.length;
  let length = 0;
  for (let at = 0; at < value.length; at++) {
    const unit = value.charCodeAt(at);
    // Each half of a pair counts two of its four bytes, and 0xfffe stands for a zero byte.
    length += unit < 0x80 || unit === 0xfffe
      ? 1
      : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff)
      ? 2
      : 3;
  }
  return length;
}

/** Longer results are NULL, as past max_allowed_packet. */
export const RESULT_BYTES_MAX = 16 * 1024 * 1024;
