/** What comes back for a text sent to the server: a result for each of its statements. */
import type { Buffer } from "node:buffer";
import type { Rows } from "../../ports/engine.ts";
import type { Column, Row } from "../../protocol/values.ts";
import { rowDecoder } from "./wire_cells.ts";
import { columnOf, type WireField } from "./wire_columns.ts";

/** Bits of the server's status, as it comes with the end of a statement. */
export const STATUS_IN_TRANSACTION = 1;

/** How a statement ended: as MySQL's OK packet says, or without a word behind a query's last row. */
export interface Ending {
  readonly affected: number;
  readonly insertId: string | null;
  readonly warnings: number;
  readonly info: string;
  /** The server's status, null where it was not told. */
  readonly status: number | null;
}

const NO_ENDING: Ending = { affected: 0, insertId: null, warnings: 0, info: "", status: null };

/** What takes a result as it comes. */
export interface Sink {
  columns(columns: readonly Column[]): void;
  row(row: Row): void;
  /** The statement went well, and this was all. */
  ended?(ending: Ending): void;
  /** Rows that still come are of no more use: the statement is being ended. */
  discard?(): void;
}

/** A result as a whole. */
export interface Answer {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly ending: Ending;
}

/** As the engine port gives it. */
export function rowsOf({ columns, rows, ending }: Answer): Rows {
  const { affected, insertId, warnings, info } = ending;
  return { columns, rows, result: { affected, insertId, warnings, info } };
}

export class Collector implements Sink {
  #columns: readonly Column[] = [];
  readonly #rows: Row[] = [];
  #ending: Ending | null = null;

  columns(columns: readonly Column[]): void {
    this.#columns = columns;
  }

  row(row: Row): void {
    this.#rows.push(row);
  }

  ended(ending: Ending): void {
    this.#ending = ending;
  }

  /** So far. */
  get collected(): Omit<Answer, "ending"> {
    return { columns: this.#columns, rows: this.#rows };
  }

  /** Null until the statement has gone well. */
  get answer(): Answer | null {
    if (this.#ending === null) return null;
    return { ...this.collected, ending: this.#ending };
  }
}

/** Hands each result to the next sink, as the driver tells of them. Those beyond go to nobody. */
export class Results {
  readonly #sinks: readonly Sink[];
  #at = 0;
  /** Rows of a result are coming. */
  #isOpen = false;
  #decode: ((row: readonly (Buffer | null)[]) => Row) | null = null;
  #last = NO_ENDING;

  constructor(sinks: readonly Sink[]) {
    this.#sinks = sinks;
  }

  /** Of the last result there was. */
  get ending(): Ending {
    return this.#last;
  }

  /** The columns of a result that begins; none where it has no rows. */
  fields(fields: readonly WireField[] | undefined): void {
    this.end();
    if (fields === undefined) return;
    this.#isOpen = true;
    const sink = this.#sinks[this.#at];
    if (sink === undefined) return;
    const columns = fields.map(columnOf);
    this.#decode = rowDecoder(columns);
    sink.columns(columns);
  }

  /** A row, or the header that stands for a result without rows. */
  result(result: unknown): void {
    if (!Array.isArray(result)) this.#close(endingOf(result));
    else if (this.#decode !== null) this.#sinks[this.#at]?.row(this.#decode(result));
  }

  /** The rows of the last result have come. */
  end(): void {
    if (this.#isOpen) this.#close(NO_ENDING);
  }

  #close(ending: Ending): void {
    this.#isOpen = false;
    this.#decode = null;
    this.#last = ending;
    this.#sinks[this.#at++]?.ended?.(ending);
  }
}

function endingOf(header: unknown): Ending {
  const { affectedRows, insertId, warningStatus, info, serverStatus } = header as {
    readonly affectedRows: number | string;
    readonly insertId: number | string;
    readonly warningStatus: number;
    readonly info: string;
    readonly serverStatus: number;
  };
  return {
    affected: Number(affectedRows),
    insertId: insertIdOf(insertId),
    warnings: warningStatus,
    info,
    status: serverStatus,
  };
}

/** The driver reads it as signed; zero says that none was drawn. */
function insertIdOf(value: number | string): string | null {
  const id = BigInt.asUintN(64, BigInt(value));
  return id === 0n ? null : id.toString();
}
