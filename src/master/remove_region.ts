/** Ends a region: its node says so first, so that no server counts on its copies any more. */
import type { WorkDeps } from "./work.ts";

export async function removeRegion(
  { view, zk, orders }: WorkDeps,
  { region, table, holders }: {
    readonly region: string;
    /** Its last. */
    readonly table: string;
    /** Servers that may hold it, beside those that its node names. */
    readonly holders: readonly number[];
  },
  signal: AbortSignal,
): Promise<void> {
  const node = await zk.changeRegion(
    region,
    (state) => state.state === "dropping" ? null : { ...state, state: "dropping" },
  );
  if (node !== null) view.putRegion(node.value, node.version);
  const all = new Set([...node?.value.replicas ?? [], ...holders]);
  // A server that is away finds out when it is back that the region is no more.
  await orders.giveEach([...all], "removeTable", { region, table }, { signal });
}
