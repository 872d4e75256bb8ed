/** What a master may do to a region's replicas: checked at each change of the region's node. */
import { Paths } from "../cluster/paths.ts";
import { minInSyncOf } from "../cluster/route.ts";
import type { RegionState } from "../protocol/model.ts";
import type { World } from "./world.ts";

const paths = new Paths();

export class ReplicaBook {
  readonly #world: World;
  readonly #last = new Map<string, { readonly version: number; readonly state: RegionState }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** What is wrong with a change since the last look, or null. */
  look(): string | null {
    const { tree } = this.#world.coordinator;
    for (const name of tree.children(paths.regions) ?? []) {
      const node = tree.get(paths.region(name));
      const before = this.#last.get(name);
      if (node === null || node.version === before?.version) continue;
      const state = JSON.parse(node.data) as RegionState;
      this.#last.set(name, { version: node.version, state });
      const isNext = before !== undefined && node.version === before.version + 1;
      const fault = isNext ? faultIn(before.state, state) : null;
      if (fault !== null) return `${name}, version ${node.version}: ${fault}`;
    }
    return null;
  }
}

function faultIn(before: RegionState, now: RegionState): string | null {
  if (before.state !== "open" || now.state !== "open") return null;
  const gone = before.replicas.filter((rid) => !now.replicas.includes(rid));
  if (gone.length === 0) return null;
  if (before.primary !== null && gone.includes(before.primary)) {
    return `its primary ${before.primary} was taken from its replicas`;
  }
  const counted = before.isr.filter(({ rid }) => gone.includes(rid));
  const staying = before.isr.filter(({ rid }) => now.replicas.includes(rid));
  if (counted.length === 0 || staying.length >= minInSyncOf(now)) return null;
  return `server ${gone.join(", ")} was taken from it, with ${staying.length} others in sync`;
}
