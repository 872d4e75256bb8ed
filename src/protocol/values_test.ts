/** Rows to the wire and back: every cell keeps its meaning. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Cell,
  type Column,
  COLUMN_KINDS,
  type ColumnKind,
  columnShape,
  decodeRows,
  encodeRows,
  resultShape,
  type Row,
  wireRows,
} from "./values.ts";

function column(kind: ColumnKind, name = kind): Column {
  return { name, kind };
}

/** As a peer gets them. */
function overTheWire(columns: readonly Column[], rows: readonly Row[]): readonly Row[] {
  const wire: unknown = JSON.parse(JSON.stringify(encodeRows(columns, rows)));
  assert.ok(wireRows.fits(wire));
  return decodeRows(columns, wire);
}

/** Bytes compare by content only when they are of one class. */
function plain(rows: readonly Row[]): readonly (readonly Cell[])[] {
  return rows.map((row) =>
    row.map((cell) => cell instanceof Uint8Array ? Uint8Array.from(cell) : cell)
  );
}

Deno.test("values: cells of every kind come back as they were", () => {
  const cells: Readonly<Record<ColumnKind, readonly Cell[]>> = {
    integer: [0, -1, Number.MAX_SAFE_INTEGER, "9223372036854775807", "18446744073709551615", null],
    decimal: ["0.10", "-99999999999999999999999999999999999.000000000000000000000000000001", null],
    float: [0.1, 1.7976931348623157e308, 5e-324, null],
    text: ["", "🦊\0\u2028", "bnVsbA==", null],
    bytes: [new Uint8Array(), Uint8Array.of(0, 255, 128), null],
    json: ['{"a": 1}', null],
    date: ["0000-00-00", "9999-12-31", null],
    time: ["-838:59:59.999999", null],
    datetime: ["2026-01-01 00:00:00.000001", null],
    timestamp: ["2038-01-19 03:14:07", null],
    year: [1901, 0, null],
    bit: [Uint8Array.of(1), new Uint8Array(8).fill(255), null],
    null: [null],
  };
  for (const kind of COLUMN_KINDS) {
    const rows = cells[kind].map((cell) => [cell]);
    assert.deepEqual(plain(overTheWire([column(kind)], rows)), plain(rows), kind);
  }
});

Deno.test("values: only columns of bytes are base64, text that looks like it is left alone", () => {
  const columns = [column("text"), column("bytes"), column("bit"), column("json")];
  const row: Row = ["aGk=", new TextEncoder().encode("hi"), Uint8Array.of(5), "aGk="];
  assert.deepEqual(encodeRows(columns, [row]), [["aGk=", "aGk=", "BQ==", "aGk="]]);
  assert.deepEqual(plain(overTheWire(columns, [row])), plain([row]));
});

Deno.test("values: rows without bytes are not copied, rows with bytes not changed", () => {
  const rows: readonly Row[] = [["a", 1], ["b", null]];
  assert.equal(encodeRows([column("text"), column("integer")], rows), rows);
  const binary: Row = [Uint8Array.of(1, 2)];
  encodeRows([column("bytes")], [binary]);
  assert.deepEqual(binary[0], Uint8Array.of(1, 2));
  const wire = [["AQI="]] as const;
  decodeRows([column("bytes")], wire);
  assert.deepEqual(wire, [["AQI="]]);
});

Deno.test("values: no rows and no columns are rows too", () => {
  assert.deepEqual(overTheWire([], []), []);
  assert.deepEqual(overTheWire([], [[], []]), [[], []]);
  assert.deepEqual(overTheWire([column("bytes")], []), []);
});

Deno.test("values: any rows come back as they were", () => {
  const kinds = fc.array(fc.constantFrom<ColumnKind>("text", "bytes", "integer", "bit"), {
    maxLength: 5,
  });
  const cell = (kind: ColumnKind): fc.Arbitrary<Cell> =>
    kind === "text"
      ? fc.option(fc.string({ unit: "binary" }))
      : kind === "integer"
      ? fc.option(fc.integer())
      : fc.option(fc.uint8Array());
  const table = kinds.chain((kinds) =>
    fc.tuple(fc.constant(kinds), fc.array(fc.tuple(...kinds.map(cell)), { maxLength: 5 }))
  );
  fc.assert(fc.property(table, ([kinds, rows]) => {
    const columns = kinds.map((kind) => column(kind));
    assert.deepEqual(plain(overTheWire(columns, rows)), plain(rows));
  }));
});

Deno.test("values: what is not base64 in a column of bytes is an error, not other bytes", () => {
  for (const wrong of ["*", "A", "AQI=\0", "AQ=I"]) {
    assert.throws(() => decodeRows([column("bytes")], [[wrong]]), SyntaxError, wrong);
  }
});

Deno.test("values: the wire's rows hold null, numbers and text, and nothing else", () => {
  assert.ok(wireRows.fits([[null, 1, "x"], []]));
  for (const bad of [[[true]], [[{}]], [[["x"]]], [null], "x", [[undefined]]]) {
    assert.ok(!wireRows.fits(bad), JSON.stringify(bad));
  }
  assert.equal(
    wireRows.fault([["x"], [null, true]], "rows"),
    "rows[1][1] must be null, a number or text",
  );
});

Deno.test("values: columns and results say what is wrong with them", () => {
  assert.ok(columnShape.fits({ name: "", kind: "integer", type: "int(11)", nullable: true }));
  assert.match(columnShape.fault({ name: "a", kind: "int" }, "columns[0]"), /^columns\[0\]\.kind /);
  assert.ok(resultShape.fits({ affected: 0, insertId: "18446744073709551615", info: "" }));
  assert.ok(resultShape.fits({ affected: 0, insertId: null }));
  assert.match(
    resultShape.fault({ affected: 1, insertId: 5 }, ""),
    /^insertId must be text, not 5$/,
  );
});
