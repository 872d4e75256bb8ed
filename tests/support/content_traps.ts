/** Changes that play on what a checksum's bytes leave out: boundaries, NULL, equal CRCs, digits. */
import type { Cell, ColumnKind } from "../../src/protocol/values.ts";
import { bytesOf, corners, exchange, type Mutation, textOf } from "./content_change.ts";
import { COLUMNS, decimal, type Draw, tenThousandths } from "./content_draw.ts";

/** CRC-32's polynomial, which may be XORed into a message anywhere without changing its CRC. */
const POLYNOMIAL = [0x41, 0x06, 0x71, 0xdb, 0x01];
const CRC_ZERO = Uint8Array.of(0x9d, 0x0a, 0xd9, 0x6d);
const SAME_CRC = ["plumless", "buckeroo"] as const;
/** Pairs of numbers of which the CRC-32s have the same sum. */
const SAME_SUMS = [[10, 1169], [30, 1149], [23, 1130], [26, 211]] as const;
const SEPARATORS = [",", "#", "|", ":", "\0", " ", "\u001f"];

/** What a kind's NULL is easily taken for. */
function likeNull(kind: ColumnKind, draw: Draw): Cell {
  switch (kind) {
    case "text":
      return draw.pick(["", "N", "NULL", "0", "0:", "\0"]);
    case "bytes":
      return draw.pick([new Uint8Array(), Uint8Array.of(0), Uint8Array.of(0x4e), CRC_ZERO]);
    case "decimal":
      return "0.0000";
    case "datetime":
      return "0000-00-00 00:00:00.000000";
    default:
      return 0;
  }
}

const BOUNDARIES: readonly Mutation[] = [
  {
    what: "NULL for what looks like it",
    bait(rows, draw) {
      const { row, column } = corners(rows, draw);
      row[column] = null;
    },
    change(rows, draw) {
      const { row, column } = corners(rows, draw);
      row[column] = likeNull(COLUMNS[column]?.kind ?? "text", draw);
    },
  },
  {
    what: "NULL in the other column",
    bait(rows, draw) {
      const { row, column, partner } = corners(rows, draw);
      row[column] = null;
      row[partner] ??= likeNull(COLUMNS[partner]?.kind ?? "text", draw);
    },
    change(rows, draw) {
      const { row, column, partner } = corners(rows, draw);
      exchange(row, column, row, partner);
    },
  },
  {
    what: "a separator moved",
    bait(rows, draw) {
      const { row, column, partner } = corners(rows, draw, "text");
      const separator = draw.pick(SEPARATORS);
      [row[column], row[partner]] = [`a${separator}b`, "c"];
    },
    change(rows, draw) {
      const { row, column, partner } = corners(rows, draw, "text");
      const separator = draw.pick(SEPARATORS);
      [row[column], row[partner]] = ["a", `b${separator}c`];
    },
  },
  {
    what: "the boundary between texts moved",
    change(rows, draw) {
      const { row, column, partner } = corners(rows, draw, "text");
      const letters = [...textOf(row, column)];
      const tail = letters.splice(draw.below(letters.length)).join("");
      [row[column], row[partner]] = [letters.join(""), tail + textOf(row, partner)];
    },
  },
  {
    what: "the boundary between bytes moved",
    change(rows, draw) {
      const { row, column, partner } = corners(rows, draw, "bytes");
      const [head, tail] = [bytesOf(row, column).slice(0, 1), bytesOf(row, column).slice(1)];
      [row[column], row[partner]] = [head, Uint8Array.of(...tail, ...bytesOf(row, partner))];
    },
  },
  {
    what: "the boundary between digits moved",
    bait(rows, draw) {
      const { row, column, partner } = corners(rows, draw, "integer");
      [row[column], row[partner]] = [12, 3];
    },
    change(rows, draw) {
      const { row, column, partner } = corners(rows, draw, "integer");
      [row[column], row[partner]] = [1, 23];
    },
  },
  {
    what: "a value that carries its neighbour's length",
    change(rows, draw) {
      const { row, column, partner } = corners(rows, draw, "text");
      const next = textOf(row, partner);
      const { length } = new TextEncoder().encode(next);
      [row[column], row[partner]] = [`${textOf(row, column)}${length}:${next}`, ""];
    },
  },
];

