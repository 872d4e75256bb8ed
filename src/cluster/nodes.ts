/** Nodes that several parties make, and JSON read from nodes that anyone may have written. */
import type { Shape } from "../base/shape.ts";
import { CoordinatorError, type Session } from "../ports/coordinator.ts";

/** Makes the nodes where they are missing. Others may be making them too. */
export async function ensureNodes(session: Session, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await session.create(path, "", "persistent");
    } catch (error) {
      if (!(error instanceof CoordinatorError) || error.code !== "node_exists") throw error;
    }
  }
}

/** What a node says, or why that cannot be understood: an operator may have edited it. */
export type NodeReading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string };

export function readNode<T>(shape: Shape<T>, data: string, path: string): NodeReading<T> {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return { ok: false, why: `Cannot read ${path}: it does not hold JSON` };
  }
  if (shape.fits(value)) return { ok: true, value };
  return { ok: false, why: `Cannot read ${path}: ${shape.fault(value, "")}` };
}

/** The same error, unless it says that the node is not there. */
export function unlessMissing(error: unknown): null {
  if (error instanceof CoordinatorError && error.code === "no_node") return null;
  throw error;
}
