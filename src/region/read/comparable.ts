/** Whether a query's results on several copies can be compared, and how. */
import { compareRead, type Comparison } from "../../sql/guard/comparison.ts";
import type { TableSchema } from "../../ports/engine.ts";
import type { Part } from "./parts.ts";

export async function comparison(sql: string, parts: readonly Part[]): Promise<Comparison> {
  const schemas = new Map<string, TableSchema>();
  for (const { replica, tables } of parts) {
    for (const table of tables) {
      const schema = await replica.schema(table);
      if (schema !== null) schemas.set(table.toLowerCase(), schema);
    }
  }
  return compareRead(sql, {
    database: null,
    // What one server's comments hide was opened up before.
    server: null,
    table: (name) => schemas.get(name.toLowerCase()) ?? null,
  });
}
