/** How results are written: what every format answers to. */
import type { Column, Row } from "../../protocol/values.ts";
import type { Style } from "../port.ts";

export const FORMATS = ["table", "vertical", "tsv", "csv", "json", "jsonl", "markdown"] as const;

export type FormatName = typeof FORMATS[number];

export const BINARY_WORDS = ["auto", "hex", "base64", "utf8"] as const;

/** How bytes are shown; `auto`: as text where they are printable UTF-8, else in hexadecimal. */
export type BinaryWord = typeof BINARY_WORDS[number];

export interface FormatOptions {
  readonly header: boolean;
  /** Tab-separated values as they are, without escapes. */
  readonly raw: boolean;
  /** What stands for NULL in CSV. */
  readonly nullText: string;
  readonly binary: BinaryWord;
  /** A person reads it: control characters are shown as escapes, NULL is dim. */
  readonly terminal: { readonly style: Style; readonly columns: number } | null;
  /** Rows wider than the terminal end in `…`. */
  readonly cut: boolean;
  /** Formats that measure columns do so on so many rows, and stream the rest. */
  readonly windowRows: number;
}

/** Turns rows into text, a batch at a time; each answer may be written at once. */
export interface ResultWriter {
  rows(batch: readonly Row[]): string;
  end(): string;
}

export type Format = (columns: readonly Column[], options: FormatOptions) => ResultWriter;

export const WINDOW_ROWS = 1000;
