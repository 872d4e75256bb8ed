/** Queries: free to see what differs between servers, but not to change or lock what is shared. */
import { usesIn } from "./calls.ts";
import { userVariable } from "./expressions.ts";
import { functionRule } from "./functions.ts";
import type { Scope } from "./scope.ts";
import { unsupported } from "./verdict.ts";

/** Raises a refusal for a query with effects; what may differ is for `compareRead` to say. */
export function requireHarmlessRead(scope: Scope): void {
  const { statement, nodes, expressions } = scope;
  if (statement.into) {
    throw unsupported(
      "SELECT … INTO",
      "the file or variables would be one server's",
      "take the rows from the answer",
    );
  }
  if (statement.tables.some(({ role }) => role === "written")) {
    throw unsupported(
      "ANALYZE of a write",
      "it would run the write on one server",
      "write EXPLAIN",
    );
  }
  // SHOW and its kin call nothing.
  if (statement.kind === "show" || statement.kind === "help") return;
  for (const use of usesIn(nodes, "once")) {
    if (use.kind === "user_variable") throw userVariable(use.token.text);
    const name = use.kind === "sequence" ? "NEXTVAL" : use.kind === "call" ? use.name : "";
    const rule = functionRule(name);
    if (rule.kind === "forbidden") throw unsupported(`${name}()`, rule.why, rule.instead);
    if (rule.kind === "last_insert_id") expressions.context.add("last_insert_id");
  }
}
