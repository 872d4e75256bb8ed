import assert from "node:assert/strict";
import type { ContentColumn } from "./canonical.ts";
import {
  checksumSql,
  ContentSum,
  exactSelectList,
  inNameOrder,
  RowChecksum,
} from "./fingerprint.ts";

const ID: ContentColumn = { name: "id", kind: "integer", type: "int(11)" };
const NAME: ContentColumn = {
  name: "Name",
  kind: "text",
  type: "varchar(20)",
  collation: "utf8mb4_bin",
};
const DATA: ContentColumn = { name: "data", kind: "bytes", type: "varbinary(9)" };
const NOTE: ContentColumn = { name: "note", kind: "text", type: "text", collation: "latin1_bin" };

function bytesOf(columns: readonly ContentColumn[], row: Parameters<RowChecksum["of"]>[0]) {
  const parts = new RowChecksum(columns).bytes(row);
  return parts.map((part) => typeof part === "string" ? part : `<${part.toHex()}>`).join("");
}

Deno.test("fingerprint: a row is its columns by name, each with its length, or N", () => {
  const columns = [NAME, ID, DATA];
  assert.equal(bytesOf(columns, ["é", 7, Uint8Array.of(0, 255)]), "2:<00ff>1:72:é");
  assert.equal(bytesOf(columns, [null, -7, null]), "N2:-7N");
  assert.equal(bytesOf(columns, ["", 0, new Uint8Array()]), "0:<>1:00:");
});

Deno.test("fingerprint: the checksum is CRC32(MD5(row)) as MariaDB computes it", () => {
  // SELECT CRC32(MD5('N2:-7N')), CRC32(MD5('1:72:é'))
  assert.equal(new RowChecksum([NAME, ID, DATA]).of([null, -7, null]), 2946079092);
  assert.equal(new RowChecksum([NAME, ID]).of(["é", 7]), 1714630559);
});

Deno.test("fingerprint: of long types the MD5 stands for the value", () => {
  assert.equal(bytesOf([NOTE], ["a"]), "32:0cc175b9c0f1b6a831c399e269772661");
});

Deno.test("fingerprint: kinds have the bytes that their table says", () => {
  const bytes = (kind: ContentColumn["kind"], type: string, cell: string | number | Uint8Array) =>
    bytesOf([{ name: "v", kind, type }], [cell]).replace(/^\d+:/, "");
  assert.equal(bytes("integer", "bigint(20)", "9007199254740993"), "9007199254740993");
  assert.equal(bytes("decimal", "decimal(8,2) unsigned zerofill", "000007.50"), "7.50");
  assert.equal(bytes("decimal", "decimal(8,2)", "-0.50"), "-0.50");
  assert.equal(bytes("float", "double", "-0"), "-0");
  assert.equal(bytes("float", "float", 1e15), "1e15");
  assert.equal(bytes("bit", "bit(64)", new Uint8Array(8).fill(255)), "18446744073709551615");
  assert.equal(bytes("bit", "bit(9)", Uint8Array.of(1, 1)), "257");
  assert.equal(bytes("year", "year(4)", "0000"), "0");
  assert.equal(bytes("timestamp", "timestamp", "1970-01-01 00:00:01"), "1.000000");
  assert.equal(bytes("timestamp", "timestamp(3)", "2024-10-27 01:30:00.500"), "1729992600.500000");
  assert.equal(bytes("timestamp", "timestamp(6)", "0000-00-00 00:00:00.000000"), "0.000000");
  assert.equal(bytes("time", "time(2)", "-838:59:59.00"), "-838:59:59.00");
});

Deno.test("fingerprint: columns are ordered by name in lower case, byte by byte", () => {
  const names = ["b", "A_b", "ab", "Z", "a1", "é", "_"].map((name) => ({ name }));
  assert.equal(inNameOrder(names).map(({ name }) => name).join(), "_,a1,A_b,ab,b,Z,é");
});

Deno.test("fingerprint: sums wrap at 2^64 and are exact on the way", () => {
  const sum = new ContentSum(3, "18446744073709551615");
  sum.add(2);
  assert.deepEqual([sum.rows, sum.sum], [4, "1"]);
  sum.subtract(3);
  assert.deepEqual([sum.rows, sum.sum], [3, "18446744073709551614"]);
  sum.merge(-3, "-18446744073709551614");
  assert.deepEqual([sum.rows, sum.sum], [0, "0"]);
  assert.equal(new ContentSum(1, "36893488147419103233").sum, "1");
});

Deno.test("fingerprint: SQL says the same of a table and of a trigger's row", () => {
  const columns = [{ ...NOTE, nullable: true }, { ...ID, nullable: false }];
  assert.equal(
    checksumSql(columns),
    "CRC32(MD5(CONCAT(LENGTH(`id`),':',`id`," +
      "IFNULL(CONCAT('32:',MD5(CONVERT(`note` USING utf8mb4))),'N'))))",
  );
  assert.equal(checksumSql(columns, "OLD"), checksumSql(columns).replace(/`(\w+)`/g, "OLD.`$1`"));
});

Deno.test("fingerprint: exact reading asks for all digits of a FLOAT, and of nothing else", () => {
  const single: ContentColumn = { name: "f", kind: "float", type: "float" };
  const double: ContentColumn = { name: "d", kind: "float", type: "double" };
  assert.equal(exactSelectList([ID, single, double]), "`id`,`f`*1e0 AS `f`,`d`");
});
