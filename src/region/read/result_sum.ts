/**
 * A query's rows in a few bytes, for comparing them with another copy's: how many, and the sum of
 * their checksums modulo 2^64. A row's checksum is `CRC32(MD5(r))`, where `r` is its cells in
 * order, each `N` for NULL, or its length, `:` and itself. Where order counts, a row's number
 * stands in front of it.
 */
import { crc32 } from "../../base/crc32.ts";
import { md5Hex } from "../../base/md5.ts";
import type { Cell, Row } from "../../protocol/values.ts";
import { ContentSum } from "../../sql/fingerprint.ts";

export class ResultSum {
  readonly #isOrdered: boolean;
  readonly #sum = new ContentSum();

  constructor(isOrdered: boolean) {
    this.#isOrdered = isOrdered;
  }

  get rows(): number {
    return this.#sum.rows;
  }

  get sum(): string {
    return this.#sum.sum;
  }

  /** Equal for equal results and for nothing else. */
  get content(): string {
    return `${this.rows}:${this.sum}`;
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      const place = this.#isOrdered ? `${this.#sum.rows}#` : "";
      this.#sum.add(crc32(md5Hex(place, ...row.flatMap(cellParts))));
    }
  }
}

function cellParts(cell: Cell): readonly (string | Uint8Array)[] {
  if (cell === null) return ["N"];
  if (cell instanceof Uint8Array) return [`${cell.length}:`, cell];
  const text = String(cell);
  return [`${text.length}:${text}`];
}
