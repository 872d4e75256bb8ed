/** Which rows a statement is about: by key where it says one, else by looking at each. */
import type { Expr, OrderItem, TableSource } from "../sqlite/translate_ast.ts";
import { evaluate, type Facts, placeOf, type Scope } from "./evaluate.ts";
import { Shape, type StoredRow, type Table } from "./table.ts";
import { order, truth, unsupported, type Value } from "./values.ts";

export interface Source {
  readonly table: string;
  readonly alias: string | null;
}

/** The one table that a statement may be about; null for none. */
export function sourceOf(from: TableSource | null): Source | null {
  if (from === null || (from.kind === "table" && from.table.name.toUpperCase() === "DUAL")) {
    return null;
  }
  if (from.kind !== "table") throw unsupported("a statement on several tables");
  return { table: from.table.name, alias: from.alias };
}

export interface Selection {
  readonly where: Expr | null;
  readonly orderBy: readonly OrderItem[];
  readonly limit: { readonly count: bigint; readonly offset: bigint } | null;
}

export function rowsOf(
  table: Table,
  alias: string | null,
  { where, orderBy, limit }: Selection,
  facts: Facts,
): readonly StoredRow[] {
  const { model } = table;
  const scope = (row: StoredRow): Scope => ({ model, row: row.cells, alias });
  const fits = (row: StoredRow) =>
    where === null || truth(evaluate(where, scope(row), facts)) === true;
  const found = candidates(table, where, facts).filter(fits);
  const sorted = orderBy.length === 0 ? found : sort(found, orderBy, scope, facts);
  if (limit === null) return sorted;
  return sorted.slice(Number(limit.offset), Number(limit.offset + limit.count));
}

function sort(
  rows: readonly StoredRow[],
  orderBy: readonly OrderItem[],
  scope: (row: StoredRow) => Scope,
  facts: Facts,
): readonly StoredRow[] {
  const keyed = rows.map((row) => ({
    row,
    key: orderBy.map(({ expr }) => evaluate(expr, scope(row), facts)),
  }));
  keyed.sort((a, b) => {
    for (const [at, { descending }] of orderBy.entries()) {
      const found = order(a.key[at] ?? null, b.key[at] ?? null);
      if (found !== 0) return descending ? -found : found;
    }
    return 0;
  });
  return keyed.map(({ row }) => row);
}

/** At least the rows that may fit. */
function candidates(table: Table, where: Expr | null, facts: Facts): readonly StoredRow[] {
  const shape = Shape.of(table.model);
  if (where === null || !shape.keyed) return table.rows;
  const said = new Map<number, Value>();
  equalities(where, table, said, facts);
  const key: Value[] = [];
  for (const place of shape.key) {
    const value = said.get(place);
    if (value === undefined) break;
    if (value === null) return [];
    key.push(value);
  }
  if (key.length === 0) return table.rows;
  const at = shape.findKey(table.rows, key);
  if (at < 0) return [];
  if (key.length === shape.key.length) return [table.rows[at] as StoredRow];
  return around(
    table.rows,
    at,
    (row) => key.every((value, n) => order(row.cells[shape.key[n] ?? 0] ?? null, value) === 0),
  );
}

/** The rows beside each other that are alike, of which one is known. */
function around(
  rows: readonly StoredRow[],
  at: number,
  alike: (row: StoredRow) => boolean,
): readonly StoredRow[] {
  let [from, to] = [at, at + 1];
  while (from > 0 && alike(rows[from - 1] as StoredRow)) from--;
  while (to < rows.length && alike(rows[to] as StoredRow)) to++;
  return rows.slice(from, to);
}

/** Columns that the condition says are equal to a literal. */
function equalities(expr: Expr, table: Table, said: Map<number, Value>, facts: Facts): void {
  if (expr.kind === "logical" && expr.operator === "AND") {
    equalities(expr.left, table, said, facts);
    equalities(expr.right, table, said, facts);
  }
  if (expr.kind !== "compare" || expr.operator !== "=") return;
  const { left, right } = expr;
  if (left.kind !== "column" || right.kind !== "literal") return;
  const place = placeOf(table.model, left.name);
  const value = evaluate(right, { model: null, row: [] }, facts);
  // Text compared with a number is compared as one, which no key is sorted by.
  const isText = table.model.columns[place]?.type.collation !== null;
  if (place >= 0 && isText === (typeof value === "string")) said.set(place, value);
}
