/** Fields of CSV as values of a table's columns. */
import { ShellError } from "../shell_error.ts";
import type { CsvField, CsvRecord } from "./csv_reader.ts";
import type { TableColumn } from "./table_columns.ts";

export type ImportValue = null | string | bigint | Uint8Array;

/** How bytes are written in the file; `auto`: 0x and hexadecimal digits, or the text's own bytes. */
export type ImportBinary = "auto" | "hex" | "base64" | "utf8";

export interface ValueOptions {
  /** What stands for NULL where it is not in quotes. */
  readonly nullText: string;
  readonly binary: ImportBinary;
}

export function valuesOf(
  { fields, line }: CsvRecord,
  columns: readonly (TableColumn | null)[],
  options: ValueOptions,
): readonly ImportValue[] {
  if (fields.length !== columns.length) {
    throw new ShellError(
      `Line ${line}: there are ${fields.length} values for ${columns.length} columns`,
    );
  }
  const values: ImportValue[] = [];
  for (const [at, column] of columns.entries()) {
    const field = fields[at];
    if (column === null || field === undefined) continue;
    values.push(valueOf(field, column, options, line));
  }
  return values;
}

function valueOf(
  { text, quoted }: CsvField,
  { name, type }: TableColumn,
  { nullText, binary }: ValueOptions,
  line: number,
): ImportValue {
  if (!quoted && text === nullText) return null;
  const isBit = /^bit\b/.test(type);
  if (!isBit && !/^(?:(?:var)?binary|(?:tiny|medium|long)?blob)\b/.test(type)) return text;
  const bytes = bytesOf(text, isBit && binary !== "base64" ? "auto" : binary);
  if (bytes === null) {
    throw new ShellError(`Line ${line}: the value for ${name} is not ${binary}`);
  }
  if (!isBit) return bytes;
  return /^\d+$/.test(text) ? BigInt(text) : BigInt(`0x0${bytes.toHex()}`);
}

/** Null where it is not what it should be. */
function bytesOf(text: string, binary: ImportBinary): Uint8Array | null {
  switch (binary) {
    case "utf8":
      return new TextEncoder().encode(text);
    case "base64":
      return attempt(() => Uint8Array.fromBase64(text));
    case "hex":
      return attempt(() => Uint8Array.fromHex(text.replace(/^0x/i, "")));
    case "auto":
      return /^0x(?:[0-9a-f]{2})*$/i.test(text)
        ? Uint8Array.fromHex(text.slice(2))
        : new TextEncoder().encode(text);
  }
}

function attempt(decode: () => Uint8Array): Uint8Array | null {
  try {
    return decode();
  } catch {
    return null;
  }
}
