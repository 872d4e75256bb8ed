/** Scripts cut into statements, as the mysql client does it, DELIMITER commands included. */
import { syntaxError } from "./syntax_error.ts";
import { isSpace } from "./characters.ts";

export interface ScriptStatement {
  /** Without the delimiter and the space around it. */
  readonly sql: string;
  /** Where it stands in the script: UTF-16 offsets of its text, and its first line from 1. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

type State =
  | { readonly in: "code" }
  | { readonly in: "quote"; readonly quote: string }
  | { readonly in: "line_comment" }
  | { readonly in: "block_comment" };

const CODE: State = { in: "code" };
const DELIMITER_LINE = /^delimiter(?:[ \t]+([^\r\n]*))?[ \t]*\r?$/i;
const DELIMITER_WORD = "delimiter";

/** All statements of a script that is there as a whole. */
export function splitScript(script: string): readonly ScriptStatement[] {
  const splitter = new ScriptSplitter();
  return [...splitter.push(script), ...splitter.end()];
}

/**
 * Takes a script in pieces, cut anywhere, and gives each statement as soon as its end is seen.
 * Whatever is left when the script ends is the last statement, ended or not.
 */
export class ScriptSplitter {
  #buffer = "";
  /** Offset in the script of the buffer's first character, and the line it is on. */
  #offset = 0;
  #line = 1;
  #at = 0;
  #state: State = CODE;
  #executable = false;
  /** Something else than space and plain comments was seen since the last delimiter. */
  #pending = false;
  #delimiter = ";";
  #found: ScriptStatement[] = [];

  push(piece: string): readonly ScriptStatement[] {
    this.#buffer += piece;
    this.#scan(false);
    return this.#take();
  }

  end(): readonly ScriptStatement[] {
    this.#scan(true);
    if (this.#pending) this.#cut(this.#buffer.length, 0);
    return this.#take();
  }

  #take(): readonly ScriptStatement[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  /** Stops short of the end unless it is final: the next piece may change what the rest means. */
  #scan(final: boolean): void {
    for (;;) {
      const left = this.#buffer.length - this.#at;
      if (left === 0 || (!final && left < Math.max(4, this.#delimiter.length))) return;
      const moved = this.#state.in === "code" ? this.#code(final) : this.#skip(final);
      if (!moved) return;
    }
  }

  /** In a quote or a comment: to its end. False where that is not there yet. */
  #skip(final: boolean): boolean {
    const state = this.#state;
    if (state.in === "quote") return this.#skipQuote(state.quote, final);
    const end = state.in === "line_comment" ? "\n" : "*/";
    const at = this.#buffer.indexOf(end, this.#at);
    if (at < 0) {
      // The end may be cut in two.
      this.#at = final ? this.#buffer.length : Math.max(this.#at, this.#buffer.length - 1);
      return false;
    }
    this.#at = at + end.length;
    this.#state = CODE;
    return true;
  }

  #skipQuote(quote: string, final: boolean): boolean {
    const buffer = this.#buffer;
    for (; this.#at < buffer.length; this.#at++) {
      const char = buffer.charAt(this.#at);
      const atEnd = this.#at + 1 === buffer.length;
      if (char === "\\" && quote !== "`") {
        if (atEnd && !final) return false;
        this.#at++;
      } else if (char === quote) {
        if (atEnd && !final) return false;
        if (buffer.charAt(this.#at + 1) !== quote) {
          this.#at++;
          this.#state = CODE;
          return true;
        }
        this.#at++;
      }
    }
    this.#at = Math.min(this.#at, buffer.length);
    return false;
  }

  #code(final: boolean): boolean {
    const buffer = this.#buffer;
    const char = buffer.charAt(this.#at);
    if (!this.#executable && buffer.startsWith(this.#delimiter, this.#at)) {
      this.#cut(this.#at, this.#delimiter.length);
      return true;
    }
    if (isSpace(char.charCodeAt(0))) {
      this.#at++;
      return true;
    }
    if (this.#opensComment(char)) return true;
    if (!this.#pending && (char === "d" || char === "D")) {
      const command = this.#delimiterCommand(final);
      if (command !== "none") return command === "done";
    }
    if (this.#executable && buffer.startsWith("*/", this.#at)) {
      this.#executable = false;
      this.#at += 2;
      return true;
    }
    this.#pending = true;
    if (char === "'" || char === '"' || char === "`") this.#state = { in: "quote", quote: char };
    this.#at++;
    return true;
  }

  #opensComment(char: string): boolean {
    const buffer = this.#buffer;
    const after = buffer.charCodeAt(this.#at + 2);
    if (
      char === "#" ||
      (buffer.startsWith("--", this.#at) && (Number.isNaN(after) || after <= 0x20))
    ) {
      this.#state = { in: "line_comment" };
      this.#at++;
      return true;
    }
    if (!buffer.startsWith("/*", this.#at)) return false;
    const executable = /^(?:!|M!)/.test(buffer.slice(this.#at + 2, this.#at + 4));
    if (executable) {
      this.#executable = true;
      this.#pending = true;
    } else {
      this.#state = { in: "block_comment" };
    }
    this.#at += executable ? 3 : 2;
    return true;
  }

  /** `DELIMITER xx` up to the end of its line: done, not wholly there yet, or something else. */
  #delimiterCommand(final: boolean): "done" | "wait" | "none" {
    const buffer = this.#buffer;
    const ahead = buffer.slice(this.#at, this.#at + DELIMITER_WORD.length).toLowerCase();
    if (!DELIMITER_WORD.startsWith(ahead)) return "none";
    if (ahead !== DELIMITER_WORD) return final ? "none" : "wait";
    const lineEnd = buffer.indexOf("\n", this.#at);
    if (lineEnd < 0 && !final) return "wait";
    const end = lineEnd < 0 ? buffer.length : lineEnd;
    const match = DELIMITER_LINE.exec(buffer.slice(this.#at, end));
    if (match === null) return "none";
    const word = /^(?:'([^']+)'|"([^"]+)"|(\S+))/.exec(match[1] ?? "");
    const delimiter = word?.[1] ?? word?.[2] ?? word?.[3];
    if (delimiter === undefined) throw syntaxError(buffer, this.#at);
    this.#delimiter = delimiter;
    this.#forget(end);
    return "done";
  }

  /** Ends the statement at `end` in the buffer and forgets it with its delimiter. */
  #cut(end: number, delimiterLength: number): void {
    if (this.#pending) {
      const text = this.#buffer.slice(0, end);
      const sql = text.trim();
      const from = text.length - text.trimStart().length;
      const line = this.#line + newlines(text.slice(0, from));
      const start = this.#offset + from;
      this.#found.push({ sql, start, end: start + sql.length, line });
    }
    this.#forget(end + delimiterLength);
  }

  #forget(length: number): void {
    this.#line += newlines(this.#buffer.slice(0, length));
    this.#offset += length;
    this.#buffer = this.#buffer.slice(length);
    this.#at = 0;
    this.#state = CODE;
    this.#executable = false;
    this.#pending = false;
  }
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
