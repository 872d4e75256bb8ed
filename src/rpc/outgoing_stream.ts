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

/** What ends a stream early. To ask for the signal costs something, so it is left for when one waits. */
export interface Ending {
  readonly signal: AbortSignal;
  throwIfAborted(): void;
}

export class OutgoingStream {
  readonly #link: Link;
  readonly #id: number;
  readonly #ending: Ending;
  readonly #lineBytes: number;
  #credit: number;
  #waiting: Deferred<void> | null = null;
  #columnsSent = false;
  #columns: readonly Column[] = [];
  #gathered: Row[] = [];
  #gatheredBytes = 0;

  constructor(link: Link, id: number, ending: Ending, limits: RpcLimits) {
    this.#link = link;
    this.#id = id;
    this.#ending = ending;
    this.#credit = limits.streamWindow;
    this.#lineBytes = limits.rowsLineBytes;
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
      this.#waiting ??= new Deferred();
      await orAborted(this.#waiting.promise, this.#ending.signal);
    }
    this.#ending.throwIfAborted();
    this.#credit--;
    this.#link.send(line);
    if (this.#link.queuedBytes <= this.#lineBytes) return;
    // A link that takes nothing more must not keep the call beyond its end.
    await orAborted(this.#link.drained(), this.#ending.signal);
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