const CHECKSUMS: readonly Mutation[] = [
  {
    what: "bytes of one CRC-32",
    bait(rows, draw) {
      const { row, column } = corners(rows, draw, "bytes");
      row[column] = Uint8Array.from({ length: 5 + draw.below(6) }, () => draw.below(256));
    },
    change(rows, draw) {
      const { row, column } = corners(rows, draw, "bytes");
      const bytes = bytesOf(row, column).slice();
      const from = draw.below(bytes.length - POLYNOMIAL.length + 1);
      POLYNOMIAL.forEach((bits, at) => bytes[from + at] = (bytes[from + at] ?? 0) ^ bits);
      row[column] = bytes;
    },
  },
  {
    what: "bytes of CRC-32 zero",
    bait(rows, draw) {
      const { row, column } = corners(rows, draw, "bytes");
      row[column] = draw.pick([null, new Uint8Array()]);
    },
    change(rows, draw) {
      const { row, column } = corners(rows, draw, "bytes");
      row[column] = CRC_ZERO;
    },
  },
  {
    what: "texts of one CRC-32",
    bait(rows, draw) {
      const { row, column } = corners(rows, draw, "text");
      row[column] = SAME_CRC[0];
    },
    change(rows, draw) {
      const { row, column } = corners(rows, draw, "text");
      row[column] = SAME_CRC[1];
    },
  },
  {
    what: "numbers of one sum of CRC-32s",
    bait(rows, draw) {
      const { row, other, column } = corners(rows, draw, "integer");
      const from = draw.below(2) * 2;
      [row[column], other[column]] = SAME_SUMS[from] ?? [0, 0];
    },
    change(rows, draw) {
      const { row, other, column } = corners(rows, draw, "integer");
      const from = draw.below(2) * 2;
      [row[column], other[column]] = SAME_SUMS[from + 1] ?? [0, 0];
    },
  },
  {
    what: "one change made to two rows",
    bait(rows, draw) {
      const { row, other, column } = corners(rows, draw, "bytes");
      row[column] = Uint8Array.from({ length: 6 }, () => draw.below(256));
      other[column] = Uint8Array.from({ length: 6 }, () => draw.below(256));
    },
    change(rows, draw) {
      const { row, other, column } = corners(rows, draw, "bytes");
      const [place, bits] = [draw.below(6), 1 + draw.below(255)];
      for (const each of [row, other]) {
        const bytes = bytesOf(each, column).slice();
        bytes[place] = (bytes[place] ?? 0) ^ bits;
        each[column] = bytes;
      }
    },
  },
];

/** Values that a collation, a rounding or a client's digits make equal. */
const NEAR: readonly Mutation[] = [
  {
    what: "upper case for lower",
    change(rows, draw) {
      const { row, column } = corners(rows, draw, "text");
      const text = textOf(row, column);
      const upper = text.toUpperCase();
      row[column] = upper === text ? text.toLowerCase() : upper;
    },
  },
  {
    what: "a space or a zero byte at the end",
    change(rows, draw) {
      const { row, column } = corners(rows, draw, "text");
      row[column] = textOf(row, column) + draw.pick([" ", "\0"]);
    },
  },
  {
    what: "an accent on its own",
    bait(rows, draw) {
      const { row, column } = corners(rows, draw, "text");
      row[column] = `${textOf(row, column)}é`;
    },
    change(rows, draw) {
      const { row, column } = corners(rows, draw, "text");
      row[column] = textOf(row, column).normalize("NFD");
    },
  },
  {
    what: "the next double",
    change(rows, draw) {
      const { row, column } = corners(rows, draw, "float");
      row[column] = nextDouble(Number(row[column] ?? 0));
    },
  },
  {
    what: "another sign",
    change(rows, draw) {
      const { row, column } = corners(rows, draw, "float", "integer");
      row[column] = 0 - Number(row[column] ?? 1);
    },
  },
  {
    what: "the last place of a decimal",
    change(rows, draw) {
      const { row, column } = corners(rows, draw, "decimal");
      row[column] = decimal(tenThousandths(String(row[column] ?? "0.0000")) + 1n);
    },
  },
  {
    what: "a microsecond",
    bait(rows, draw) {
      const { row, column } = corners(rows, draw, "datetime");
      row[column] = "2024-02-29 23:59:59.000000";
    },
    change(rows, draw) {
      const { row, column } = corners(rows, draw, "datetime");
      row[column] = "2024-02-29 23:59:59.000001";
    },
  },
];

export const TRAPS: readonly Mutation[] = [...BOUNDARIES, ...CHECKSUMS, ...NEAR];

function nextDouble(value: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigUint64(0, view.getBigUint64(0) + 1n);
  const next = view.getFloat64(0);
  return Number.isFinite(next) ? next : 0;
}
