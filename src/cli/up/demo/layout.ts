/** Who has what in a cluster in this process, as the coordination service knows it now. */
import { Paths } from "../../../cluster/paths.ts";
import { readNode } from "../../../cluster/nodes.ts";
import type { TreeView } from "../../../adapters/memory_coordinator/node_tree.ts";
import {
  activeMasterShape,
  type RegionState,
  regionStateShape,
  tableNodeShape,
} from "../../../protocol/model.ts";
import type { Shape } from "../../../base/shape.ts";

export interface RegionLayout {
  readonly state: RegionState;
  readonly tables: readonly string[];
}

const PATHS = new Paths();

/** Regions that have tables, in the order of their first table. */
export function regionsIn(tree: TreeView): readonly RegionLayout[] {
  const tables = new Map<string, string[]>();
  for (const child of [...tree.children(PATHS.tables) ?? []].sort()) {
    const node = valueAt(tree, tableNodeShape, `${PATHS.tables}/${child}`);
    const table = PATHS.tableOf(child);
    if (node === null || table === null) continue;
    tables.set(node.region, [...tables.get(node.region) ?? [], table]);
  }
  return [...tables].flatMap(([region, names]) => {
    const state = valueAt(tree, regionStateShape, PATHS.region(region));
    return state === null ? [] : [{ state, tables: names }];
  });
}

/** The id of the master that leads, as long as it is said to. */
export function leaderIn(tree: TreeView): string | null {
  return valueAt(tree, activeMasterShape, PATHS.active)?.id ?? null;
}

export function isInSync({ state }: RegionLayout, rid: number): boolean {
  return state.isr.some((each) => each.rid === rid);
}

function valueAt<T>(tree: TreeView, shape: Shape<T>, path: string): T | null {
  const node = tree.get(path);
  if (node === null) return null;
  const reading = readNode(shape, node.data, path);
  return reading.ok ? reading.value : null;
}
