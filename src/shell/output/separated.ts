/** Results for programs: a line for each row, values between tabs or commas. */
import type { Cell, Column } from "../../protocol/values.ts";
import { cellTexts } from "./cell_text.ts";
import type { Format, FormatOptions, ResultWriter } from "./result_format.ts";

const TSV_ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\0": "\\0",
};

/** As the mysql client writes for other programs; `raw` leaves out the escapes. */
export const tsvFormat: Format = (columns, options) => {
  const value = options.raw
    ? (text: string) => text
    : (text: string) => text.replace(/[\\\t\n\0]/g, (found) => TSV_ESCAPES[found] ?? found);
  return lineWriter(columns, options, {
    separator: "\t",
    name: options.raw ? (text) => text : value,
    value,
    nothing: "NULL",
    alwaysNames: false,
  });
};

/** RFC 4180. Text that is empty is quoted, so that it is not taken for NULL. */
export const csvFormat: Format = (columns, options) => {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const value = (text: string) =>
    /^$|[",\r\n]|^\s|\s$/.test(text) || text === options.nullText ? quoted(text) : text;
  return lineWriter(columns, options, {
    separator: ",",
    name: value,
    value,
    nothing: options.nullText,
    alwaysNames: true,
  });
};

interface Manner {
  readonly separator: string;
  readonly name: (text: string) => string;
  readonly value: (text: string) => string;
  readonly nothing: string;
  /** Names are written also where there are no rows. */
  readonly alwaysNames: boolean;
}

function lineWriter(
  columns: readonly Column[],
  { header, binary }: FormatOptions,
  { separator, name, value, nothing, alwaysNames }: Manner,
): ResultWriter {
  const texts = cellTexts(columns, binary);
  const cell = (cell: Cell, at: number) => cell === null ? nothing : value(texts[at]?.(cell) ?? "");
  let begun = false;
  const open = () => {
    if (begun || !header) return "";
    begun = true;
    return `${columns.map((column) => name(column.name)).join(separator)}\n`;
  };
  return {
    rows(batch) {
      if (batch.length === 0) return "";
      let text = open();
      for (const row of batch) text += `${row.map(cell).join(separator)}\n`;
      return text;
    },
    end: () => alwaysNames ? open() : "",
  };
}
