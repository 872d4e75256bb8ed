/** Takes rows out of a table and puts others in, in pieces of one transaction each. */
import type { Row } from "../../protocol/values.ts";
import type { CopyLimits } from "./limits.ts";
import type { LocalCopy } from "./local_copy.ts";
import { bytesOf } from "./remote_copy.ts";
import type { Quarantine } from "./replaced.ts";
import { deleteSql, insertSql } from "./row_sql.ts";
import type { TableRows } from "./table_rows.ts";

export interface RowWriterDeps {
  readonly local: LocalCopy;
  readonly limits: CopyLimits;
  /** Told of each piece before it is written. */
  readonly quarantine: Quarantine | null;
}

interface Piece {
  readonly out: Row[];
  readonly in: Row[];
  bytes: number;
}

/** Of one piece, rows go out first: so let all that is to go out come before what comes in. */
export class RowWriter {
  readonly #deps: RowWriterDeps;
  readonly #table: TableRows;
  #piece: Piece = emptyPiece();
  #writing: Promise<void> | null = null;
  /** Rows written so far. */
  readonly counts = { out: 0, in: 0 };

  constructor(deps: RowWriterDeps, table: TableRows) {
    this.#deps = deps;
    this.#table = table;
  }

  async takeOut(row: Row): Promise<void> {
    this.#piece.out.push(row);
    await this.#grow(row);
  }

  async putIn(row: Row): Promise<void> {
    this.#piece.in.push(row);
    await this.#grow(row);
  }

  /** Resolves when all that was gathered is written. What could not be is gathered no more. */
  async flush(): Promise<void> {
    await this.#begin();
    await this.#written();
  }

  async #grow(row: Row): Promise<void> {
    const { pieceRows, pieceBytes } = this.#deps.limits;
    const piece = this.#piece;
    piece.bytes += bytesOf(row);
    if (piece.bytes < pieceBytes && piece.out.length + piece.in.length < pieceRows) return;
    await this.#begin();
  }

  /** Begins to write what is gathered, while more can be gathered; but one piece at a time. */
  async #begin(): Promise<void> {
    const piece = this.#piece;
    this.#piece = emptyPiece();
    await this.#written();
    if (piece.out.length === 0 && piece.in.length === 0) return;
    this.#writing = this.#write(piece);
    // Whoever comes next is told.
    this.#writing.catch(() => {});
  }

  async #written(): Promise<void> {
    const writing = this.#writing;
    this.#writing = null;
    await writing;
  }

  async #write(piece: Piece): Promise<void> {
    const { local, quarantine } = this.#deps;
    await quarantine?.({ schema: this.#table.schema, before: piece.out, after: piece.in });
    await local.change(this.#statements(piece));
    this.counts.out += piece.out.length;
    this.counts.in += piece.in.length;
  }

  *#statements(piece: Piece): Generator<string, void, void> {
    const { schema } = this.#table;
    const { statementKeys, statementBytes } = this.#deps.limits;
    for (let from = 0; from < piece.out.length; from += statementKeys) {
      yield deleteSql(schema, piece.out.slice(from, from + statementKeys));
    }
    let [from, bytes] = [0, 0];
    for (const [at, row] of piece.in.entries()) {
      bytes += bytesOf(row);
      if (bytes < statementBytes && at + 1 < piece.in.length) continue;
      yield insertSql(schema, piece.in.slice(from, at + 1));
      [from, bytes] = [at + 1, 0];
    }
  }
}

function emptyPiece(): Piece {
  return { out: [], in: [], bytes: 0 };
}
