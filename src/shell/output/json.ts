/** Results as JSON: an array of objects, or a line for each row. */
import type { Cell, Column, Row } from "../../protocol/values.ts";
import { cellTexts } from "./cell_text.ts";
import type { Format, FormatOptions } from "./result_format.ts";

export const jsonFormat: Format = (columns, options) => {
  const object = objectWriter(columns, options);
  let count = 0;
  return {
    rows(batch) {
      let text = "";
      for (const row of batch) text += `${count++ === 0 ? "[\n" : ",\n"}${object(row)}`;
      return text;
    },
    end: () => count === 0 ? "[]\n" : "\n]\n",
  };
};

export const jsonlFormat: Format = (columns, options) => {
  const object = objectWriter(columns, options);
  return {
    rows: (batch) => batch.map((row) => `${object(row)}\n`).join(""),
    end: () => "",
  };
};

/**
 * Numbers are JSON numbers where a double holds them; DECIMAL and wider integers are text, so that
 * no digit is lost. Bytes are base64 where nothing else is asked for; JSON stays JSON.
 */
function objectWriter(columns: readonly Column[], options: FormatOptions): (row: Row) => string {
  const binary = options.binary === "auto" ? "base64" : options.binary;
  const keys = distinct(columns.map(({ name }) => name)).map((key) => JSON.stringify(key));
  const texts = cellTexts(columns, binary);
  const value = (cell: Cell, at: number): string => {
    if (cell === null || typeof cell === "number") return JSON.stringify(cell);
    const text = texts[at]?.(cell) ?? "";
    return columns[at]?.kind === "json" && isJson(text) ? text : JSON.stringify(text);
  };
  return (row) => `{${row.map((cell, at) => `${keys[at]}:${value(cell, at)}`).join(",")}}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return !text.includes("\n");
  } catch {
    return false;
  }
}

/** An object has one value for each key: the second `a` is `a_2`. */
function distinct(names: readonly string[]): readonly string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let key = name;
    for (let number = 2; taken.has(key); number++) key = `${name}_${number}`;
    taken.add(key);
    return key;
  });
}
