/** Pieces of a region's tables, for a statement that runs elsewhere: all read at one moment. */
import type { EngineSession } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { type Column, encodeRows, type Row } from "../../protocol/values.ts";
import type { ContentColumn } from "../../sql/canonical.ts";
import { exactSelectList } from "../../sql/fingerprint.ts";
import { quoteName } from "../../sql/names.ts";
import type { Part } from "./parts.ts";
import type { View } from "./snapshot.ts";
import type { Reading, ReadOptions } from "./statement.ts";

export interface Piece {
  readonly table: string;
  /** The definition that columns and condition were made for. */
  readonly hash: string;
  readonly columns: readonly ContentColumn[];
  readonly where: string | null;
}

export interface ReadPieces {
  readonly kind: "pieces";
  readonly pieces: readonly Piece[];
}

export function pieceSql({ table, columns, where }: Omit<Piece, "hash">): string {
  const condition = where === null ? "" : ` WHERE ${where}`;
  return `SELECT ${exactSelectList(columns)} FROM ${quoteName(table)}${condition}`;
}

/** A row is the number of its piece, and then what its columns hold, as on the wire. */
const COLUMNS: readonly Column[] = [
  { name: "piece", kind: "integer" },
  { name: "values", kind: "text" },
];

export function readPieces(
  session: EngineSession,
  { pieces }: ReadPieces,
  options: ReadOptions,
): Reading {
  return {
    columns: Promise.resolve(COLUMNS),
    result: { affected: 0 },
    kept: null,
    async *[Symbol.asyncIterator]() {
      for (const [at, piece] of pieces.entries()) {
        for await (const rows of session.stream(pieceSql(piece), options)) {
          yield encodeRows(piece.columns, rows).map((cells): Row => [at, ...cells]);
        }
      }
    },
  };
}

/** Raises `BEHIND` where a table is not defined as the piece of it was made for. */
export function requireDefinitions(
  { pieces }: ReadPieces,
  parts: readonly Part[],
  views: readonly View[],
): void {
  for (const { table, hash } of pieces) {
    const [part] = parts;
    const at = part?.tables.indexOf(table) ?? -1;
    if (views[0]?.fingerprints[at]?.schema === hash) continue;
    const why = "it is not defined here as it was where that was planned";
    throw new MinisqlError("BEHIND", `Cannot send rows of table ${table}: ${why}`);
  }
}
