/** The sending end of a stream: lines go out only as fast as the receiver takes them. */
import { orAborted } from "../base/abort.ts";
import { Deferred } from "../base/deferred.ts";
import type { Link } from "../ports/network.ts";
import { encodeEvent, encodeRowsLine } from "../protocol/codec.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { fitsLine, LINE_BYTES_MAX } from "../protocol/framing.ts";
import { type Column, encodeRows, type Row, type WireRows } from "../protocol/values.ts";
import type { RpcLimits } from "./limits.ts";

/** Counted for each cell on top of its own length: quotes, comma, digits of a number. */
const CELL_BYTES = 8;

export class OutgoingStream {
  readonly #link: Link;
  readonly #id: number;
  readonly #signal: AbortSignal;
  readonly #lineBytes: number;
  #credit: number;
  #waiting: Deferred<void> | null = null;
  #columnsSent = false;
  #columns: readonly Column[] = [];
  #gathered: Row[] = [];
  #gatheredBytes = 0;

  constructor(link: Link, id: number, signal: AbortSignal, limits: RpcLimits) {
    this.#link = link;
    this.#id = id;
    this.#signal = signal;
    this.#credit = limits.streamWindow;
    this.#lineBytes = limits.rowsLineBytes;
    signal.addEventListener("abort", () => this.#waiting?.resolve(), { once: true });
  }

  /** The receiver is ready for so many more lines. */
  granted(lines: number): void {
    this.#credit += lines;
    this.#waiting?.resolve();
    this.#waiting = null;
  }

  async event(event: unknown): Promise<void> {
    await this.#sendLine(encodeEvent(this.#id, event));
  }

  async rows(columns: readonly Column[], rows: readonly Row[]): Promise<void> {
    this.#columns = columns;
    for (const row of rows) {
      this.#gathered.push(row);
      this.#gatheredBytes += rowBytes(row);
      if (this.#gatheredBytes >= this.#lineBytes) await this.#sendGathered();
    }
  }

  /** Sends what has been gathered. */
  async end(): Promise<void> {
    if (this.#gathered.length > 0 || (this.#columns.length > 0 && !this.#columnsSent)) {
      await this.#sendGathered();
    }
  }

  async #sendGathered(): Promise<void> {
    const rows: WireRows = encodeRows(this.#columns, this.#gathered);
    const line = encodeRowsLine(this.#id, this.#columnsSent ? null : this.#columns, rows);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#columnsSent = true;
    await this.#sendLine(line);
  }

  async #sendLine(line: string): Promise<void> {
    if (!fitsLine(line)) {
      const why = `Cannot send a row: it is longer than a line may be, ${LINE_BYTES_MAX} bytes`;
      throw new MinisqlError("UNSUPPORTED", why);
    }
    while (this.#credit <= 0) {
      this.#signal.throwIfAborted();
      this.#waiting ??= new Deferred();
      await this.#waiting.promise;
    }
    this.#signal.throwIfAborted();
    this.#credit--;
    this.#link.send(line);
    // A link that takes nothing more must not keep the call beyond its end.
    await orAborted(this.#link.drained(), this.#signal);
  }
}

function rowBytes(row: Row): number {
  let bytes = 0;
  for (const cell of row) {
    bytes += CELL_BYTES;
    if (typeof cell === "string") bytes += cell.length;
    else if (cell instanceof Uint8Array) bytes += Math.ceil(cell.length / 3) * 4;
  }
  return bytes;
}
