import assert from "node:assert/strict";
import { columnOf, type WireField } from "./wire_columns.ts";

const FIELD: WireField = {
  name: "v",
  columnType: 3,
  characterSet: 63,
  columnLength: 11,
  decimals: 0,
  flags: 0,
};

/** Metadata as MariaDB sends it, and what it means. */
const CASES: readonly (readonly [Partial<WireField>, string, string])[] = [
  [{}, "integer", "int"],
  [{ columnType: 8, flags: 32 + 1 }, "integer", "bigint unsigned"],
  [{ columnType: 3, flags: 32 + 64 }, "integer", "int unsigned zerofill"],
  [{ columnType: 246, columnLength: 12, decimals: 2 }, "decimal", "decimal(10,2)"],
  [{ columnType: 246, columnLength: 6, decimals: 0 }, "decimal", "decimal(5,0)"],
  [
    { columnType: 246, columnLength: 11, decimals: 2, flags: 32 },
    "decimal",
    "decimal(10,2) unsigned",
  ],
  [{ columnType: 4, columnLength: 12, decimals: 31 }, "float", "float"],
  [{ columnType: 5, columnLength: 22, decimals: 31 }, "float", "double"],
  [{ columnType: 4, columnLength: 9, decimals: 3 }, "float", "float(9,3)"],
  [{ columnType: 253, characterSet: 224, columnLength: 80 }, "text", "varchar(20)"],
  [{ columnType: 253, columnLength: 80 }, "bytes", "varbinary(80)"],
  [{ columnType: 254, characterSet: 224, columnLength: 40 }, "text", "char(10)"],
  [{ columnType: 254, columnLength: 4, flags: 128 }, "bytes", "binary(4)"],
  [{ columnType: 254, characterSet: 224, columnLength: 12, flags: 256 }, "text", "enum"],
  [{ columnType: 254, characterSet: 224, columnLength: 12, flags: 2048 }, "text", "set"],
  [{ columnType: 252, characterSet: 224, columnLength: 262_140 }, "text", "text"],
  [{ columnType: 252, characterSet: 224, columnLength: 4_294_967_295 }, "text", "longtext"],
  [{ columnType: 252, columnLength: 255 }, "bytes", "tinyblob"],
  [{ columnType: 252, columnLength: 65_535 }, "bytes", "blob"],
  [{ columnType: 245 }, "json", "json"],
  [
    { columnType: 252, characterSet: 224, extendedFormat: "json", columnLength: 4_294_967_295 },
    "json",
    "longtext",
  ],
  [{ columnType: 254, extendedTypeName: "uuid", columnLength: 36 }, "text", "uuid"],
  [{ columnType: 255, extendedTypeName: "point", columnLength: 4_294_967_295 }, "bytes", "point"],
  [{ columnType: 16, columnLength: 10, flags: 32 }, "bit", "bit(10)"],
  [{ columnType: 13, columnLength: 4, flags: 32 + 64 }, "year", "year"],
  [{ columnType: 10, columnLength: 10 }, "date", "date"],
  [{ columnType: 11, decimals: 6 }, "time", "time(6)"],
  [{ columnType: 12, decimals: 0 }, "datetime", "datetime"],
  [{ columnType: 7, decimals: 3 }, "timestamp", "timestamp(3)"],
  [{ columnType: 6 }, "null", "null"],
  [{ columnType: 99, characterSet: 224, columnLength: 4 }, "text", "varchar(1)"],
];

Deno.test("wire columns: metadata is told as kind and declared type", () => {
  for (const [field, kind, type] of CASES) {
    const column = columnOf({ ...FIELD, ...field });
    assert.deepEqual([column.kind, column.type], [kind, type], JSON.stringify(field));
  }
});

Deno.test("wire columns: a column that is not NOT NULL may be NULL", () => {
  assert.equal(columnOf(FIELD).nullable, true);
  assert.equal(columnOf({ ...FIELD, flags: 1 }).nullable, false);
});
