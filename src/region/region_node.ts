/** A region's node in the coordination service, read and changed by compare-and-set. */
import { compareAndSet } from "../cluster/compare_and_set.ts";
import { readNode } from "../cluster/nodes.ts";
import type { Clock } from "../ports/clock.ts";
import { CoordinatorError, type NodeValue, type Session } from "../ports/coordinator.ts";
import type { Random } from "../ports/random.ts";
import { type RegionState, regionStateShape } from "../protocol/model.ts";

export interface KnownState {
  readonly state: RegionState;
  readonly version: number;
}

export interface RegionNodeDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** The session there is now; null while there is none. */
  readonly session: () => Session | null;
}

/**
 * What came of a change. `unmade`: nothing has changed. `lost`: the node is at a later version, and
 * does not hold this change now; it may have held it before. `unknown`: it may have been made.
 */
export type ChangeOutcome =
  | { readonly kind: "done"; readonly known: KnownState }
  | { readonly kind: "unmade" }
  | { readonly kind: "lost" }
  | { readonly kind: "unknown"; readonly why: string };

export class RegionNode {
  readonly path: string;
  readonly #deps: RegionNodeDeps;

  constructor(deps: RegionNodeDeps, path: string) {
    this.#deps = deps;
    this.path = path;
  }

  get session(): Session | null {
    return this.#deps.session();
  }

  /** What a node says; null where it says nothing that can be understood. */
  read(node: NodeValue): KnownState | null {
    const said = readNode(regionStateShape, node.data, this.path);
    if (!said.ok) return null;
    const { region, epoch, primary, isr, replicas, joining, copies, state } = said.value;
    return {
      version: node.version,
      state: {
        ...{ region, epoch, primary, isr, replicas, state },
        ...(joining === undefined ? {} : { joining }),
        ...(copies === undefined ? {} : { copies }),
      },
    };
  }

  /** Makes the change if the node is still at `version`. Never raises. */
  async change(state: RegionState, version: number, signal: AbortSignal): Promise<ChangeOutcome> {
    const session = this.#deps.session();
    if (session === null) return { kind: "unmade" };
    const change = {
      path: this.path,
      value: { ...state },
      version,
      nonce: this.#deps.random.id(),
    };
    try {
      const now = await compareAndSet({ session, clock: this.#deps.clock }, change, { signal });
      return { kind: "done", known: { state, version: now } };
    } catch (error) {
      if (!(error instanceof CoordinatorError)) throw error;
      if (error.code === "bad_version" || error.code === "no_node") return { kind: "lost" };
      if (error.applied === "no") return { kind: "unmade" };
      return { kind: "unknown", why: error.message };
    }
  }
}
