/** Cells as text, the way MySQL's own client has them. */
import { mysqlDouble } from "../../client/sql_text.ts";
import type { Cell, Column } from "../../protocol/values.ts";
import type { BinaryWord } from "./result_format.ts";

/** The text of a cell that is not NULL. */
export type CellText = (cell: Exclude<Cell, null>) => string;

/** For each column, how its cells read. */
export function cellTexts(columns: readonly Column[], binary: BinaryWord): readonly CellText[] {
  return columns.map((column) => cellText(column, binary));
}

function cellText(column: Column, binary: BinaryWord): CellText {
  switch (column.kind) {
    case "float": {
      const places = /\(\d+,(\d+)\)/.exec(column.type ?? "")?.[1];
      return places === undefined ? floatText : (cell) => Number(cell).toFixed(Number(places));
    }
    case "year":
      return (cell) => String(cell).padStart(4, "0");
    case "bytes":
      return (cell) => cell instanceof Uint8Array ? bytesText(cell, binary) : String(cell);
    case "bit":
      return (cell) => cell instanceof Uint8Array ? hexText(cell) : String(cell);
    default:
      return String;
  }
}

function floatText(cell: Exclude<Cell, null>): string {
  return typeof cell === "number" ? mysqlDouble(cell) : String(cell);
}

const LIKE_HEX = /^0x(?:[0-9a-f]{2})*$/i;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function bytesText(bytes: Uint8Array, binary: BinaryWord): string {
  switch (binary) {
    case "hex":
      return hexText(bytes);
    case "base64":
      return bytes.toBase64();
    case "utf8":
      return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    case "auto": {
      const text = printable(bytes);
      // Text that looks like digits of bytes would be read back as those.
      return text === null || LIKE_HEX.test(text) ? hexText(bytes) : text;
    }
  }
}

/** As MySQL's `--binary-as-hex` has it. */
export function hexText(bytes: Uint8Array): string {
  return `0x${bytes.toHex().toUpperCase()}`;
}

function printable(bytes: Uint8Array): string | null {
  try {
    const text = UTF8.decode(bytes);
    return /[^\P{Control}\t\n\r]/u.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** Kinds whose values stand at the right of a column. */
const NUMERIC: ReadonlySet<string> = new Set(["integer", "decimal", "float", "year", "null"]);

export function isNumeric(column: Column): boolean {
  return NUMERIC.has(column.kind);
}

/** Control characters would break lines apart, and could do worse to a terminal. */
export function escapeControls(text: string): string {
  return text.replace(/\p{Control}/gu, escapeOf);
}

/** The same for text that may have several lines. */
export function escapeTerminal(text: string): string {
  return text.replace(/[^\P{Control}\n\t]/gu, escapeOf);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\0": "\\0",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escapeOf(character: string): string {
  const short = ESCAPES[character];
  return short ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
