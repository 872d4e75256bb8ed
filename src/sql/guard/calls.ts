/** What an expression calls and which variables it names, each with how often it is evaluated. */
import type { Token } from "../lexer.ts";
import { BARE_FUNCTIONS } from "./functions.ts";
import { hasSource, isQuery, readQuery } from "./query.ts";
import { type Group, isGroup, looksAt, type Node, upperAt } from "./tree.ts";

/**
 * `once` in a statement, or as often as its text says; `ordered`: once a row, in an order that the
 * statement says; `rows`: once a row in whichever order they come.
 */
export type Frequency = "once" | "ordered" | "rows";

export type Use =
  | {
    readonly kind: "call";
    /** In upper case. */
    readonly name: string;
    /** `db.f()` is never a built-in function. */
    readonly isQualified: boolean;
    /** Null where it is called without parentheses. */
    readonly args: Group | null;
    readonly start: number;
    readonly end: number;
    readonly frequency: Frequency;
  }
  | { readonly kind: "user_variable"; readonly token: Token }
  | { readonly kind: "system_variable"; readonly token: Token }
  | { readonly kind: "sequence" };

/** Words before a parenthesis that call nothing. */
const NOT_CALLED = new Set([
  ...["ALL", "AND", "ANY", "AS", "BETWEEN", "BY", "CASE", "COLLATE", "COLUMNS", "DISTINCT", "DIV"],
  ...["DISTINCTROW", "ELSE", "ESCAPE", "EXCEPT", "EXISTS", "FROM", "HAVING", "IN", "INDEX"],
  ...["INTERSECT", "INTO", "IS", "JOIN", "KEY", "LATERAL", "LIKE", "LIMIT", "MINUS", "NOT", "OF"],
  ...["OFFSET", "ON", "OR", "OVER", "PARTITION", "REGEXP", "RETURNING", "RLIKE", "SELECT", "SET"],
  ...["SOME", "STRAIGHT_JOIN", "THEN", "UNION", "USING", "WHEN", "WHERE", "WITH", "XOR"],
  ...["AGAINST", "RECURSIVE", "DUAL", "UPDATE", "FOR", "LEADING", "TRAILING", "BOTH", "NULL"],
  // Types, behind CAST and CONVERT.
  ...["DECIMAL", "DEC", "NUMERIC", "DATETIME", "VARCHAR", "VARBINARY", "FLOAT", "DOUBLE", "SIGNED"],
  ...["UNSIGNED", "INTEGER", "INT", "REAL", "BIGINT"],
]);

/** All uses in these nodes, subqueries included, in the order of the text. */
export function usesIn(nodes: readonly Node[], frequency: Frequency): readonly Use[] {
  const uses: Use[] = [];
  collect(nodes, frequency, uses);
  return uses;
}

function collect(nodes: readonly Node[], frequency: Frequency, uses: Use[]): void {
  nodes.forEach((node, at) => {
    if (isGroup(node)) return collect(node.items, insideOf(node, frequency), uses);
    if (node.kind === "user_variable" || node.kind === "system_variable") {
      uses.push({ kind: node.kind, token: node });
    } else if (looksAt(nodes, at, "VALUE", "FOR") && isSequenceWord(upperAt(nodes, at - 1))) {
      uses.push({ kind: "sequence" });
    } else if (isCall(nodes, at, node)) {
      const args = nodes[at + 1];
      const isQualified = at > 0 && upperAt(nodes, at - 1) === ".";
      uses.push({
        kind: "call",
        name: node.kind === "word" ? node.upper : node.value.toUpperCase(),
        isQualified: isQualified || node.kind === "quoted_name" && isGroup(args),
        args: isGroup(args) ? args : null,
        start: node.start,
        end: isGroup(args) ? args.end : node.end,
        frequency,
      });
    }
  });
}

function insideOf(group: Group, frequency: Frequency): Frequency {
  return isQuery(group.items) && hasSource(readQuery(group.items)) ? "rows" : frequency;
}

function isSequenceWord(upper: string): boolean {
  return upper === "NEXT" || upper === "PREVIOUS";
}

function isCall(nodes: readonly Node[], at: number, token: Token): boolean {
  if (token.kind !== "word" && token.kind !== "quoted_name") return false;
  if (!isGroup(nodes[at + 1])) return BARE_FUNCTIONS.has(upperAt(nodes, at));
  const isBehindDot = upperAt(nodes, at - 1) === ".";
  if (!isBehindDot && token.kind === "word" && NOT_CALLED.has(token.upper)) return false;
  return !isListOfColumns(nodes, at);
}

/** `AS d (a, b)`, `(SELECT …) d (a, b)`, `WITH d (a, b) AS (…)`: names given to columns. */
function isListOfColumns(nodes: readonly Node[], at: number): boolean {
  if (isGroup(nodes[at - 1])) return true;
  const before = upperAt(nodes, at - 1);
  if (before === "AS") return true;
  return upperAt(nodes, at + 2) === "AS" && isGroup(nodes[at + 3]) &&
    ["WITH", "RECURSIVE", ","].includes(before);
}
