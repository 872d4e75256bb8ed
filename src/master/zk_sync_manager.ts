/** What the master reads from the coordination service and writes to it: paths and nodes. */
import type { Shape } from "../base/shape.ts";
import { ensureNodes, readNode, unlessMissing } from "../cluster/nodes.ts";
import type { Paths } from "../cluster/paths.ts";
import { CoordinatorError, type Session } from "../ports/coordinator.ts";
import type { Reporter } from "../ports/reporter.ts";
import {
  type ActiveMaster,
  activeMasterShape,
  type LiveServer,
  liveServerShape,
  type RegionState,
  regionStateShape,
  type TableNode,
  tableNodeShape,
} from "../protocol/model.ts";

/** Reads under way at once when a whole folder is read. */
const READS_MAX = 128;

export interface Versioned<T> {
  readonly value: T;
  readonly version: number;
}

export class ZkSyncManager {
  readonly session: Session;
  readonly paths: Paths;
  readonly #reporter: Reporter;

  constructor(session: Session, paths: Paths, reporter: Reporter) {
    this.session = session;
    this.paths = paths;
    this.#reporter = reporter;
  }

  /** Makes the standing nodes where they are missing. */
  async prepare(): Promise<void> {
    await ensureNodes(this.session, this.paths.standing);
  }

  async servers(rids: readonly string[]): Promise<readonly LiveServer[]> {
    const paths = rids.filter((rid) => /^\d+$/.test(rid)).map((rid) =>
      this.paths.server(Number(rid))
    );
    return (await this.#readAll(liveServerShape, paths)).map(({ value }) => value);
  }

  async regions(): Promise<readonly Versioned<RegionState>[]> {
    const names = await this.session.children(this.paths.regions);
    return await this.#readAll(regionStateShape, names.map((name) => this.paths.region(name)));
  }

  async region(name: string): Promise<Versioned<RegionState> | null> {
    return await this.#read(regionStateShape, this.paths.region(name));
  }

  /** Table to its node. */
  async tables(): Promise<ReadonlyMap<string, TableNode>> {
    const children = await this.session.children(this.paths.tables);
    const found = new Map<string, TableNode>();
    await inBatches(children, async (child) => {
      const node = await this.#read(tableNodeShape, `${this.paths.tables}/${child}`);
      if (node !== null) found.set(this.paths.tableOf(child), node.value);
    });
    return found;
  }

  /**
   * Makes the region's node. The first compare-and-set is to be on a version above 0, which some
   * clients of the service take for "any": hence it is written once more right away.
   */
  async createRegion(state: RegionState): Promise<Versioned<RegionState>> {
    const path = this.paths.region(state.region);
    const data = JSON.stringify(state);
    await this.#create(path, data);
    const there = await this.#read(regionStateShape, path);
    if (there !== null && there.version > 0) return there;
    const version = await this.session.set(path, data, 0);
    return { value: state, version };
  }

  /** Replaces the region's state if `version` is current, and returns the new version. */
  async setRegion(state: RegionState, version: number): Promise<number> {
    const path = this.paths.region(state.region);
    return await this.session.set(path, JSON.stringify(state), version);
  }

  async deleteRegion(name: string): Promise<void> {
    await this.session.delete(this.paths.region(name), null).catch(unlessMissing);
  }

  async putTable(table: string, node: TableNode): Promise<void> {
    const path = this.paths.table(table);
    const data = JSON.stringify(node);
    if (await this.#create(path, data)) return;
    const { version } = await this.session.get(path);
    await this.session.set(path, data, version);
  }

  async deleteTable(table: string): Promise<void> {
    await this.session.delete(this.paths.table(table), null).catch(unlessMissing);
  }

  async deleteServer(rid: number): Promise<void> {
    await this.session.delete(this.paths.server(rid), null).catch(unlessMissing);
  }

  /** Says who the active master is. What an older term has left there goes. */
  async publish(active: ActiveMaster): Promise<void> {
    const path = this.paths.active;
    while (true) {
      try {
        await this.session.create(path, JSON.stringify(active), "ephemeral");
        return;
      } catch (error) {
        if (!(error instanceof CoordinatorError) || error.code !== "node_exists") throw error;
      }
      const there = await this.session.get(path).catch(unlessMissing);
      if (there === null) continue;
      if (there.owner === this.session.id) return;
      const said = readNode(activeMasterShape, there.data, path);
      if (said.ok && said.value.term > active.term) {
        const why = `Cannot lead in term ${active.term}: term ${said.value.term} has begun`;
        throw new CoordinatorError("bad_version", why);
      }
      await this.session.delete(path, there.version).catch(unlessMissing);
    }
  }

  /** True if it made the node, false if it was there. */
  async #create(path: string, data: string): Promise<boolean> {
    try {
      await this.session.create(path, data, "persistent");
      return true;
    } catch (error) {
      if (error instanceof CoordinatorError && error.code === "node_exists") return false;
      throw error;
    }
  }

  async #readAll<T>(shape: Shape<T>, paths: readonly string[]): Promise<Versioned<T>[]> {
    const found: Versioned<T>[] = [];
    await inBatches(paths, async (path) => {
      const node = await this.#read(shape, path);
      if (node !== null) found.push(node);
    });
    return found;
  }

  /** A node that is gone or cannot be understood is none; the latter is reported. */
  async #read<T>(shape: Shape<T>, path: string): Promise<Versioned<T> | null> {
    const node = await this.session.get(path).catch(unlessMissing);
    if (node === null) return null;
    const reading = readNode(shape, node.data, path);
    if (reading.ok) return { value: reading.value, version: node.version };
    this.#reporter.log("error", reading.why, { path });
    return null;
  }
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += READS_MAX) {
    await Promise.all(items.slice(at, at + READS_MAX).map(work));
  }
}
