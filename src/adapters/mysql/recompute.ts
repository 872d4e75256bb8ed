/** A table's content summed up by one query over its rows, or over a range of its primary key. */
import type { Fingerprint, KeyRange, TableSchema } from "../../ports/engine.ts";
import type { Row } from "../../protocol/values.ts";
import { checksumSql, ContentSum } from "../../sql/fingerprint.ts";
import { rangeConditions } from "../../sql/key_range.ts";
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
