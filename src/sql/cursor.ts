/** A reader over the tokens of a statement that mean something. */
import { MinisqlError } from "../protocol/errors.ts";
import { lex, significant, type Token } from "./lexer.ts";
import { syntaxError } from "./syntax_error.ts";

/** Stands behind the last token, so that looking ahead needs no care. */
function endToken(at: number): Token {
  return {
    kind: "space",
    start: at,
    end: at,
    text: "",
    value: "",
    upper: "",
    executable: false,
  };
}

export class Cursor {
  readonly sql: string;
  readonly tokens: readonly Token[];
  readonly #end: Token;
  #at = 0;

  /** Reads `sql`; comments that servers run as code must have been unfolded before. */
  constructor(sql: string, tokens: readonly Token[] = lex(sql)) {
    this.sql = sql;
    this.tokens = significant(tokens);
    this.#end = endToken(sql.length);
    const executable = this.tokens.find((token) => token.executable);
    if (executable !== undefined) throw executableComment(executable);
  }

  /** Index of the next token, to come back to with `moveTo`. */
  get at(): number {
    return this.#at;
  }

  moveTo(at: number): void {
    this.#at = at;
  }

  get done(): boolean {
    return this.#at >= this.tokens.length;
  }

  peek(ahead = 0): Token {
    return this.tokens[this.#at + ahead] ?? this.#end;
  }

  next(): Token {
    const token = this.peek();
    if (this.#at < this.tokens.length) this.#at++;
    return token;
  }

  /** The token before the next one, or the empty end token at the start. */
  get previous(): Token {
    return this.tokens[this.#at - 1] ?? this.#end;
  }

  /** Whether these words, operators or signs come next, in this order. */
  looksAt(...words: readonly string[]): boolean {
    return words.every((word, ahead) => this.peek(ahead).upper === word);
  }

  /** Takes the words if all of them come next. */
  take(...words: readonly string[]): boolean {
    if (!this.looksAt(...words)) return false;
    this.#at += words.length;
    return true;
  }

  /** Takes whichever of the words comes next, or answers null. */
  takeOneOf(...words: readonly string[]): string | null {
    const upper = this.peek().upper;
    if (upper === "" || !words.includes(upper)) return null;
    this.#at++;
    return upper;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.take(word)) throw this.fault();
  }

  /** Whether a name may begin here: a word or something in backticks. */
  get atName(): boolean {
    const { kind } = this.peek();
    return kind === "word" || kind === "quoted_name";
  }

  /** Takes a name and answers it without quotes. */
  name(): string {
    if (!this.atName) throw this.fault();
    return this.next().value;
  }

  /** Behind the opening parenthesis: goes to behind the one that closes it. */
  skipToClose(): void {
    let depth = 1;
    while (depth > 0) {
      if (this.done) throw this.fault();
      const { upper } = this.next();
      if (upper === "(") depth++;
      else if (upper === ")") depth--;
    }
  }

  /** The text from the token at index `from` to the last one taken. */
  textFrom(from: number): string {
    const first = this.tokens[from];
    const last = this.tokens[this.#at - 1];
    return first === undefined || last === undefined ? "" : this.sql.slice(first.start, last.end);
  }

  /** MySQL's syntax error at the next token. */
  fault(token: Token = this.peek()): MinisqlError {
    return syntaxError(this.sql, token.start);
  }
}

function executableComment(token: Token): MinisqlError {
  const text = token.text.length > 40 ? `${token.text.slice(0, 40)}…` : token.text;
  return new MinisqlError(
    "UNSUPPORTED",
    `Cannot run ${text}: what is in a comment of this kind runs on some servers only; ` +
      "write it as plain SQL",
  );
}
