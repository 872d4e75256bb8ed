/** Scripts cut into statements, as the mysql client does it, DELIMITER commands included. */
import { syntaxError } from "./syntax_error.ts";
import { isSpace } from "./characters.ts";

export interface ScriptStatement {
  /** Without the delimiter and the space around it. */
  readonly sql: string;
  /**
   * Where it stands in the script: UTF-16 offsets of its text, and the line, counted from 1, on
   * which it begins when comments in front of it are passed over.
   */
  readonly start: number;
  readonly end: number;
  readonly line: number;
  /** The client's own command that ended it; without a statement before it, `sql` is empty. */
  readonly command?: string;
}

/** Commands of a client among the statements, as the mysql client has them. */
export interface ClientCommands {
  /** The command that `rest` begins with: it runs from a backslash to the end of a line. */
  backslash(rest: string): ClientCommand | null;
  /** Whether a whole line where no statement has begun is a command: `source file`. */
  isCommandLine(line: string, delimiter: string): boolean;
}

export interface ClientCommand {
  readonly length: number;
  /** The statement it stands in goes on behind it. */
  readonly keeps: boolean;
}

/** What is unfinished: nothing, a statement, or a quote or comment in it. */
export type OpenPart = "nothing" | "statement" | "'" | '"' | "`" | "/*";

type State =
  | { readonly in: "code" }
  | { readonly in: "quote"; readonly quote: string }
  | { readonly in: "line_comment" }
  | { readonly in: "block_comment" };

type Progress = "done" | "wait" | "none";

