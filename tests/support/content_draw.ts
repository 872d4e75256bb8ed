/** Random contents of one table with two columns of each kind, full of values that confuse checksums. */
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import type { Cell, Row } from "../../src/protocol/values.ts";
import type { ContentColumn } from "../../src/sql/canonical.ts";

/** Rows that are changed in place. */
export type Rows = Cell[][];

export interface DrawnColumn extends ContentColumn {
  /** The index of the other column of the same kind. */
  readonly partner: number;
}

const UTF8 = { collation: "utf8mb4_bin" };

/** The columns of a content, in this order. None is a key, so that there can be duplicates. */
export const COLUMNS: readonly DrawnColumn[] = [
  { name: "a", kind: "text", type: "varchar(200)", partner: 1, ...UTF8 },
  { name: "b", kind: "text", type: "varchar(200)", partner: 0, ...UTF8 },
  { name: "n", kind: "integer", type: "bigint(20)", partner: 3 },
  { name: "M", kind: "integer", type: "bigint(20)", partner: 2 },
  { name: "x", kind: "bytes", type: "varbinary(200)", partner: 5 },
  { name: "y", kind: "bytes", type: "varbinary(200)", partner: 4 },
  { name: "d", kind: "decimal", type: "decimal(20,4)", partner: 7 },
  { name: "e", kind: "decimal", type: "decimal(20,4)", partner: 6 },
  { name: "f", kind: "float", type: "double", partner: 9 },
  { name: "g", kind: "float", type: "double", partner: 8 },
  { name: "t", kind: "text", type: "text", partner: 11, ...UTF8 },
  { name: "T_2", kind: "text", type: "text", partner: 10, ...UTF8 },
  { name: "u", kind: "datetime", type: "datetime(6)", partner: 13 },
  { name: "v", kind: "datetime", type: "datetime(6)", partner: 12 },
];

const TEXTS = [
  ...["", "N", "NULL", "0", "1:a", "a,b", "a#b", "a|b", "a\0b", "a", "A", "a ", "aa", "ab"],
  ...["é", "e\u0301", "ß", "ſ", "日本", "😀", "plumless", "buckeroo", "100", "1169"],
];
/** Without a negative zero: MySQL keeps it, MariaDB does not. */
const DOUBLES = [0, 0.1, 0.30000000000000004, 1e15, -1e-16, 5e-324, 1.7976931348623157e308];
const TEN_THOUSANDTHS = 10_000n;

/** The choices that a seed makes. */
export class Draw {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#random.next() * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const keyed = list.map((each) => ({ each, at: this.#random.next() }));
    return keyed.sort((a, b) => a.at - b.at).map(({ each }) => each);
  }

  rows(): Rows {
    return Array.from({ length: 2 + this.below(4) }, () => this.row());
  }

  row(): Cell[] {
    return COLUMNS.map((column) => this.below(8) === 0 ? null : this.cell(column));
  }

  /** Any value of the column but NULL. */
  cell({ kind }: ContentColumn): Exclude<Cell, null> {
    switch (kind) {
      case "integer":
        return this.below(2) === 0 ? this.below(20) - 5 : this.below(2_000_000) - 1_000_000;
      case "decimal":
        return decimal(BigInt(this.below(2_000_000) - 1_000_000));
      case "float":
        return this.below(2) === 0 ? this.pick(DOUBLES) : this.below(1_000_000) / 997;
      case "bytes":
        return Uint8Array.from({ length: this.below(12) }, () => this.below(256));
      case "datetime":
        return `20${this.#two(100)}-01-02 03:04:${this.#two(60)}.${this.#two(100)}0000`;
      default:
        return this.below(2) === 0 ? this.pick(TEXTS) : this.pick(TEXTS) + this.pick(TEXTS);
    }
  }

  #two(limit: number): string {
    return String(this.below(limit)).padStart(2, "0");
  }
}

/** So many ten thousandths, as the columns of decimals have them. */
export function decimal(tenThousandths: bigint): string {
  const size = tenThousandths < 0n ? -tenThousandths : tenThousandths;
  const places = String(size % TEN_THOUSANDTHS).padStart(4, "0");
  return `${tenThousandths < 0n ? "-" : ""}${size / TEN_THOUSANDTHS}.${places}`;
}

export function tenThousandths(cell: string): bigint {
  return BigInt(cell.replace(".", ""));
}

/** Tells contents apart by comparing them value by value: no checksum is in it. */
export function exactKey(rows: readonly Row[]): string {
  return JSON.stringify(rows.map((row) => JSON.stringify(row.map(cellKey))).sort());
}

function cellKey(cell: Cell): string | null {
  if (cell === null) return null;
  if (cell instanceof Uint8Array) return cell.toHex();
  return String(cell);
}
