/** Rows on their way to the client: held back until they may go, and then only as it takes them. */
import type { RowsContext } from "../../protocol/handlers.ts";
import type { Column, Row } from "../../protocol/values.ts";

export interface HoldLimits {
  readonly heldRows: number;
  readonly heldBytes: number;
}

/** For a cell on top of what its text or bytes take. */
const CELL_BYTES = 16;

export class RowsOut {
  readonly #context: Pick<RowsContext, "rows">;
  readonly #limits: HoldLimits;
  #columns: readonly Column[] = [];
  #held: (readonly Row[])[] = [];
  #isOpen = false;
  #rows = 0;
  #bytes = 0;

  constructor(context: Pick<RowsContext, "rows">, limits: HoldLimits) {
    this.#context = context;
    this.#limits = limits;
  }

  /** Rows taken so far, and about how many bytes they are. */
  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Rows may have been sent. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** No more may be held back: open it, or take nothing more. */
  get isFull(): boolean {
    const { heldRows, heldBytes } = this.#limits;
    return !this.#isOpen && (this.#rows >= heldRows || this.#bytes >= heldBytes);
  }

  /** Said once, before the first row. */
  head(columns: readonly Column[]): void {
    this.#columns = columns;
  }

  /** Takes rows. Once open, resolves when the client is ready for more. */
  async take(rows: readonly Row[]): Promise<void> {
    this.#rows += rows.length;
    this.#bytes += bytesOf(rows);
    if (this.#isOpen) await this.#context.rows(this.#columns, rows);
    else this.#held.push(rows);
  }

  /** Sends what was held back; what comes from now on goes right through. */
  async open(): Promise<void> {
    if (this.#isOpen) return;
    this.#isOpen = true;
    const held = this.#held;
    this.#held = [];
    // Where there are no rows the columns are told all the same.
    if (held.length === 0) await this.#context.rows(this.#columns, []);
    for (const rows of held) await this.#context.rows(this.#columns, rows);
  }

  /** Forgets what was taken, none of which was sent: the read begins anew. */
  reset(): void {
    this.#held = [];
    this.#rows = 0;
    this.#bytes = 0;
  }
}

function bytesOf(rows: readonly Row[]): number {
  let bytes = 0;
  for (const row of rows) {
    bytes += row.length * CELL_BYTES;
    for (const cell of row) {
      if (typeof cell === "string" || cell instanceof Uint8Array) bytes += cell.length;
    }
  }
  return bytes;
}