const CODE: State = { in: "code" };
const DELIMITER_LINE = /^delimiter(?:[ \t]+([^\r\n]*))?[ \t]*\r?$/i;
const DELIMITER_WORD = "delimiter";
/** What the words of commands begin with. */
const COMMAND_START = /[a-z?]/i;

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
  /** Where that was seen first. */
  #codeAt = 0;
  /** Nothing but space and comments stands before here on the line. */
  #atLineStart = true;
  #delimiter: string;
  #found: ScriptStatement[] = [];
  readonly #commands: ClientCommands | null;

  constructor(commands: ClientCommands | null = null, delimiter = ";") {
    this.#commands = commands;
    this.#delimiter = delimiter;
  }

  /** With `whole`, the piece ends at the end of a line, and nothing waits for what comes next. */
  push(piece: string, whole = false): readonly ScriptStatement[] {
    this.#buffer += piece;
    this.#scan(whole);
    return this.#take();
  }

  get delimiter(): string {
    return this.#delimiter;
  }

  get open(): OpenPart {
    if (this.#state.in === "quote") return this.#state.quote as OpenPart;
    if (this.#state.in === "block_comment" || this.#executable) return "/*";
    return this.#pending ? "statement" : "nothing";
  }

  /** Another one in the same state, to try things on. */
  copy(): ScriptSplitter {
    const copy = new ScriptSplitter(this.#commands);
    copy.#buffer = this.#buffer;
    copy.#offset = this.#offset;
    copy.#line = this.#line;
    copy.#at = this.#at;
    copy.#state = this.#state;
    copy.#executable = this.#executable;
    copy.#pending = this.#pending;
    copy.#codeAt = this.#codeAt;
    copy.#atLineStart = this.#atLineStart;
    copy.#delimiter = this.#delimiter;
    return copy;
  }

  /** Forgets the statement that has begun. */
  drop(): void {
    this.#forget(this.#buffer.length);
    this.#atLineStart = true;
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
    if (state.in === "line_comment") this.#atLineStart = true;
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
      if (char === "\n") this.#atLineStart = true;
      this.#at++;
      return true;
    }
    if (this.#opensComment(char)) return true;
    const command = this.#command(char, final);
    if (command !== "none") return command === "done";
    if (this.#executable && buffer.startsWith("*/", this.#at)) {
      this.#executable = false;
      this.#at += 2;
      return true;
    }
    this.#begin();
    if (char === "'" || char === '"' || char === "`") this.#state = { in: "quote", quote: char };
    this.#at++;
    return true;
  }

  #begin(): void {
    if (!this.#pending) this.#codeAt = this.#at;
    this.#pending = true;
    this.#atLineStart = false;
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
      this.#begin();
    } else {
      this.#state = { in: "block_comment" };
    }
    this.#at += executable ? 3 : 2;
    return true;
  }

  /** A command where one begins here: done, not wholly there yet, or something else. */
  #command(char: string, final: boolean): Progress {
    if (!this.#pending && (char === "d" || char === "D")) {
      const delimiter = this.#delimiterCommand(final);
      if (delimiter !== "none") return delimiter;
    }
    if (this.#commands === null) return "none";
    if (char === "\\") return this.#backslashCommand(this.#commands, final);
    if (this.#pending || !this.#atLineStart || !COMMAND_START.test(char)) return "none";
    const end = this.#lineEnd(final);
    if (end === null) return "wait";
    const line = this.#buffer.slice(this.#at, end);
    if (!this.#commands.isCommandLine(line, this.#delimiter)) return "none";
    this.#cutCommand(this.#at, end);
    return "done";
  }

  #backslashCommand(commands: ClientCommands, final: boolean): Progress {
    const end = this.#lineEnd(final);
    if (end === null) return "wait";
    const found = commands.backslash(this.#buffer.slice(this.#at, end));
    if (found === null) return "none";
    const after = this.#at + found.length;
    if (!this.#pending || !found.keeps) {
      this.#cutCommand(this.#at, after);
      return "done";
    }
    this.#give("", this.#at, this.#buffer.slice(this.#at, after));
    this.#buffer = this.#buffer.slice(0, this.#at) + this.#buffer.slice(after);
    this.#offset += found.length;
    return "done";
  }

  /** Where the line ends that is being read; null while that is not there yet. */
  #lineEnd(final: boolean): number | null {
    const end = this.#buffer.indexOf("\n", this.#at);
    if (end < 0) return final ? this.#buffer.length : null;
    return this.#buffer.charAt(end - 1) === "\r" && end > this.#at ? end - 1 : end;
  }

  /** `DELIMITER xx` up to the end of its line. */
  #delimiterCommand(final: boolean): Progress {
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
    if (delimiter === undefined) {
      if (this.#commands === null) throw syntaxError(buffer, this.#at);
      this.#cutCommand(this.#at, end);
      return "done";
    }
    this.#delimiter = delimiter;
    this.#forget(end);
    return "done";
  }

  /** Ends the statement at `end` in the buffer and forgets it with its delimiter. */
  #cut(end: number, delimiterLength: number): void {
    if (this.#pending) this.#give(this.#buffer.slice(0, end), this.#codeAt);
    this.#forget(end + delimiterLength);
  }

  /** The same with a command of the client that ends it, or stands alone. */
  #cutCommand(start: number, end: number): void {
    const text = this.#pending ? this.#buffer.slice(0, start) : "";
    this.#give(text, this.#pending ? this.#codeAt : start, this.#buffer.slice(start, end));
    this.#forget(end);
  }

  #give(text: string, codeAt: number, command?: string): void {
    const sql = text.trim();
    const start = this.#offset + (sql === "" ? codeAt : text.length - text.trimStart().length);
    const line = this.#line + newlines(this.#buffer.slice(0, codeAt));
    const place = { sql, start, end: start + sql.length, line };
    this.#found.push(command === undefined ? place : { ...place, command: command.trim() });
  }

  #forget(length: number): void {
    this.#line += newlines(this.#buffer.slice(0, length));
    this.#offset += length;
    this.#buffer = this.#buffer.slice(length);
    this.#at = 0;
    this.#codeAt = 0;
    this.#atLineStart = false;
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
