/** Changes of a content that weak checksums cannot see, by what they do. */
import { invariant } from "../../src/base/assert.ts";
import type { Cell } from "../../src/protocol/values.ts";
import { corners, exchange, type Mutation } from "./content_change.ts";
import { COLUMNS, decimal, Draw, exactKey, type Rows, tenThousandths } from "./content_draw.ts";
import { TRAPS } from "./content_traps.ts";

/** A content before and after. */
export interface Mutated {
  readonly what: string;
  readonly before: Rows;
  readonly after: Rows;
}

/** A change did nothing where it, say, swapped equal values: then others are drawn. */
const TRIES_MAX = 1000;

/** The number in a column of integers or decimals, and so much more. */
function increased(row: readonly Cell[], column: number, by: number): Cell {
  const cell = row[column] ?? null;
  return COLUMNS[column]?.kind === "decimal"
    ? decimal(tenThousandths(String(cell ?? "0.0000")) + BigInt(by))
    : Number(cell) + by;
}

const EXCHANGES: readonly Mutation[] = [
  {
    what: "values swapped between rows",
    change(rows, draw) {
      const { row, other, column } = corners(rows, draw);
      exchange(row, column, other, column);
    },
  },
  {
    what: "values swapped between columns",
    change(rows, draw) {
      const { row, column, partner } = corners(rows, draw);
      exchange(row, column, row, partner);
    },
  },
  {
    what: "values swapped across",
    change(rows, draw) {
      const { row, other, column, partner } = corners(rows, draw);
      exchange(row, column, other, partner);
    },
  },
  {
    what: "two columns swapped in every row",
    change(rows, draw) {
      const { column, partner } = corners(rows, draw);
      for (const row of rows) exchange(row, column, row, partner);
    },
  },
  {
    what: "a column moved down by one row",
    change(rows, draw) {
      const { column } = corners(rows, draw);
      const cells = rows.map((row) => row[column] ?? null);
      rows.forEach((row, at) => row[column] = cells.at(at - 1) ?? null);
    },
  },
  {
    what: "ends of texts swapped between rows",
    bait(rows, draw) {
      const { row, other, column } = corners(rows, draw, "text");
      [row[column], other[column]] = ["aa", "bb"];
    },
    change(rows, draw) {
      const { row, other, column } = corners(rows, draw, "text");
      [row[column], other[column]] = ["ab", "ba"];
    },
  },
  {
    what: "an amount moved between rows",
    change(rows, draw) {
      const { row, other, column } = corners(rows, draw, "integer", "decimal");
      const amount = 1 + draw.below(1000);
      row[column] = increased(row, column, -amount);
      other[column] = increased(other, column, amount);
    },
  },
  {
    what: "an amount moved between columns",
    change(rows, draw) {
      const { row, column, partner } = corners(rows, draw, "integer", "decimal");
      const amount = 1 + draw.below(1000);
      row[column] = increased(row, column, -amount);
      row[partner] = increased(row, partner, amount);
    },
  },
];

const ROWS: readonly Mutation[] = [
  {
    what: "a row doubled",
    change: (rows, draw) => void rows.push([...draw.pick(rows)]),
  },
  {
    what: "a row added twice",
    change(rows, draw) {
      const row = draw.row();
      rows.push(row, [...row]);
    },
  },
  {
    what: "two equal rows removed",
    bait(rows) {
      rows.push([...(rows[0] ?? [])]);
    },
    change(rows) {
      rows.pop();
      rows.shift();
    },
  },
  {
    what: "a row removed",
    change: (rows, draw) => void rows.splice(draw.below(rows.length), 1),
  },
  {
    what: "a row in the place of another",
    change(rows, draw) {
      const { row, other } = corners(rows, draw);
      row.splice(0, row.length, ...other);
    },
  },
  {
    what: "a row of NULLs added",
    change: (rows) => void rows.push(COLUMNS.map(() => null)),
  },
];

const MUTATIONS: readonly Mutation[] = [...EXCHANGES, ...ROWS, ...TRAPS];

/** The number of mutations there are. */
export const MUTATION_COUNT = MUTATIONS.length;

/** A random content and one that differs from it by one mutation. */
export function mutated(draw: Draw): Mutated {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const { what, bait, change } = draw.pick(MUTATIONS);
    const before = draw.rows();
    const seed = draw.below(2 ** 32);
    bait?.(before, new Draw(seed));
    const after = before.map((row) => [...row]);
    change(after, new Draw(seed));
    if (exactKey(after) !== exactKey(before)) return { what, before, after };
  }
  invariant(false, `No mutation changed a content in ${TRIES_MAX} tries`);
}
