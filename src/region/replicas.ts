/** All the regions on this server. */
import { unlessMissing } from "../cluster/nodes.ts";
import type { Paths } from "../cluster/paths.ts";
import { CoordinatorError, type Session } from "../ports/coordinator.ts";
import type { EngineSession } from "../ports/engine.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { RegionState } from "../protocol/model.ts";
import { readPositions, readRegions } from "./books.ts";
import type { CopySource } from "./copy/copy_source.ts";
import type { CopyDeps } from "./copy.ts";
import type { Directory } from "./directory.ts";
import type { OpenQuarantine } from "./quarantine_files.ts";
import { RegionNode } from "./region_node.ts";
import { Replica } from "./replica.ts";
import { ReplicaView, type ViewDeps } from "./replica_view.ts";
import { isLetGo } from "./succession.ts";

export interface ReplicasDeps extends CopyDeps {
  readonly directory: Directory;
  readonly paths: Paths;
  readonly incarnation: string;
  readonly rid: () => number | null;
  readonly session: () => Session | null;
  readonly quarantine: (region: string) => (() => OpenQuarantine) | null;
  readonly throttle: (signal: AbortSignal) => Promise<void>;
  readonly source: CopySource;
  readonly engineLost: () => string | null;
}

interface Held {
  readonly replica: Replica;
  readonly view: ReplicaView;
}

export class Replicas {
  readonly deps: ReplicasDeps;
  readonly #held = new Map<string, Held>();
  readonly #opening = new Map<string, Promise<Replica>>();
  /** Regions that are being given up: nobody opens them meanwhile. */
  readonly #leaving = new Map<string, Promise<void>>();
  #isStopped = false;

  constructor(deps: ReplicasDeps) {
    this.deps = deps;
  }

  get all(): readonly Replica[] {
    return [...this.#held.values()].map(({ replica }) => replica);
  }

  get views(): readonly ReplicaView[] {
    return [...this.#held.values()].map(({ view }) => view);
  }

  /** Those that others keep now, and this server is not to. */
  get letGo(): readonly Replica[] {
    const rid = this.deps.rid();
    return this.all.filter(({ state, epoch }) =>
      rid !== null && state !== null && isLetGo(state, rid, epoch)
    );
  }

  find(region: string): Replica | null {
    return this.#held.get(region)?.replica ?? null;
  }

  require(region: string): Replica {
    return this.#require(region).replica;
  }

  view(region: string): ReplicaView {
    return this.#require(region).view;
  }

  /** Opens every region that there is something of here. */
  async start(): Promise<void> {
    const { engine, log } = this.deps;
    const session = await engine.session();
    let regions: readonly string[];
    try {
      regions = [...new Set([...log.regions(), ...await readRegions(session)])].sort();
    } finally {
      await session.close();
    }
    for (const region of regions) await this.open(region);
  }

  /** A database that was away may have lost what it had committed last. */
  async lookBack(session: EngineSession): Promise<void> {
    const held = this.all.map((replica) => [replica, replica.copy.applied.value] as const);
    const positions = await readPositions(session);
    for (const [replica, seq] of held) {
      const now = positions.get(replica.region);
      if (now === undefined || now >= seq) continue;
      replica.primary?.fail(`its database has lost what it had committed behind ${now}`);
      replica.applier.goBack(now);
    }
  }

  /** The replica of a region, opened where it is not yet. */
  async open(region: string): Promise<Replica> {
    await this.#leaving.get(region)?.catch(() => {});
    const held = this.#held.get(region);
    if (held !== undefined) return held.replica;
    const opening = this.#opening.get(region) ?? this.#open(region);
    this.#opening.set(region, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(region);
    }
  }

  /** A copy has been made here that the region's log begins with. */
  async adopt(region: string): Promise<void> {
    const replica = await this.open(region);
    await replica.adopt();
    replica.wake();
  }

  /** The replica that a primary asks to follow it, also one that has yet to be copied. */
  async toFollow(region: string): Promise<Replica> {
    const held = this.#held.get(region);
    if (held !== undefined) return held.replica;
    const state = await this.look(region);
    if (state?.replicas.includes(this.deps.rid() ?? 0) !== true) throw noRegion(region);
    return await this.open(region);
  }

  /** What the region's node says now; null where there is none. Raises `UNAVAILABLE`. */
  async look(region: string): Promise<RegionState | null> {
    const session = this.deps.session();
    const what = `Cannot tell whether region ${region} belongs here`;
    if (session === null) {
      throw new MinisqlError("UNAVAILABLE", `${what}: there is no coordination session`);
    }
    try {
      const node = await session.get(this.deps.paths.region(region)).catch(unlessMissing);
      return node === null ? null : this.#node(region).read(node)?.state ?? null;
    } catch (error) {
      if (!(error instanceof CoordinatorError)) throw error;
      throw new MinisqlError("UNAVAILABLE", `${what}: ${error.message}`, { cause: error });
    }
  }

  /**
   * Lets go of a region and has what is kept of it removed. Not where its node says that it is kept
   * here: what came late must not take what others count on. Nothing is acknowledged any more when
   * the node is looked at.
   */
  async giveUp(region: string, remove: () => Promise<void>): Promise<void> {
    const before = this.#leaving.get(region);
    const leaving = (async () => {
      await before?.catch(() => {});
      const held = this.#held.get(region);
      this.#held.delete(region);
      await held?.replica.stop();
      await this.deps.source.endRegion(region, "the region is given up here");
      const state = await this.look(region);
      if (state?.state === "open" && state.replicas.includes(this.deps.rid() ?? 0)) {
        const why = "the cluster counts on this server's copy";
        throw new MinisqlError("BAD_REQUEST", `Cannot remove region ${region} here: ${why}`);
      }
      await remove();
    })();
    this.#leaving.set(region, leaving);
    try {
      await leaving;
    } catch (error) {
      this.#left(region, leaving);
      if (!this.#isStopped) await this.open(region);
      throw error;
    } finally {
      this.#left(region, leaving);
    }
  }

  #left(region: string, leaving: Promise<void>): void {
    if (this.#leaving.get(region) === leaving) this.#leaving.delete(region);
  }

  /** Everybody looks again: a session has come or gone, a server, a database. */
  wake(): void {
    for (const { replica } of this.#held.values()) replica.wake();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.all.map((replica) => replica.stop()));
  }

  async #open(region: string): Promise<Replica> {
    if (this.#isStopped) throw new MinisqlError("UNAVAILABLE", "This server is shutting down");
    const { deps } = this;
    const viewDeps: ViewDeps = deps;
    const replica = await Replica.open({
      ...deps,
      node: this.#node(region),
      quarantine: deps.quarantine(region),
      copiedFrom: () => deps.source.oldest(region) ?? Infinity,
      beforeSchema: () => deps.source.endRegion(region, "a table's schema is being changed"),
    }, region);
    this.#held.set(region, { replica, view: new ReplicaView(replica, viewDeps) });
    replica.start();
    return replica;
  }

  #node(region: string): RegionNode {
    const { clock, random, session, paths } = this.deps;
    return new RegionNode({ clock, random, session }, paths.region(region));
  }

  #require(region: string): Held {
    const held = this.#held.get(region);
    if (held === undefined) throw noRegion(region);
    return held;
  }
}

function noRegion(region: string): MinisqlError {
  return new MinisqlError("NO_REGION", `This server holds no region ${region}`);
}
