/**
 * What region servers of the master's simulation do with their copies: follow the region's node,
 * copy, keep the in-sync set, take over, change schemas once. Rows there are none: a region's log is
 * shared by all its copies as if by magic, so that only the control plane is put to the test.
 */
import type { TreeView } from "../adapters/memory_coordinator/node_tree.ts";
import { pause } from "../cluster/pause.ts";
import { Paths } from "../cluster/paths.ts";
import { minInSyncOf } from "../cluster/route.ts";
import type { Clock } from "../ports/clock.ts";
import { CoordinatorError, type NodeValue, type Session } from "../ports/coordinator.ts";
import type { Random } from "../ports/random.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { LiveServer, RegionState } from "../protocol/model.ts";
import { alteredLog, type SimLog } from "./sim_log.ts";
import type { SimRegionState } from "./sim_region.ts";

/** What all servers of a made-up cluster share. */
export interface SimShared {
  readonly states: readonly SimRegionState[];
  readonly logs: Map<string, SimLog>;
  readonly tree: () => TreeView;
  /** A copy takes as long as this, or a little less. */
  copyMs: number;
}

export interface SimCopiesDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly state: SimRegionState;
  readonly shared: SimShared;
  readonly incarnation: string;
}

const paths = new Paths();
const LOOK_MS = 400;
const HAND_OVER_MS = 5;

export class SimCopies {
  readonly #deps: SimCopiesDeps;
  #rid: number | null = null;
  #session: Session | null = null;
  /** Regions being copied, and when that will be done. */
  readonly #copying = new Map<string, number>();

  constructor(deps: SimCopiesDeps) {
    this.#deps = deps;
  }

