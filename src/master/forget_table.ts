/** A table that is no more: its nodes go, then its records. The region goes with its last table. */
import type { JobEnd } from "./jobs.ts";
import type { ClusterView } from "./view.ts";
import type { ZkSyncManager } from "./zk_sync_manager.ts";

export async function forgetTable(
  { view, zk }: { readonly view: ClusterView; readonly zk: ZkSyncManager },
  table: string,
  region: string,
): Promise<JobEnd> {
  const alone = isAlone(view, table, region);
  await zk.deleteTable(table);
  if (alone) await zk.deleteRegion(region);
  const placements = alone ? view.placementsOf(region) : [];
  return {
    changes: [
      { change: "table.delete", name: table },
      ...placements.map(({ rid }) => ({ change: "placement.delete", region, rid }) as const),
    ],
    done: () => {
      view.dropTable(table);
      if (!alone) return;
      view.dropRegion(region);
      for (const { rid } of placements) view.dropPlacement(region, rid);
    },
  };
}

/** Whether the region holds no other table. */
export function isAlone(view: ClusterView, table: string, region: string): boolean {
  return view.tablesOf(region).every((name) => name === table);
}
