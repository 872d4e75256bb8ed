/** A table's content summed up by one query over its rows, or over a range of its primary key. */
import type { Fingerprint, IndexSchema, KeyRange, TableSchema } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Cell, Row } from "../../protocol/values.ts";
import { cellLiteral } from "../../sql/cell_literal.ts";
import { checksumSql, ContentSum } from "../../sql/fingerprint.ts";
import { quoteName } from "../../sql/names.ts";

export function contentSql(schema: TableSchema, range?: KeyRange): string {
  const checksum = checksumSql(schema.columns);
  const from = quoteName(schema.name);
  const conditions = range === undefined ? [] : rangeConditions(schema, range);
  const where = conditions.length === 0
    ? ""
    : ` FORCE INDEX (PRIMARY) WHERE ${conditions.join(" AND ")}`;
  return `SELECT COUNT(*),SUM(${checksum}) FROM ${from}${where}`;
}

export function contentOf(rows: readonly Row[], schemaHash: string): Fingerprint {
  const [count, sum] = rows[0] ?? [];
  const content = new ContentSum(Number(count), String(sum ?? 0));
  return { rows: content.rows, sum: content.sum, schema: schemaHash };
}

interface KeyPart {
  readonly sql: string;
  readonly literal: string;
}

function rangeConditions(schema: TableSchema, { after, upTo }: KeyRange): readonly string[] {
  const key = schema.indexes.find(({ name }) => name === "PRIMARY");
  if (key === undefined) {
    throw new MinisqlError(
      "UNSUPPORTED",
      `Cannot recompute a range of ${schema.name}: it has no primary key`,
    );
  }
  const conditions: string[] = [];
  if (after !== null) conditions.push(...bound(keyParts(schema, key, after), ">", ">"));
  if (upTo !== null) conditions.push(...bound(keyParts(schema, key, upTo), "<", "<="));
  return conditions;
}

function keyParts(schema: TableSchema, key: IndexSchema, cells: readonly Cell[]): KeyPart[] {
  if (cells.length !== key.columns.length) {
    throw new MinisqlError(
      "BAD_REQUEST",
      `Cannot recompute a range of ${schema.name}: its key has ${key.columns.length} columns, ` +
        `not ${cells.length}`,
    );
  }
  return key.columns.map((name, at) => keyPart(schema, name, cells[at] ?? null));
}

/** ENUM and SET are ordered by their numbers in an index, and by their labels in a comparison. */
function keyPart(schema: TableSchema, name: string, cell: Cell): KeyPart {
  const column = schema.columns.find((column) => column.name === name);
  const sql = quoteName(name);
  const type = column?.type ?? "";
  if (/^enum\(/.test(type)) return { sql: `${sql}+0`, literal: enumNumber(type, cell) };
  if (/^set\(/.test(type)) return { sql: `${sql}+0`, literal: setNumber(type, cell) };
  return { sql, literal: cellLiteral(cell, column?.kind ?? "text") };
}

/**
 * A row comparison as the optimizer finds a range for it: `(a,b) > (1,2)` itself is a scan. The
 * bound on the first column says again what the rest implies, for optimizers that need it said.
 */
function bound(parts: readonly KeyPart[], strict: "<" | ">", last: string): readonly string[] {
  const [first] = parts;
  if (first === undefined) return [];
  const whole = parts.reduceRight((rest, { sql, literal }) => {
    if (rest === "") return `${sql}${last}${literal}`;
    return `(${sql}${strict}${literal} OR (${sql}=${literal} AND ${rest}))`;
  }, "");
  return parts.length === 1 ? [whole] : [`${first.sql}${strict}=${first.literal}`, whole];
}

/** The place of a label in the declaration; 0 for the error value. */
function enumNumber(type: string, cell: Cell): string {
  return String(labelsOf(type).indexOf(String(cell)) + 1);
}

function setNumber(type: string, cell: Cell): string {
  const labels = labelsOf(type);
  const members = String(cell).split(",").map((label) => labels.indexOf(label));
  const bits = members.filter((at) => at >= 0).map((at) => 1n << BigInt(at));
  return bits.reduce((sum, bit) => sum + bit, 0n).toString();
}

function labelsOf(type: string): readonly string[] {
  return [...type.matchAll(/'((?:[^']|'')*)'/g)].map(([, label = ""]) =>
    label.replaceAll("''", "'")
  );
}