  member(rid: number | null, session: Session | null): void {
    this.#rid = rid;
    this.#session = session;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const region of this.#shared.tree().children(paths.regions) ?? []) {
        try {
          await this.#follow(region);
        } catch (error) {
          // The session is lost, or another was faster: it is looked at again.
          if (!(error instanceof CoordinatorError)) throw error;
        }
      }
      this.#dropForgotten();
      await pause(this.#deps.clock, LOOK_MS, signal);
    }
  }

  makeTable({ table, region }: Request<"makeTable">): Answer<"makeTable"> {
    const { state, incarnation } = this.#deps;
    if (this.#truth(region)?.state === "open") {
      // Late, or done before: from its opening on the region's tables are its log's business.
      if (state.tables.get(table) === region) return { incarnation, schemaHash: "00000000" };
      throw new MinisqlError(
        "NOT_PRIMARY",
        `Region ${region} is open, and ${table} not in it here`,
      );
    }
    this.#log(region).tables.set(table, `CREATE TABLE \`${table}\` (id INT PRIMARY KEY)`);
    state.tables.set(table, region);
    this.#spread(region);
    return { incarnation, schemaHash: "00000000" };
  }

  removeTable({ table, region }: Request<"removeTable">): void {
    const { state } = this.#deps;
    const node = this.#shared.tree().get(paths.table(table));
    const isKept = node !== null && JSON.parse(node.data).region === region;
    const known = this.#truth(region);
    if (isKept && known?.state === "open" && known.isr.some(({ rid }) => rid === this.#rid)) {
      state.crimes.push(`${state.host} was told to remove ${table} while it was in sync`);
    }
    this.#forget(region);
  }

  /** Once for each job, whoever is the primary. */
  async changeTable({ region, job, sql }: Request<"changeTable">): Promise<Answer<"changeTable">> {
    this.#requirePrimary(region);
    await this.#deps.clock.sleep(this.#deps.random.next() * 500);
    this.#requirePrimary(region);
    const log = this.#log(region);
    const known = log.changes.get(job);
    const outcome = known === undefined ? alteredLog(log, sql) : known;
    log.changes.set(job, outcome);
    this.#spread(region);
    if (outcome !== null) throw outcome;
    const tables = [...log.tables].map(([table, ddl]) => ({
      ...{ table, ddl },
      schemaHash: ddl.length.toString(16).padStart(8, "0"),
    }));
    return { tables };
  }

  async handOver({ region, to }: Request<"handOver">): Promise<Answer<"handOver">> {
    const state = this.#requirePrimary(region);
    const member = state.isr.find(({ rid }) => rid === to);
    if (member === undefined || member.incarnation !== this.#live(to)?.incarnation) {
      throw new MinisqlError("UNAVAILABLE", `Cannot hand over to ${to}: it is not in sync`);
    }
    const epoch = state.epoch + 1;
    try {
      await this.#change(
        region,
        (now) => now.primary === this.#rid ? { epoch, primary: to } : null,
      );
    } catch (error) {
      if (!(error instanceof CoordinatorError)) throw error;
      throw new MinisqlError("UNAVAILABLE", error.message);
    }
    return { epoch, pauseMs: HAND_OVER_MS };
  }

  verify({ region, table }: Request<"verify">): Answer<"verify"> {
    const state = this.#require(region);
    const tables = table === undefined ? [...this.#log(region).tables.keys()] : [table];
    const copies = tables.map((name) => ({
      table: name,
      kept: this.#fingerprint(name),
      counted: this.#fingerprint(name, this.#deps.state.damaged.has(name)),
      ms: 1,
    }));
    return { rid: this.#rid ?? 0, epoch: state.epoch, seq: 7 - this.#deps.state.behind, copies };
  }

  vote({ region, tables }: Request<"vote">): Answer<"vote"> {
    const { behind } = this.#deps.state;
    const fingerprints = tables.map((table) => this.#fingerprint(table));
    const primary = this.#truth(region)?.primary === this.#rid;
    return { rid: this.#rid ?? 0, fingerprints, applied: 7 - behind, primary };
  }

  replicas(): Answer<"replicas"> {
    const replicas = [...this.#copying.keys()].map((region) => ({
      ...{ region, role: "syncing", epoch: 0, last: 0, committed: 0, applied: 0 } as const,
      ...{ inSync: [], trouble: null, tables: [] },
      progress: { done: 1, of: 2, what: "rows copied" },
    }));
    return { rid: this.#rid, replicas };
  }

  get #shared(): SimShared {
    return this.#deps.shared;
  }

  #fingerprint(table: string, damaged = false) {
    const other = this.#deps.state.diverged.has(table);
    return { rows: damaged ? 4 : 3, sum: other ? "99" : "17", schema: "00000000" };
  }

  /** One look at a region, and one step towards how it should be. */
  async #follow(region: string): Promise<void> {
    const rid = this.#rid;
    const state = this.#truth(region);
    if (rid === null || this.#session === null || state === null || state.state !== "open") return;
    const member = state.isr.find((each) => each.rid === rid);
    if (!state.replicas.includes(rid)) {
      this.#copying.delete(region);
      if (member === undefined) this.#forget(region);
      else if (state.primary === rid) await this.#keepSet(region);
      return;
    }
    if (member === undefined) this.#copy(region, state);
    else if (!this.#deps.state.whole.has(region)) {
      this.#deps.state.whole.add(region);
      this.#spread(region);
    }
    if (state.primary === rid && member?.incarnation === this.#deps.incarnation) {
      await this.#keepSet(region);
    } else if (member !== undefined && this.#mayTakeOver(state)) await this.#takeOver(region);
  }

  #copy(region: string, { primary }: RegionState): void {
    const { clock, random, state } = this.#deps;
    if (state.whole.has(region)) return;
    if (primary === null || this.#live(primary) === null) return void this.#copying.delete(region);
    const ready = this.#copying.get(region) ?? clock.now() + random.next() * this.#shared.copyMs;
    this.#copying.set(region, ready);
    if (clock.now() < ready) return;
    this.#copying.delete(region);
    state.whole.add(region);
    this.#spread(region);
  }

  /** The primary lets in who is whole and takes out who is gone, never below what a write needs. */
  async #keepSet(region: string): Promise<void> {
    await this.#change(region, (state) => {
      if (state.primary !== this.#rid) return null;
      const inPlace = ({ rid, incarnation }: RegionState["isr"][number]) =>
        rid === this.#rid ||
        state.replicas.includes(rid) && this.#live(rid)?.incarnation === incarnation;
      const staying = state.isr.filter(inPlace);
      const entering = state.replicas.flatMap((rid) => {
        const incarnation = this.#live(rid)?.incarnation;
        if (incarnation === undefined || staying.some((each) => each.rid === rid)) return [];
        const holder = this.#shared.states.find(({ rids }) => rids.has(rid));
        return holder?.whole.has(region) === true ? [{ rid, incarnation }] : [];
      });
      const isr = [...staying, ...entering];
      const joining = (state.joining ?? []).filter((rid) => isr.every((each) => each.rid !== rid));
      const min = minInSyncOf({ ...state, joining });
      for (const each of state.isr) {
        if (isr.length < min && isr.every(({ rid }) => rid !== each.rid)) isr.push(each);
      }
      const same = JSON.stringify([isr, joining]) ===
        JSON.stringify([state.isr, state.joining ?? []]);
      return same ? null : { isr, joining };
    });
    const now = this.#truth(region);
    for (const { rids, whole } of this.#shared.states) {
      const inSync = now?.isr.some(({ rid }) => rids.has(rid)) ?? true;
      if (!inSync) whole.delete(region);
    }
  }

  #mayTakeOver({ primary, isr }: RegionState): boolean {
    if (primary === this.#rid) return true;
    const member = isr.find(({ rid }) => rid === primary);
    const live = primary === null ? null : this.#live(primary);
    return live === null || member?.incarnation !== live.incarnation;
  }

  async #takeOver(region: string): Promise<void> {
    const { incarnation } = this.#deps;
    const rid = this.#rid ?? 0;
    await this.#change(region, (state) => {
      if (!state.isr.some((each) => each.rid === rid) || !this.#mayTakeOver(state)) return null;
      const isr = state.isr.map((each) => (each.rid === rid ? { rid, incarnation } : each));
      return { epoch: state.epoch + 1, primary: rid, isr };
    });
  }

  /** Changes what is a primary's of the node; the rest is the master's. */
  async #change(
    region: string,
    change: (
      state: RegionState,
    ) => Partial<Pick<RegionState, "epoch" | "primary" | "isr" | "joining">> | null,
  ): Promise<void> {
    const session = this.#session;
    if (session === null) throw new CoordinatorError("suspended", "No session");
    const node = await session.get(paths.region(region));
    const state = JSON.parse(node.data) as RegionState;
    const changed = state.state === "open" ? change(state) : null;
    if (changed === null) return;
    const data = JSON.stringify({ ...state, ...changed, nonce: undefined });
    await session.set(paths.region(region), data, node.version);
  }

  /** Copies of regions that do not count on this server go. */
  #forget(region: string): void {
    const { state } = this.#deps;
    state.whole.delete(region);
    for (const [table, of] of state.tables) if (of === region) state.tables.delete(table);
  }

  #dropForgotten(): void {
    const { state } = this.#deps;
    if (this.#session === null) return;
    for (const region of new Set(state.tables.values())) {
      const known = this.#truth(region);
      if (
        known === null || known.state === "creating" && !known.replicas.includes(this.#rid ?? 0)
      ) {
        this.#forget(region);
      }
    }
  }

  /** Every copy that is whole holds what the log says. */
  #spread(region: string): void {
    const log = this.#log(region);
    for (const { whole, tables } of this.#shared.states) {
      if (!whole.has(region)) continue;
      for (const [table, of] of tables) {
        if (of === region && !log.tables.has(table)) tables.delete(table);
      }
      for (const table of log.tables.keys()) tables.set(table, region);
    }
  }

  #requirePrimary(region: string): RegionState {
    const state = this.#require(region);
    if (state.primary === this.#rid) return state;
    throw new MinisqlError("NOT_PRIMARY", `Server ${this.#rid} is not the primary of ${region}`);
  }

  #require(region: string): RegionState {
    const state = this.#truth(region);
    if (state !== null && state.isr.some(({ rid }) => rid === this.#rid)) return state;
    throw new MinisqlError("NO_REGION", `Server ${this.#rid} holds no region ${region}`);
  }

  #log(region: string): SimLog {
    const log = this.#shared.logs.get(region) ?? { tables: new Map(), changes: new Map() };
    this.#shared.logs.set(region, log);
    return log;
  }

  /** The node as it is, whoever may be cut off from it. */
  #truth(region: string): RegionState | null {
    return said<RegionState>(this.#shared.tree().get(paths.region(region)));
  }

  #live(rid: number): LiveServer | null {
    return said<LiveServer>(this.#shared.tree().get(paths.server(rid)));
  }
}

/** Nodes are looked at far more often than they change. */
const known = new WeakMap<NodeValue, unknown>();

function said<T>(node: NodeValue | null): T | null {
  if (node === null) return null;
  if (!known.has(node)) known.set(node, JSON.parse(node.data));
  return known.get(node) as T;
}
