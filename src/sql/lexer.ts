/**
 * The lexer of MySQL's SQL, as a server reads it whose sql_mode has neither ANSI_QUOTES nor
 * NO_BACKSLASH_ESCAPES. Tokens cover the whole text: put together again they are the input.
 */
import { invariant } from "../base/assert.ts";
import { isDigit, isHexDigit, isNamePart, isSpace, isVariablePart } from "./characters.ts";
import { syntaxError } from "./syntax_error.ts";

export type TokenKind =
  /** A keyword or an unquoted name: only a parser can tell. */
  | "word"
  /** A name in backticks. */
  | "quoted_name"
  /** `'…'`, `"…"` or `N'…'`. Strings that stand beside each other are one to MySQL, two here. */
  | "string"
  | "number"
  /** `x'…'` or `0x…`; `value` holds the digits. */
  | "hex"
  /** `b'…'` or `0b…`; `value` holds the digits. */
  | "bit"
  | "operator"
  | "punctuation"
  /** `@name`; `value` holds the name. */
  | "user_variable"
  /** `@@name` or `@@scope.name`; `value` holds what follows the signs. */
  | "system_variable"
  /** A `?`. */
  | "parameter"
  | "comment"
  | "space";

export interface Token {
  readonly kind: TokenKind;
  /** UTF-16 offsets in the text: `end` is the first behind the token. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Without quotes and escapes for names and strings, the text itself for everything else. */
  readonly value: string;
  /** Words in upper case, operators and punctuation as they are, else empty: safe to compare with. */
  readonly upper: string;
  /** A comment that servers run as code: `/*! …`, `/*!50000 …`, `/*M! …`. */
  readonly executable: boolean;
}

/** Longest first, since the first that fits is taken. */
const OPERATORS = [
  ...["<=>", "->>", ":=", "<=", ">=", "<>", "!=", "<<", ">>", "->", "||", "&&"],
  ...["+", "-", "*", "/", "%", "^", "~", "!", "&", "|", "=", "<", ">"],
];
const OPERATOR_STARTS = new Set(OPERATORS.map((operator) => operator.charCodeAt(0)));

/** What a backslash makes of the character behind it; any other stands for itself. */
const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\x1a",
  // These two keep their backslash, for LIKE to see.
  "%": "\\%",
  _: "\\_",
};

/** Executable comments inside one another: more is no dump's writing. */
const NESTING_MAX = 8;

const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const BACKTICK = 0x60;
const BACKSLASH = 0x5c;
const DOT = 0x2e;
const AT = 0x40;
const STAR = 0x2a;
const SLASH = 0x2f;

/** Splits a text into tokens; raises MySQL's syntax error where a quote or a comment does not end. */
export function lex(sql: string): readonly Token[] {
  return new Lexer(sql).all();
}

/** The tokens that mean something: comments and space are left out, executable comments stay. */
export function significant(tokens: readonly Token[]): readonly Token[] {
  return tokens.filter((token) =>
    token.kind !== "space" && (token.kind !== "comment" || token.executable)
  );
}

class Lexer {
  readonly #sql: string;
  #at = 0;
  #nesting = 0;
  #tokens: Token[] = [];

  constructor(sql: string) {
    this.#sql = sql;
  }

  all(): readonly Token[] {
    while (this.#at < this.#sql.length) this.#next();
    return this.#tokens;
  }

  #next(): void {
    const code = this.#code(0);
    if (isSpace(code)) return this.#space();
    if (isDigit(code) && !this.#followsNameDot()) return this.#numberOrName();
    if (isNamePart(code)) return this.#wordOrLiteral(code);
    if (code === QUOTE || code === DOUBLE_QUOTE) return this.#string(this.#at);
    if (code === BACKTICK) {
      return this.#emit("quoted_name", this.#at, this.#quoted(this.#at, this.#at, false));
    }
    if (this.#comment(code)) return;
    if (code === AT) return this.#variable();
    if (code === DOT && isDigit(this.#code(1)) && !this.#followsWord()) return this.#fraction();
    if (code === BACKSLASH && this.#code(1) === 0x4e) {
      // `\N` is an old way to say NULL, and it is a word of its own.
      this.#at += 2;
      return this.#emit("word", this.#at - 2, "NULL");
    }
    this.#symbol(code);
  }

  /** The code unit `ahead` of here, or NaN, which belongs to no class, at the end. */
  #code(ahead: number): number {
    return this.#sql.charCodeAt(this.#at + ahead);
  }

  #emit(kind: TokenKind, start: number, value?: string, executable = false): void {
    const text = this.#sql.slice(start, this.#at);
    invariant(text !== "", `No token at ${start}`);
    const own = value ?? text;
    const upper = kind === "word"
      ? own.toUpperCase()
      : kind === "operator" || kind === "punctuation"
      ? text
      : "";
    this.#tokens.push({ kind, start, end: this.#at, text, value: own, upper, executable });
  }

  #skipWhile(fits: (code: number) => boolean): void {
    while (fits(this.#code(0))) this.#at++;
  }

  #space(): void {
    const start = this.#at;
    this.#skipWhile(isSpace);
    this.#emit("space", start);
  }

  /** After an unquoted name and its dot everything is a name, digits too: `db.1e5`. */
  #followsNameDot(): boolean {
    const dot = this.#tokens.at(-1);
    const name = this.#tokens.at(-2);
    return dot?.upper === "." && name?.kind === "word" && name.end === dot.start;
  }

  #followsWord(): boolean {
    return this.#tokens.at(-1)?.kind === "word";
  }

