/** Whether a query's results on several copies can be compared, and how. */
import type { TableSchema } from "../../ports/engine.ts";
import { compareRead, type Comparison } from "../../sql/guard/comparison.ts";
import { guard } from "../../sql/guard/guard.ts";
import type { Part } from "./parts.ts";

/** Of a statement that the guard would not let pass as a read, it is that nothing can. */
export async function comparison(sql: string, parts: readonly Part[]): Promise<Comparison> {
  const schemas = new Map<string, TableSchema>();
  for (const { replica, tables } of parts) {
    for (const table of tables) {
      const schema = await replica.schema(table);
      if (schema !== null) schemas.set(table.toLowerCase(), schema);
    }
  }
  const facts = {
    database: null,
    // What one server's comments hide was opened up before.
    server: null,
    table: (name: string) => schemas.get(name.toLowerCase()) ?? null,
  };
  const verdict = guard(sql, facts);
  if (verdict.kind === "refused") return { comparable: false, reason: verdict.error.message };
  if (verdict.category !== "read") return { comparable: false, reason: "it is no read" };
  return compareRead(sql, facts);
}
