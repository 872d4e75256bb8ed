/** Names and values written the way MySQL reads them back, whatever characters are in them. */
import { MinisqlError } from "../protocol/errors.ts";

/** A name in backticks. */
export function quoteName(name: string): string {
  if (name === "" || name.includes("\0")) {
    throw new MinisqlError(
      "BAD_REQUEST",
      `Cannot quote a name: ${JSON.stringify(name)} is empty or holds a zero byte`,
    );
  }
  return `\`${name.replaceAll("`", "``")}\``;
}

/** A name with its database in front, where one is given. */
export function quoteTable(database: string | null, table: string): string {
  return database === null ? quoteName(table) : `${quoteName(database)}.${quoteName(table)}`;
}

/** What a string literal must not hold as it is: what ends it, and what terminals and logs spoil. */
const ESCAPED = /['\\]|\p{Cc}/gu;
const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\n": "\\n",
  "\r": "\\r",
  "\x1a": "\\Z",
  "'": "''",
  "\\": "\\\\",
};

/** A string literal. Halves of surrogate pairs have no UTF-8 and are refused. */
export function quoteString(text: string): string {
  if (!text.isWellFormed()) {
    throw new MinisqlError("BAD_REQUEST", "Cannot quote text: it holds half a surrogate pair");
  }
  return `'${text.replace(ESCAPED, (found) => ESCAPES[found] ?? found)}'`;
}

/** A binary string literal, `x'…'`. */
export function bytesLiteral(bytes: Uint8Array): string {
  return `x'${bytes.toHex()}'`;
}
