/**
 * Fingerprints beside contents compared value by value: they differ when the contents do, however
 * small or cunning the difference, and are equal when only the order of rows or columns differs.
 * A failure prints its seed; MINISQL_SEED replays it.
 */
import assert from "node:assert/strict";
import { crc32 } from "../src/base/crc32.ts";
import type { Cell, Row } from "../src/protocol/values.ts";
import { canonicalCell } from "../src/sql/canonical.ts";
import { ContentSum, RowChecksum } from "../src/sql/fingerprint.ts";
import { COLUMNS, Draw } from "./support/content_draw.ts";
import { mutated, MUTATION_COUNT } from "./support/content_mutations.ts";

const MUTATIONS = 100_000;
/** The other comparisons are made with one in so many. */
const REORDERED_EVERY = 4;
const WEAK_EVERY = 10;
/** Of each mutation, so that none is left out by the draw. */
const EACH_MIN = MUTATIONS / MUTATION_COUNT / 4;

/** Of those compared, so many must be unseen by each weak checksum. */
const UNSEEN_MIN = MUTATIONS / WEAK_EVERY / 100;

/** What other tools sum up. Each is blind to some of the mutations, or these would be harmless. */
const WEAK: Readonly<Record<string, (rows: readonly Row[]) => bigint>> = {
  "XOR of the rows' CRC-32s": (rows) =>
    rows.reduce((sum, row) => sum ^ BigInt(crc32(joined(row))), 0n),
  "sum of the rows' CRC-32s": (rows) =>
    rows.reduce((sum, row) => sum + BigInt(crc32(joined(row))), 0n),
  "sum of the values' CRC-32s": (rows) =>
    rows.flatMap((row) => [...row]).reduce(
      (sum, cell, at) => sum + BigInt(crc32(bytes(cell, at % COLUMNS.length))),
      0n,
    ),
};

/** As CONCAT_WS(',', ...) does it, which leaves out NULL. */
function joined(row: Row): string {
  return row.flatMap((cell, at) => cell === null ? [] : [text(bytes(cell, at))]).join();
}

function text(value: string | Uint8Array): string {
  return typeof value === "string" ? value : value.toHex();
}

function bytes(cell: Cell, at: number): string | Uint8Array {
  const column = COLUMNS[at];
  return cell === null || column === undefined ? "" : canonicalCell(cell, column);
}

function fingerprint(rows: readonly Row[], columns = COLUMNS): string {
  const checksum = new RowChecksum(columns);
  const content = new ContentSum();
  for (const row of rows) content.add(checksum.of(row));
  return `${content.rows}:${content.sum}`;
}

/** The same content, its rows and columns in another order. */
function reordered(rows: readonly Row[], draw: Draw): string {
  const order = draw.shuffled([...COLUMNS.keys()]);
  const columns = order.flatMap((at) => COLUMNS[at] ?? []);
  const moved = draw.shuffled(rows).map((row) => order.map((at) => row[at] ?? null));
  return fingerprint(moved, columns);
}

Deno.test("fingerprint: 100,000 mutations are seen, and no reordering is", () => {
  const seed = Number(Deno.env.get("MINISQL_SEED") ?? Math.floor(Math.random() * 2 ** 32));
  const draw = new Draw(seed);
  const counts = new Map<string, number>();
  const unseen = new Map<string, number>();
  try {
    for (let count = 0; count < MUTATIONS; count++) {
      const { what, before, after } = mutated(draw);
      counts.set(what, (counts.get(what) ?? 0) + 1);
      const first = fingerprint(before);
      assert.notEqual(fingerprint(after), first, what);
      if (count % REORDERED_EVERY === 0) {
        assert.equal(reordered(before, draw), first, "reordered");
      }
      if (count % WEAK_EVERY !== 0) continue;
      for (const [name, weak] of Object.entries(WEAK)) {
        if (weak(before) === weak(after)) unseen.set(name, (unseen.get(name) ?? 0) + 1);
      }
    }
    assert.equal(counts.size, MUTATION_COUNT);
    for (const [what, count] of counts) assert.ok(count > EACH_MIN, `${what}: ${count}`);
    for (const name of Object.keys(WEAK)) {
      assert.ok((unseen.get(name) ?? 0) > UNSEEN_MIN, `${name}: ${unseen.get(name)}`);
    }
  } catch (error) {
    console.error(`replay: MINISQL_SEED=${seed} deno test -A tests/fingerprint_mutations_test.ts`);
    throw error;
  }
});