  /** A word, or a literal that begins like one: `x'41'`, `b'01'`, `N'text'`. */
  #wordOrLiteral(code: number): void {
    const start = this.#at;
    if (this.#code(1) === QUOTE) {
      const letter = code | 0x20;
      if (letter === 0x78) return this.#digitsInQuotes("hex", isHexDigit);
      if (letter === 0x62) return this.#digitsInQuotes("bit", isBinaryDigit);
      if (letter === 0x6e) return this.#string(this.#at + 1);
    }
    this.#skipWhile(isNamePart);
    this.#emit("word", start);
  }

  /** Digits begin a number, but also a name, as long as something else is in it: `1st`. */
  #numberOrName(): void {
    const start = this.#at;
    if (this.#prefixedDigits("x", "hex", isHexDigit)) return;
    if (this.#prefixedDigits("b", "bit", isBinaryDigit)) return;
    this.#skipWhile(isDigit);
    if (this.#code(0) === DOT) return this.#fraction(start);
    if (this.#exponent()) return this.#emit("number", start);
    if (!isNamePart(this.#code(0))) return this.#emit("number", start);
    this.#skipWhile(isNamePart);
    this.#emit("word", start);
  }

  /** `0x…` and `0b…`, the letter in lower case only; with other letters behind they are names. */
  #prefixedDigits(letter: string, kind: "hex" | "bit", fits: (code: number) => boolean): boolean {
    const start = this.#at;
    if (!this.#sql.startsWith(`0${letter}`, start)) return false;
    this.#at += 2;
    this.#skipWhile(fits);
    if (this.#at === start + 2 || isNamePart(this.#code(0))) {
      this.#at = start;
      return false;
    }
    this.#emit(kind, start, this.#sql.slice(start + 2, this.#at));
    return true;
  }

  /** The part of a number from its dot on. */
  #fraction(start = this.#at): void {
    this.#at++;
    this.#skipWhile(isDigit);
    if (!this.#exponent() && (this.#code(0) | 0x20) === 0x65) {
      // Once a dot was seen, an E must be an exponent.
      throw syntaxError(this.#sql, start);
    }
    this.#emit("number", start);
  }

  /** Takes `e5`, `E+5`, `e-5`; takes nothing where no digit follows. */
  #exponent(): boolean {
    if ((this.#code(0) | 0x20) !== 0x65) return false;
    const sign = this.#code(1) === 0x2b || this.#code(1) === 0x2d ? 1 : 0;
    if (!isDigit(this.#code(1 + sign))) return false;
    this.#at += 1 + sign;
    this.#skipWhile(isDigit);
    return true;
  }

  #digitsInQuotes(kind: "hex" | "bit", fits: (code: number) => boolean): void {
    const start = this.#at;
    this.#at += 2;
    this.#skipWhile(fits);
    const digits = this.#sql.slice(start + 2, this.#at);
    const whole = kind === "bit" || digits.length % 2 === 0;
    if (this.#code(0) !== QUOTE || !whole) throw syntaxError(this.#sql, start);
    this.#at++;
    this.#emit(kind, start, digits);
  }

  #string(quoteAt: number): void {
    const start = this.#at;
    const value = this.#quoted(quoteAt, start, true);
    this.#emit("string", start, value);
  }

  /** Reads from the quote at `quoteAt` to the one that ends it, and answers what is between. */
  #quoted(quoteAt: number, start: number, escapes: boolean): string {
    const sql = this.#sql;
    const quote = sql.charCodeAt(quoteAt);
    let value = "";
    let from = quoteAt + 1;
    for (let at = from; at < sql.length; at++) {
      const code = sql.charCodeAt(at);
      if (code === quote) {
        value += sql.slice(from, at);
        if (sql.charCodeAt(at + 1) !== quote) {
          this.#at = at + 1;
          return value;
        }
        from = ++at;
      } else if (escapes && code === BACKSLASH && at + 1 < sql.length) {
        const escaped = sql.charAt(at + 1);
        value += sql.slice(from, at) + (ESCAPES[escaped] ?? escaped);
        from = at + 2;
        at++;
      }
    }
    throw syntaxError(sql, start);
  }

  /** Takes a comment, where one begins here. */
  #comment(code: number): boolean {
    const sql = this.#sql;
    const start = this.#at;
    if (code === 0x23 || (code === 0x2d && this.#startsDashComment())) {
      const end = sql.indexOf("\n", start);
      this.#at = end < 0 ? sql.length : end;
      this.#emit("comment", start);
      return true;
    }
    if (code !== SLASH || this.#code(1) !== STAR) return false;
    if (sql.startsWith("!", start + 2) || sql.startsWith("M!", start + 2)) {
      this.#executableComment();
      return true;
    }
    const end = sql.indexOf("*/", start + 2);
    if (end < 0) throw syntaxError(sql, start);
    this.#at = end + 2;
    this.#emit("comment", start);
    return true;
  }

  /** Two dashes are a comment only with space, a control character or nothing behind them. */
  #startsDashComment(): boolean {
    if (this.#code(1) !== 0x2d) return false;
    const after = this.#code(2);
    return Number.isNaN(after) || isSpace(after) || after < 0x20;
  }

  /** What is inside is code, so a quote in it may hold the comment's end without ending it. */
  #executableComment(): void {
    const start = this.#at;
    const outer = this.#tokens;
    if (++this.#nesting > NESTING_MAX) throw syntaxError(this.#sql, start);
    this.#tokens = [];
    this.#at = this.#sql.indexOf("!", start) + 1;
    while (!this.#sql.startsWith("*/", this.#at)) {
      if (this.#at >= this.#sql.length) throw syntaxError(this.#sql, start);
      this.#next();
    }
    this.#tokens = outer;
    this.#nesting--;
    this.#at += 2;
    this.#emit("comment", start, undefined, true);
  }

  #variable(): void {
    const start = this.#at;
    if (this.#code(1) === AT) return this.#systemVariable();
    const code = this.#code(1);
    if (code === QUOTE || code === DOUBLE_QUOTE || code === BACKTICK) {
      const value = this.#quoted(start + 1, start, code !== BACKTICK);
      return this.#emit("user_variable", start, value);
    }
    this.#at++;
    this.#skipWhile(isVariablePart);
    const name = this.#sql.slice(start + 1, this.#at);
    if (name === "") this.#emit("punctuation", start);
    else this.#emit("user_variable", start, name);
  }

  /** `@@name`, `@@scope.name`, the parts bare or in backticks. */
  #systemVariable(): void {
    const start = this.#at;
    this.#at += 2;
    const parts: string[] = [];
    for (;;) {
      const from = this.#at;
      if (this.#code(0) === BACKTICK) parts.push(this.#quoted(from, start, false));
      else {
        this.#skipWhile(isNamePart);
        if (this.#at === from) throw syntaxError(this.#sql, from);
        parts.push(this.#sql.slice(from, this.#at));
      }
      if (this.#code(0) !== DOT) break;
      this.#at++;
    }
    this.#emit("system_variable", start, parts.join("."));
  }

  #symbol(code: number): void {
    const start = this.#at;
    if (code === 0x3f) {
      this.#at++;
      return this.#emit("parameter", start);
    }
    const operator = OPERATOR_STARTS.has(code) || code === 0x3a
      ? OPERATORS.find((each) => this.#sql.startsWith(each, start))
      : undefined;
    this.#at += operator?.length ?? 1;
    this.#emit(operator === undefined ? "punctuation" : "operator", start);
  }
}

function isBinaryDigit(code: number): boolean {
  return code === 0x30 || code === 0x31;
}
