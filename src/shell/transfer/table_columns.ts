/** What a table's columns are, as far as rows that go out of it or into it must know. */
import type { Queries } from "../../client/api.ts";
import { quoteName } from "../../client/sql_text.ts";

export interface TableColumn {
  readonly name: string;
  /** As the table declares it, lower case. */
  readonly type: string;
  /** Computed by the database, so not to be written. */
  readonly isGenerated: boolean;
}

export interface TableLayout {
  readonly columns: readonly TableColumn[];
  /** Of the primary key, in its order; none where there is no such key. */
  readonly key: readonly string[];
}

export async function tableLayout(
  queries: Queries,
  table: string,
  signal: AbortSignal,
): Promise<TableLayout> {
  const name = quoteName(table);
  const columns = await queries.query(`SHOW COLUMNS FROM ${name}`, [], { signal });
  const indexes = await queries.query(`SHOW INDEX FROM ${name}`, [], { signal });
  const at = (heading: string) => indexes.columns.findIndex((each) => each.name === heading);
  const [keyAt, seqAt, columnAt] = [at("Key_name"), at("Seq_in_index"), at("Column_name")];
  const key = indexes.rows.filter((row) => row[keyAt] === "PRIMARY")
    .map((row) => ({ seq: Number(row[seqAt]), column: String(row[columnAt]) }))
    .sort((a, b) => a.seq - b.seq);
  return {
    columns: columns.rows.map(([column, type, _null, _key, _default, extra]) => ({
      name: String(column),
      type: String(type).toLowerCase(),
      isGenerated: /\b(?:VIRTUAL|STORED|PERSISTENT) GENERATED\b|\bGENERATED\b/i.test(
        String(extra ?? ""),
      ),
    })),
    key: key.map(({ column }) => column),
  };
}
