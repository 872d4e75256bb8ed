/** The writer for a result, by the shell's settings and the terminal's width. */
import type { Column, Row } from "../../protocol/values.ts";
import { jsonFormat, jsonlFormat } from "./json.ts";
import { markdownFormat } from "./markdown.ts";
import type { Format, FormatName, FormatOptions, ResultWriter } from "./result_format.ts";
import { csvFormat, tsvFormat } from "./separated.ts";
import { tableFormat, tableWidth, TableWriter } from "./table.ts";
import { verticalFormat } from "./vertical.ts";

export const FORMAT_WRITERS: Readonly<Record<FormatName, Format>> = {
  table: tableFormat,
  vertical: verticalFormat,
  tsv: tsvFormat,
  csv: csvFormat,
  json: jsonFormat,
  jsonl: jsonlFormat,
  markdown: markdownFormat,
};

/** A table where it fits the terminal, else a line for each column. */
export function fittingFormat(width: number): Format {
  return (columns, options) => new FittingWriter(columns, options, width);
}

class FittingWriter implements ResultWriter {
  readonly #columns: readonly Column[];
  readonly #options: FormatOptions;
  readonly #width: number;
  readonly #table: TableWriter;
  #window: Row[] = [];
  #chosen: ResultWriter | null = null;

  constructor(columns: readonly Column[], options: FormatOptions, width: number) {
    this.#columns = columns;
    this.#options = options;
    this.#width = width;
    this.#table = new TableWriter(columns, { ...options, windowRows: Infinity });
  }

  rows(batch: readonly Row[]): string {
    if (this.#chosen !== null) return this.#chosen.rows(batch);
    this.#window.push(...batch);
    this.#table.rows(batch);
    return this.#window.length < this.#options.windowRows ? "" : this.#choose();
  }

  end(): string {
    const first = this.#chosen === null ? this.#choose() : "";
    return first + (this.#chosen?.end() ?? "");
  }

  #choose(): string {
    const fits = tableWidth(this.#table.measure()) <= this.#width;
    this.#chosen = (fits ? tableFormat : verticalFormat)(this.#columns, this.#options);
    return this.#chosen.rows(this.#window.splice(0));
  }
}
