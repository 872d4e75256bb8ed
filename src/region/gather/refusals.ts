/**
 * Statements that would not mean the same with tables that stand in for others: those that see more
 * of a table than its rows, or do more than read it.
 */
import { MinisqlError } from "../../protocol/errors.ts";
import { classify } from "../../sql/classify.ts";
import { isGroup, looksAt, type Node, treeOf, upperAt } from "../../sql/guard/tree.ts";

const QUERIES: ReadonlySet<string> = new Set(["select", "values", "table"]);

/** Raises a refusal that says why, and what else to do. */
export function requireGatherable(sql: string, read: string): void {
  const { kind, locking } = classify(sql);
  if (!QUERIES.has(kind)) throw refused(kind.toUpperCase(), "it is no query", ASK_ONE);
  if (locking) throw refused("a query that locks rows", "no lock spans servers", "leave FOR out");
  if (read === "recount") {
    const why = "no server can run it on its own rows alone";
    throw refused("a recount", why, "read at level voted, which compares each table's content");
  }
  requireRowsOnly(treeOf(sql));
}

const ASK_ONE = "ask for one table at a time";

function requireRowsOnly(nodes: readonly Node[]): void {
  nodes.forEach((node, at) => {
    if (isGroup(node)) return requireRowsOnly(node.items);
    const word = upperAt(nodes, at);
    const isCalled = isGroup(nodes[at + 1]);
    if (word === "MATCH" && isCalled) {
      throw refused("MATCH", "full-text indexes stay where they are", "use LIKE or one table");
    }
    if (word === "DEFAULT" && isCalled) {
      throw refused("DEFAULT()", "only rows are gathered", "write the value");
    }
    if (word === "PARTITION" && isCalled) {
      throw refused("PARTITION", "only rows are gathered", "write the condition");
    }
    if (looksAt(nodes, at, "FOR", "SYSTEM_TIME")) {
      throw refused("FOR SYSTEM_TIME", "only rows of now are gathered", ASK_ONE);
    }
    const isHint = ["USE", "FORCE", "IGNORE"].includes(word) &&
      ["INDEX", "KEY"].includes(upperAt(nodes, at + 1));
    if (isHint) throw refused(`${word} INDEX`, "indexes stay where they are", "leave it out");
  });
}

function refused(what: string, why: string, instead: string): MinisqlError {
  return new MinisqlError(
    "UNSUPPORTED",
    `Cannot run ${what} on tables that no server holds all of: ${why}; ${instead}`,
  );
}
