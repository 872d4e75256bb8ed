/** Reads CSV in pieces, cut anywhere: RFC 4180, with line numbers. */
import { ShellError } from "../shell_error.ts";

export interface CsvField {
  readonly text: string;
  /** In quotes: text for certain, also where it is empty. */
  readonly quoted: boolean;
}

export interface CsvRecord {
  readonly fields: readonly CsvField[];
  /** The line it begins on, from 1. */
  readonly line: number;
}

const BYTE_ORDER_MARK = "\ufeff";

export class CsvReader {
  readonly #separator: string;
  readonly #plain: RegExp;
  #buffer = "";
  #at = 0;
  #line = 1;
  #fields: CsvField[] = [];
  #recordLine = 1;
  #isFirst = true;

  constructor(separator = ",") {
    this.#separator = separator;
    this.#plain = new RegExp(`[^\\r\\n${RegExp.escape(separator)}]*`, "y");
  }

  push(text: string): readonly CsvRecord[] {
    this.#buffer = this.#buffer.slice(this.#at) + text;
    this.#at = 0;
    if (this.#isFirst && this.#buffer !== "") {
      this.#isFirst = false;
      if (this.#buffer.startsWith(BYTE_ORDER_MARK)) this.#at = 1;
    }
    return this.#read(false);
  }

  end(): readonly CsvRecord[] {
    return this.#read(true);
  }

  #read(final: boolean): readonly CsvRecord[] {
    const records: CsvRecord[] = [];
    for (;;) {
      const start = this.#at;
      const line = this.#line;
      if (start === this.#buffer.length && this.#fields.length === 0) return records;
      const field = this.#field(final);
      const end = field === null ? null : this.#end(final);
      if (field === null || end === null) {
        // Not all there yet: it is read again from its beginning.
        this.#at = start;
        this.#line = line;
        return records;
      }
      if (this.#fields.length === 0) this.#recordLine = line;
      this.#fields.push(field);
      if (end === "separator") continue;
      const isEmpty = this.#fields.length === 1 && field.text === "" && !field.quoted;
      if (!isEmpty) records.push({ fields: this.#fields, line: this.#recordLine });
      this.#fields = [];
      if (end === "file") return records;
    }
  }

  #field(final: boolean): CsvField | null {
    if (this.#buffer.charAt(this.#at) === '"') return this.#quoted(final);
    this.#plain.lastIndex = this.#at;
    const [text = ""] = this.#plain.exec(this.#buffer) ?? [];
    this.#at += text.length;
    return { text, quoted: false };
  }

  #quoted(final: boolean): CsvField | null {
    const buffer = this.#buffer;
    const line = this.#line;
    let text = "";
    let from = this.#at + 1;
    for (;;) {
      const quote = buffer.indexOf('"', from);
      const isSure = quote >= 0 && (final || quote + 1 < buffer.length);
      if (!isSure) {
        if (final) throw new ShellError(`Line ${line}: a quote that begins there does not end`);
        return null;
      }
      text += buffer.slice(from, quote);
      if (buffer.charAt(quote + 1) !== '"') {
        this.#at = quote + 1;
        this.#line += count(text, "\n");
        return { text, quoted: true };
      }
      text += '"';
      from = quote + 2;
    }
  }

  /** What ends the field; null where that is not there yet. */
  #end(final: boolean): "separator" | "record" | "file" | null {
    const char = this.#buffer.charAt(this.#at);
    if (char === "") return final ? "file" : null;
    if (char === this.#separator) {
      this.#at++;
      return "separator";
    }
    if (char === "\r") {
      const next = this.#buffer.charAt(this.#at + 1);
      if (next === "" && !final) return null;
      this.#at += next === "\n" ? 2 : 1;
      this.#line++;
      return "record";
    }
    if (char === "\n") {
      this.#at++;
      this.#line++;
      return "record";
    }
    throw new ShellError(`Line ${this.#line}: '${char}' stands behind a quote that has ended`);
  }
}

function count(text: string, char: string): number {
  let found = 0;
  for (let at = text.indexOf(char); at >= 0; at = text.indexOf(char, at + 1)) found++;
  return found;
}
