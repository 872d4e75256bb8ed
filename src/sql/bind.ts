/** Parameters put into a statement's text: every `?` becomes a literal that cannot end early. */
import { MinisqlError } from "../protocol/errors.ts";
import { lex, type Token } from "./lexer.ts";
import { bytesLiteral, quoteString } from "./names.ts";

export type Parameter = null | boolean | number | bigint | string | Uint8Array | Date;

/** Where these stand beside a literal, neither can be read as part of the other. */
const APART = new Set([" ", "\t", "\n", "\r", "(", ")", ",", "=", ";"]);

/** Answers `sql` with its placeholders filled in, in order. There must be as many as values. */
export function bind(
  sql: string,
  values: readonly Parameter[],
  tokens: readonly Token[] = lex(sql),
): string {
  const placeholders = tokens.filter((token) => token.kind === "parameter");
  if (placeholders.length !== values.length) {
    throw new MinisqlError(
      "BAD_REQUEST",
      `Cannot bind ${values.length} values: the statement has ${placeholders.length} placeholders`,
    );
  }
  let bound = "";
  let from = 0;
  placeholders.forEach((token, at) => {
    bound += sql.slice(from, token.start) + separated(sql, token, literal(values[at], at + 1));
    from = token.end;
  });
  return bound + sql.slice(from);
}

/** `x?` filled with text would be a binary literal, and `?or` with a number a name. */
function separated(sql: string, token: Token, text: string): string {
  const before = sql.charAt(token.start - 1);
  const after = sql.charAt(token.end);
  const left = before === "" || APART.has(before) ? "" : " ";
  const right = after === "" || APART.has(after) ? "" : " ";
  return left + text + right;
}

/** The literal for the value that is parameter number `position`. */
function literal(value: unknown, position: number): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return textLiteral(value, position);
  if (typeof value === "boolean") return value ? "TRUE" : "FALSE";
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (value instanceof Uint8Array) return bytesLiteral(value);
  if (value instanceof Date) return dateLiteral(value, position);
  throw refusal(position, wordsOf(value));
}

function textLiteral(value: string, position: number): string {
  if (!value.isWellFormed()) throw refusal(position, "text with half a surrogate pair");
  return quoteString(value);
}

/** UTC, as every session of the cluster is, with the six digits that DATETIME(6) has. */
function dateLiteral(value: Date, position: number): string {
  const year = value.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) throw refusal(position, "a date out of MySQL's range");
  return `'${value.toISOString().replace("T", " ").replace("Z", "000")}'`;
}

function wordsOf(value: unknown): string {
  if (value === undefined) return "undefined";
  return typeof value === "number" ? String(value) : `of type ${typeof value}`;
}

function refusal(position: number, words: string): MinisqlError {
  return new MinisqlError(
    "BAD_REQUEST",
    `Cannot bind parameter ${position}: it is ${words}, and must be null, true or false, ` +
      "a finite number, a bigint, text, bytes or a date",
  );
}
