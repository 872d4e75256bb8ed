/** The text that is being edited, with its cursor and what was cut out of it last. */
import { displayWidth } from "../../base/width.ts";

const SEGMENTER = new Intl.Segmenter();
// deno-lint-ignore no-control-regex
const ASCII_PAIR = /^[\x00-\x7f]{2}$/;
const WORD = /[\p{L}\p{N}_$]/u;

export class EditBuffer {
  #text = "";
  #cursor = 0;
  #killed = "";
  /** Cuts that follow each other are put back as one. */
  #isKilling = false;

  get text(): string {
    return this.#text;
  }

  get cursor(): number {
    return this.#cursor;
  }

  set(text: string, cursor = text.length): void {
    this.#text = text;
    this.#cursor = cursor;
    this.#isKilling = false;
  }

  insert(text: string): void {
    this.#text = this.#text.slice(0, this.#cursor) + text + this.#text.slice(this.#cursor);
    this.#cursor += text.length;
    this.#isKilling = false;
  }

  /** Puts `text` in place of what stands between `start` and the cursor. */
  replace(start: number, text: string): void {
    this.#text = this.#text.slice(0, start) + text + this.#text.slice(this.#cursor);
    this.#cursor = start + text.length;
    this.#isKilling = false;
  }

  left(): void {
    this.#move(this.#before(this.#cursor));
  }

  right(): void {
    this.#move(this.#after(this.#cursor));
  }

  wordLeft(): void {
    this.#move(this.#wordStart());
  }

  wordRight(): void {
    this.#move(this.#wordEnd());
  }

  lineStart(): void {
    this.#move(this.#startOfLine());
  }

  lineEnd(): void {
    this.#move(this.#endOfLine());
  }

  start(): void {
    this.#move(0);
  }

  end(): void {
    this.#move(this.#text.length);
  }

  /** To the line above, at the same place in it; false where there is none. */
  up(): boolean {
    const start = this.#startOfLine();
    if (start === 0) return false;
    const above = this.#text.lastIndexOf("\n", start - 2) + 1;
    this.#move(this.#below(above, start - 1));
    return true;
  }

  down(): boolean {
    const end = this.#endOfLine();
    if (end === this.#text.length) return false;
    const below = this.#text.indexOf("\n", end + 1);
    this.#move(this.#below(end + 1, below < 0 ? this.#text.length : below));
    return true;
  }

  /** The place in a line that looks to be as far in it as the cursor is in its own. */
  #below(start: number, end: number): number {
    const width = displayWidth(this.#text.slice(this.#startOfLine(), this.#cursor));
    let at = start;
    let seen = 0;
    for (const { segment } of SEGMENTER.segment(this.#text.slice(start, end))) {
      seen += displayWidth(segment);
      if (seen > width) break;
      at += segment.length;
    }
    return at;
  }

  deleteLeft(): void {
    this.#cut(this.#before(this.#cursor), this.#cursor);
  }

  deleteRight(): void {
    this.#cut(this.#cursor, this.#after(this.#cursor));
  }

  killToLineEnd(): void {
    const end = this.#endOfLine();
    this.#kill(this.#cursor, end === this.#cursor ? Math.min(end + 1, this.#text.length) : end);
  }

  killToLineStart(): void {
    this.#kill(this.#startOfLine(), this.#cursor);
  }

  /** Back to the last space, as terminals do. */
  killWordLeft(): void {
    const before = this.#text.slice(0, this.#cursor);
    this.#kill(before.search(/\S*\s*$/), this.#cursor);
  }

  killNameLeft(): void {
    this.#kill(this.#wordStart(), this.#cursor);
  }

  killNameRight(): void {
    this.#kill(this.#cursor, this.#wordEnd());
  }

  yank(): void {
    this.insert(this.#killed);
  }

  /** Swaps the characters on both sides of the cursor. */
  transpose(): void {
    const at = this.#cursor === this.#text.length ? this.#before(this.#cursor) : this.#cursor;
    const first = this.#before(at);
    const end = this.#after(at);
    if (first === at || end === at) return;
    const swapped = this.#text.slice(at, end) + this.#text.slice(first, at);
    this.#text = this.#text.slice(0, first) + swapped + this.#text.slice(end);
    this.#move(end);
  }

  #move(to: number): void {
    this.#cursor = to;
    this.#isKilling = false;
  }

  #cut(from: number, to: number): void {
    this.#text = this.#text.slice(0, from) + this.#text.slice(to);
    this.#cursor = from;
    this.#isKilling = false;
  }

  #kill(from: number, to: number): void {
    const piece = this.#text.slice(from, to);
    const before = this.#isKilling ? this.#killed : "";
    this.#killed = from < this.#cursor ? piece + before : before + piece;
    this.#cut(from, to);
    this.#isKilling = true;
  }

  #startOfLine(): number {
    return this.#text.lastIndexOf("\n", this.#cursor - 1) + 1;
  }

  #endOfLine(): number {
    const end = this.#text.indexOf("\n", this.#cursor);
    return end < 0 ? this.#text.length : end;
  }

  /** Where the character in front of `at` begins: what looks like one may be many code points. */
  #before(at: number): number {
    if (at === 0) return 0;
    if (at === 1 || ASCII_PAIR.test(this.#text.slice(at - 2, at))) return at - 1;
    const from = this.#text.lastIndexOf("\n", at - 2) + 1;
    const last = [...SEGMENTER.segment(this.#text.slice(from, at))].at(-1);
    return from + (last?.index ?? 0);
  }

  #after(at: number): number {
    if (at >= this.#text.length) return at;
    if (ASCII_PAIR.test(this.#text.slice(at, at + 2))) return at + 1;
    const end = this.#text.indexOf("\n", at + 1);
    const rest = this.#text.slice(at, end < 0 ? undefined : end);
    for (const { segment } of SEGMENTER.segment(rest)) return at + segment.length;
    return at + 1;
  }

  #wordStart(): number {
    let at = this.#cursor;
    while (at > 0 && !this.#isWordAt(at - 1)) at--;
    while (at > 0 && this.#isWordAt(at - 1)) at--;
    return at;
  }

  #wordEnd(): number {
    let at = this.#cursor;
    while (at < this.#text.length && !this.#isWordAt(at)) at++;
    while (at < this.#text.length && this.#isWordAt(at)) at++;
    return at;
  }

  /** Halves of pairs count as letters, so that no pair is torn. */
  #isWordAt(at: number): boolean {
    const code = this.#text.charCodeAt(at);
    return (code >= 0xd800 && code <= 0xdfff) || WORD.test(this.#text.charAt(at));
  }
}
