/** A statement's level cut where its clauses begin. */
import { looksAt, type Node } from "./tree.ts";

/** A clause's name, and the words it begins with. */
export type ClauseStart = readonly [clause: string, ...words: string[]];

/**
 * What stands behind each clause's first words; what stands before the first is called "". A
 * clause begins once: its words are something else when they come again.
 */
export function clausesOf(
  nodes: readonly Node[],
  starts: readonly ClauseStart[],
): ReadonlyMap<string, readonly Node[]> {
  const parts = new Map<string, readonly Node[]>();
  let clause = "";
  let from = 0;
  for (let at = 0; at < nodes.length; at++) {
    const found = starts.find(([, ...words]) => looksAt(nodes, at, ...words));
    if (found === undefined || found[0] === clause || parts.has(found[0])) continue;
    parts.set(clause, nodes.slice(from, at));
    clause = found[0];
    // How rows are locked is said by the words themselves.
    from = at + (clause === "locking" ? 0 : found.length - 1);
  }
  return parts.set(clause, nodes.slice(from));
}
