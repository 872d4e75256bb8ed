/**
 * The determinism guard: whether a statement, run again with its context on another copy, does
 * exactly the same. What does not is rewritten where values can be written in, and else refused
 * with what to write instead. What it cannot see, fingerprints tell after the fact.
 */
import { invariant } from "../../base/assert.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { classify } from "../classify.ts";
import { unfoldComments } from "../executable_comment.ts";
import { lex } from "../lexer.ts";
import type { Spot } from "./expressions.ts";
import type { GuardFacts } from "./schema.ts";
import { Scope } from "./scope.ts";
import { sessionChanges } from "./session_rules.ts";
import { requireRepeatable } from "./statement_rules.ts";
import { treeOf } from "./tree.ts";
import { type Accepted, unsupported, type Verdict } from "./verdict.ts";

/** Judges one statement. Nothing is thrown for it, however broken it is. */
export function guard(text: string, facts: GuardFacts): Verdict {
  try {
    return judge(text, facts);
  } catch (error) {
    if (error instanceof MinisqlError) return { kind: "refused", error };
    throw error;
  }
}

function judge(text: string, facts: GuardFacts): Verdict {
  const scope = scopeOf(text, facts);
  requireRepeatable(scope);
  const { sql, statement, expressions } = scope;
  const accepted: Accepted = {
    statement: statement.kind,
    category: statement.category,
    tables: statement.tables,
    context: [...expressions.context].sort(),
  };
  const { spots } = expressions;
  if (spots.length === 0) return { kind: "safe", ...accepted, sql, session: sessionChanges(scope) };
  return {
    kind: "rewritten",
    ...accepted,
    expressions: spots.map(({ start, end }) => sql.slice(start, end)),
    rewrite: (literals) => filledIn(sql, spots, literals),
  };
}

/** Reads a statement; raises MinisqlError for one that cannot be read or is on foreign tables. */
export function scopeOf(text: string, facts: GuardFacts): Scope {
  const sql = facts.server === null ? text : unfoldComments(text, facts.server);
  const statement = classify(sql);
  const scope = new Scope({ sql, facts, statement, nodes: treeOf(sql) });
  requireOwnTables(scope);
  refuseSettingHints(scope);
  return scope;
}

function requireOwnTables({ statement, facts }: Scope): void {
  for (const { database, table } of statement.tables) {
    if (database !== null && database !== facts.database) {
      throw unsupported(
        `a statement on ${database}.${table}`,
        "a cluster is one database, and holds no table of another",
        "open a connection to the other",
      );
    }
    if (table.toLowerCase().startsWith("_minisql")) {
      throw unsupported(`a statement on ${table}`, "that name is minisql's own");
    }
  }
}

/** `/*+ SET_VAR(…) *\/` sets variables for a statement, in what looks like a comment. */
function refuseSettingHints({ sql }: Scope): void {
  if (!/SET_VAR/i.test(sql)) return;
  const hint = lex(sql).find(({ kind, text }) =>
    kind === "comment" && text.startsWith("/*+") && /SET_VAR/i.test(text)
  );
  if (hint === undefined) return;
  throw unsupported("a SET_VAR hint", "settings are alike for all statements", "leave it out");
}

/** A call takes a call's place: whatever stands beside it, the text means what it meant. */
function filledIn(sql: string, spots: readonly Spot[], literals: readonly string[]): string {
  invariant(
    literals.length === spots.length,
    `Cannot write in ${literals.length} values: there are ${spots.length} places`,
  );
  let filled = "";
  let from = 0;
  spots.forEach(({ start, end }, at) => {
    filled += `${sql.slice(from, start)}COALESCE(${literals[at]})`;
    from = end;
  });
  return filled + sql.slice(from);
}
