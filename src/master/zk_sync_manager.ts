/** What the master reads from the coordination service and writes to it: paths and nodes. */
import { ensureNodes, type NodeReading, readNode, unlessMissing } from "../cluster/nodes.ts";
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
  tableName,
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
  readonly #over: AbortSignal;

  /**
   * `over` aborts when the reign ends. The service does what a session asks in the order of asking:
   * a write asked for before this master leaves the election queue is done before the next one is
   * elected, and afterwards none is asked for any more.
   */
  constructor(session: Session, paths: Paths, reporter: Reporter, over: AbortSignal) {
    this.session = session;
    this.paths = paths;
    this.#reporter = reporter;
    this.#over = over;
  }

  /** Makes the standing nodes where they are missing. */
  async prepare(): Promise<void> {
    await ensureNodes(this.session, this.paths.standing);
  }

  async servers(rids: readonly string[]): Promise<readonly LiveServer[]> {
    const numbers = rids.filter((rid) => /^\d+$/.test(rid)).map(Number);
    const found = await this.#readAll(numbers, (rid) => this.#server(rid));
    return found.map(({ value }) => value);
  }

  async regions(): Promise<readonly Versioned<RegionState>[]> {
    const names = await this.session.children(this.paths.regions);
    return await this.#readAll(names, (name) => this.region(name));
  }

  async region(name: string): Promise<Versioned<RegionState> | null> {
    const path = this.paths.region(name);
    return await this.#read(path, (data) => readRegion(name, data, path));
  }

  /** Table to its node. */
  async tables(): Promise<ReadonlyMap<string, TableNode>> {
    const children = await this.session.children(this.paths.tables);
    const found = new Map<string, TableNode>();
    await inBatches(children, async (child) => {
      const path = `${this.paths.tables}/${child}`;
      const table = this.paths.tableOf(child);
      if (table === null || !tableName.fits(table)) {
        this.#reporter.log("error", `Cannot read ${path}: no table has such a name`, { path });
        return;
      }
      const node = await this.#read(path, (data) => readNode(tableNodeShape, data, path));
      if (node !== null) found.set(table, node.value);
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
    const there = await this.region(state.region);
    if (there !== null && there.version > 0) return there;
    return { value: state, version: await this.setRegion(state, 0) };
  }

  /** Replaces the region's state if `version` is current, and returns the new version. */
  async setRegion(state: RegionState, version: number): Promise<number> {
    return await this.#set(this.paths.region(state.region), JSON.stringify(state), version);
  }

  async deleteRegion(name: string): Promise<void> {
    await this.#delete(this.paths.region(name));
  }

  async putTable(table: string, node: TableNode): Promise<void> {
    const path = this.paths.table(table);
    const data = JSON.stringify(node);
    if (await this.#create(path, data)) return;
    const { version } = await this.session.get(path);
    await this.#set(path, data, version);
  }

  async deleteTable(table: string): Promise<void> {
    await this.#delete(this.paths.table(table));
  }

  async deleteServer(rid: number): Promise<void> {
    await this.#delete(this.paths.server(rid));
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
    this.#over.throwIfAborted();
    try {
      await this.session.create(path, data, "persistent");
      return true;
    } catch (error) {
      if (error instanceof CoordinatorError && error.code === "node_exists") return false;
      throw error;
    }
  }

  async #set(path: string, data: string, version: number): Promise<number> {
    this.#over.throwIfAborted();
    return await this.session.set(path, data, version);
  }

  async #delete(path: string): Promise<void> {
    this.#over.throwIfAborted();
    await this.session.delete(path, null).catch(unlessMissing);
  }

  async #readAll<K, T>(
    keys: readonly K[],
    read: (key: K) => Promise<Versioned<T> | null>,
  ): Promise<Versioned<T>[]> {
    const found: Versioned<T>[] = [];
    await inBatches(keys, async (key) => {
      const node = await read(key);
      if (node !== null) found.push(node);
    });
    return found;
  }

  async #server(rid: number): Promise<Versioned<LiveServer> | null> {
    const path = this.paths.server(rid);
    return await this.#read(path, (data) => {
      const reading = readNode(liveServerShape, data, path);
      return reading.ok ? ofItsName(reading, rid, reading.value.rid, path) : reading;
    });
  }

  /** A node that is gone or cannot be understood is none; the latter is reported. */
  async #read<T>(
    path: string,
    understand: (data: string) => NodeReading<T>,
  ): Promise<Versioned<T> | null> {
    const node = await this.session.get(path).catch(unlessMissing);
    if (node === null) return null;
    const reading = understand(node.data);
    if (reading.ok) return { value: reading.value, version: node.version };
    this.#reporter.log("error", reading.why, { path });
    return null;
  }
}

/** What a region's node says of it. */
export function readRegion(name: string, data: string, path: string): NodeReading<RegionState> {
  const reading = readNode(regionStateShape, data, path);
  return reading.ok ? ofItsName(reading, name, reading.value.region, path) : reading;
}

/** A node copied to another name would pass for the one it was copied from. */
function ofItsName<T>(
  reading: NodeReading<T>,
  name: string | number,
  says: string | number,
  path: string,
): NodeReading<T> {
  if (name === says) return reading;
  return { ok: false, why: `Cannot read ${path}: it speaks of ${says}` };
}

async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += READS_MAX) {
    await Promise.all(items.slice(at, at + READS_MAX).map(work));
  }
}
