/** What the master reads from the coordination service and writes to it: paths and nodes. */
import { compareAndSet } from "../cluster/compare_and_set.ts";
import { ensureNodes, type NodeReading, readNode, unlessMissing } from "../cluster/nodes.ts";
import type { Paths } from "../cluster/paths.ts";
import type { Clock } from "../ports/clock.ts";
import { CoordinatorError, type Session } from "../ports/coordinator.ts";
import type { Random } from "../ports/random.ts";
import type { Reporter } from "../ports/reporter.ts";
import {
  type ActiveMaster,
  activeMasterShape,
  type LiveServer,
  liveServerShape,
  type RegionState,
  regionStateShape,
  type ServerRecord,
  tableName,
  type TableNode,
  tableNodeShape,
} from "../protocol/model.ts";

/** Reads under way at once when a whole folder is read. */
const READS_MAX = 128;

/** A region's node is written by its primary too; whoever loses the race so often gives way. */
const CHANGES_MAX = 20;

export interface ZkDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly reporter: Reporter;
}

export interface Versioned<T> {
  readonly value: T;
  readonly version: number;
}

export class ZkSyncManager {
  readonly session: Session;
  readonly paths: Paths;
  readonly #deps: ZkDeps;
  readonly #reporter: Reporter;
  readonly #over: AbortSignal;

  /**
   * `over` aborts when the reign ends. The service does what a session asks in the order of asking:
   * a write asked for before this master leaves the election queue is done before the next one is
   * elected, and afterwards none is asked for any more.
   */
  constructor(session: Session, paths: Paths, deps: ZkDeps, over: AbortSignal) {
    this.session = session;
    this.paths = paths;
    this.#deps = deps;
    this.#reporter = deps.reporter;
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
    this.#over.throwIfAborted();
    const { random } = this.#deps;
    const path = this.paths.region(state.region);
    const change = { path, value: state, version, nonce: random.id() };
    return await compareAndSet({ session: this.session, ...this.#deps }, change, {
      signal: this.#over,
    });
  }

  /**
   * Changes a region as it is now, whoever else changes it meanwhile: `change` is asked anew until
   * nobody was faster, and answers null where all is as it should be. Null where there is no region.
   */
  async changeRegion(
    name: string,
    change: (state: RegionState) => RegionState | null,
  ): Promise<Versioned<RegionState> | null> {
    for (let attempt = 1;; attempt++) {
      const known = await this.region(name);
      const value = known === null ? null : change(known.value);
      if (known === null || value === null) return known;
      try {
        return { value, version: await this.setRegion(value, known.version) };
      } catch (error) {
        const isLate = error instanceof CoordinatorError && error.code === "bad_version";
        if (!isLate || attempt === CHANGES_MAX) throw error;
      }
    }
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

  /** Lets others see what a server is meant for. The node stays that of the server's session. */
  async markServer(rid: number, status: ServerRecord["status"]): Promise<LiveServer | null> {
    const known = await this.#server(rid);
    if (known === null || known.value.status === status) return known?.value ?? null;
    const value = { ...known.value, status };
    try {
      await this.#set(this.paths.server(rid), JSON.stringify(value), known.version);
      return value;
    } catch (error) {
      // It has come or gone in this moment: the watch on the servers will tell.
      const passed = error instanceof CoordinatorError &&
        (error.code === "bad_version" || error.code === "no_node");
      if (passed) return null;
      throw error;
    }
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
  if (!reading.ok) return reading;
  // The mark of the last compare-and-set is no part of the state.
  const { nonce: _mark, ...value } = reading.value as RegionState & { readonly nonce?: unknown };
  return ofItsName({ ok: true, value }, name, value.region, path);
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
