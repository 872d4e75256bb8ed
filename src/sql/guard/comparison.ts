/** Whether a read's answers from several copies can be compared, and in what order. */
import { MinisqlError } from "../../protocol/errors.ts";
import { usesIn } from "./calls.ts";
import { functionRule } from "./functions.ts";
import { scopeOf } from "./guard.ts";
import { isTotallyOrdered } from "./order.ts";
import { isQuery, queriesIn, type Query, type QueryBlock, readQuery } from "./query.ts";
import { isSingleRow, queryFault } from "./query_rules.ts";
import { columnOf, type GuardFacts, isLooseText } from "./schema.ts";
import type { Scope } from "./scope.ts";
import { type Join, resolve } from "./sources.ts";
import { columnRef, isGroup, nameAt, type Node, upperAt } from "./tree.ts";

export type Comparison =
  | {
    readonly comparable: true;
    /** Whether rows come in one order; else they are compared as a bag. */
    readonly ordered: boolean;
  }
  | { readonly comparable: false; readonly reason: string };

/** Judges a read that the guard lets pass. Copies are taken to stand at the same position. */
export function compareRead(text: string, facts: GuardFacts): Comparison {
  try {
    return judge(scopeOf(text, facts));
  } catch (error) {
    if (error instanceof MinisqlError) return differs(error.message);
    throw error;
  }
}

function judge(scope: Scope): Comparison {
  const { kind } = scope.statement;
  if (kind === "describe") return { comparable: true, ordered: true };
  if (kind !== "select" && kind !== "values" && kind !== "table") {
    return differs(`what ${kind.toUpperCase()} tells is each server's own`);
  }
  const local = localUse(scope.nodes);
  if (local !== null) return differs(`${local} is each server's own`);
  const main = readQuery(scope.nodes);
  for (const query of [main, ...queriesIn(scope.nodes)]) {
    const fault = queryFault(query, scope);
    if (fault !== null) return differs(fault.message);
    const loose = looseChoice(query, scope);
    if (loose !== null) return differs(loose);
  }
  return { comparable: true, ordered: isOrdered(main, scope) };
}

function differs(reason: string): Comparison {
  return { comparable: false, reason };
}

/** The first thing in a query whose value is not made of the tables' rows alone. */
function localUse(nodes: readonly Node[]): string | null {
  for (const use of usesIn(nodes, "once")) {
    if (use.kind === "sequence") return "NEXT VALUE FOR";
    if (use.kind !== "call") return use.token.text;
    const isPure = !use.isQualified && functionRule(use.name).kind === "pure";
    if (!isPure && use.name !== "JSON_TABLE") return `${use.name}()`;
  }
  return null;
}

function isOrdered(query: Query, scope: Scope): boolean {
  const [block] = query.blocks;
  if (query.isComposed || block === undefined) return false;
  const join = scope.join(block.from);
  return isSingleRow(block, join) || isTotallyOrdered(block, join);
}

/**
 * Texts that are equal but not the same stand for one another in a group, a set or a MIN: which one
 * is seen depends on the way a server takes through the rows.
 */
function looseChoice(query: Query, scope: Scope): string | null {
  const isSet = query.blocks.length > 1;
  for (const block of query.blocks) {
    const join = scope.join(block.from);
    const isMerged = isSet || block.isDistinct || block.groupBy !== null;
    const nodes = isMerged ? block.select : chosenOnly(block.select);
    const column = looseColumn(nodes, join);
    if (column !== null) return `one of several equal values of ${column} is shown`;
    if (isMerged && isLooseStar(block, join)) return "one of several equal rows is shown";
  }
  return null;
}

/** What stands inside MIN( ) and MAX( ). */
function chosenOnly(nodes: readonly Node[]): readonly Node[] {
  return nodes.flatMap((node, at) => {
    if (!isGroup(node) || isQuery(node.items)) return [];
    const isChoice = ["MIN", "MAX"].includes(upperAt(nodes, at - 1));
    return isChoice ? node.items : chosenOnly(node.items);
  });
}

function looseColumn(nodes: readonly Node[], join: Join): string | null {
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    if (isGroup(node)) {
      const isCount = upperAt(nodes, at - 1) === "COUNT" || isQuery(node.items);
      const inner = isCount ? null : looseColumn(node.items, join);
      if (inner !== null) return inner;
      continue;
    }
    const name = nameAt(nodes, at);
    if (name === null || upperAt(nodes, at + 1) === ".") continue;
    const isQualified = at > 1 && upperAt(nodes, at - 1) === ".";
    const ref = columnRef(nodes.slice(isQualified ? at - 2 : at, at + 1));
    const column = ref === null ? null : resolve(join.sources, ref)?.column ?? null;
    if (column !== null && isLooseText(column)) return name;
    const isUnknown = column === null && join.sources.some(({ table }) => table === null);
    if (isUnknown && !isWordOfSyntax(name, join)) return name;
  }
  return null;
}

/** A name that no known table has may be a derived table's column, of which nothing is known. */
function isWordOfSyntax(name: string, join: Join): boolean {
  return join.sources.some(({ alias, table }) =>
    alias === name || (table !== null && columnOf(table, name) !== null)
  );
}

function isLooseStar({ select, from }: QueryBlock, join: Join): boolean {
  const hasStar = select.some((_, at) =>
    upperAt(select, at) === "*" && (at === 0 || [",", "."].includes(upperAt(select, at - 1)))
  );
  const isWhole = hasStar || (select.length === 0 && from !== null);
  return isWhole &&
    join.sources.some(({ table }) => table === null || table.columns.some(isLooseText));
}
