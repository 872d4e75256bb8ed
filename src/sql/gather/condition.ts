/** Conditions taken apart where that is certain to mean the same. What is not is one test. */
import { isQuery } from "../guard/query.ts";
import { isGroup, type Node, splitAt, upperAt } from "../guard/tree.ts";

export type Condition =
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "test"; readonly nodes: readonly Node[] };

/** They bind otherwise than AND and OR do, or hold those of their own. */
const CONFUSING = new Set(["XOR", "&&", "||", ":=", "CASE"]);

export function readCondition(nodes: readonly Node[]): Condition {
  const isConfusing = nodes.some((_, at) => CONFUSING.has(upperAt(nodes, at)));
  if (isConfusing) return { kind: "test", nodes };
  const choices = splitAt(nodes, (at) => upperAt(nodes, at) === "OR");
  if (choices.length > 1) return { kind: "or", parts: choices.map(readCondition) };
  const parts = splitAt(nodes, conjunctions(nodes));
  if (parts.length > 1) return { kind: "and", parts: parts.map(readCondition) };
  return readSingle(nodes);
}

/** The conditions that all must hold. */
export function conjuncts(condition: Condition): readonly Condition[] {
  return condition.kind === "and" ? condition.parts.flatMap(conjuncts) : [condition];
}

/** Which AND joins two conditions: the first one behind BETWEEN does not. */
function conjunctions(nodes: readonly Node[]): (at: number) => boolean {
  const borders = new Set<number>();
  let isBetween = false;
  nodes.forEach((_, at) => {
    const word = upperAt(nodes, at);
    if (word === "BETWEEN") isBetween = true;
    if (word !== "AND") return;
    if (!isBetween) borders.add(at);
    isBetween = false;
  });
  return (at) => borders.has(at);
}

function readSingle(nodes: readonly Node[]): Condition {
  const last = nodes.at(-1);
  if (!isGroup(last) || isQuery(last.items)) return { kind: "test", nodes };
  if (nodes.length === 1) return readCondition(last.items);
  const isNegated = nodes.length === 2 && upperAt(nodes, 0) === "NOT";
  return isNegated ? { kind: "not", of: readCondition(last.items) } : { kind: "test", nodes };
}
