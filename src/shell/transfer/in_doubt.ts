/** Whether rows that were sent by somebody who has not heard the answer are stored. */
import type { Client } from "../../client/api.ts";
import { quoteName } from "../../client/sql_text.ts";
import type { ImportValue } from "./import_values.ts";

export interface DoubtfulRows {
  readonly table: string;
  /** Of the values. */
  readonly names: readonly string[];
  readonly rows: readonly (readonly ImportValue[])[];
  /** The table's primary key. */
  readonly key: readonly string[];
}

/** They were stored as one, so the key of one of them tells; without a key nothing does. */
export async function isStored(
  client: Client,
  { table, names, rows, key }: DoubtfulRows,
  options: { readonly signal: AbortSignal },
): Promise<"all" | "none" | "unknown"> {
  const places = key.map((column) => names.indexOf(column));
  const [first] = rows;
  if (key.length === 0 || places.includes(-1) || first === undefined) return "unknown";
  const values = places.map((at) => first[at] ?? null);
  if (values.includes(null)) return "unknown";
  const where = key.map((column) => `${quoteName(column)} = ?`).join(" AND ");
  const sql = `SELECT COUNT(*) FROM ${quoteName(table)} WHERE ${where}`;
  const { rows: [counted] } = await client.query(sql, values, options);
  return Number(counted?.[0]) > 0 ? "all" : "none";
}
