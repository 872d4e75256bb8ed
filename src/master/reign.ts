/** One master's time in office: what it knows, watches and does between election and the end. */
import { connected } from "../cluster/election.ts";
import type { Paths } from "../cluster/paths.ts";
import type { Catalog } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import { CoordinatorError, type Session } from "../ports/coordinator.ts";
import type { Network } from "../ports/network.ts";
import type { Random } from "../ports/random.ts";
import type { Reporter } from "../ports/reporter.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { ActiveMaster, JobRecord } from "../protocol/model.ts";
import { Pool } from "../rpc/pool.ts";
import { AlterWork } from "./alter_work.ts";
import { CreateWork } from "./create_work.ts";
import { DrainWork } from "./drain_work.ts";
import { DropWork } from "./drop_work.ts";
import { LOOKS_PER_HEARTBEAT } from "./heartbeats.ts";
import { Jobs, type JobWork } from "./jobs.ts";
import { MetaManager } from "./meta_manager.ts";
import { Orders } from "./orders.ts";
import { RegionStates } from "./region_states.ts";
import { RegionWatcher, type ServersChange } from "./region_watcher.ts";
import { Registry } from "./registry.ts";
import { AddWork, MoveWork } from "./transfer_work.ts";
import { Transfers } from "./transfers.ts";
import { Upkeep, type UpkeepOptions } from "./upkeep.ts";
import { ClusterView } from "./view.ts";
import { Visits } from "./visits.ts";
import type { WorkDeps } from "./work.ts";
import { ZkSyncManager } from "./zk_sync_manager.ts";

export interface MasterDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly catalog: Catalog;
  readonly reporter: Reporter;
}

export interface ReignOptions extends UpkeepOptions {
  readonly active: ActiveMaster;
  readonly cluster: string;
  readonly heartbeatMs: number;
  readonly silenceMs: number;
  /** The folders of the coordination service are read again so often, whatever watches say. */
  readonly rereadMs: number;
}

export class Reign {
  readonly active: ActiveMaster;
  readonly session: Session;
  readonly view = new ClusterView();
  readonly meta: MetaManager;
  readonly zk: ZkSyncManager;
  readonly watcher: RegionWatcher;
  readonly registry: Registry;
  readonly orders: Orders;
  readonly jobs: Jobs;
  readonly transfers: Transfers;
  readonly drains: DrainWork;
  readonly startedAt: number;
  readonly #deps: MasterDeps;
  readonly #options: ReignOptions;
  readonly #states: RegionStates;
  readonly #upkeep: Upkeep;
  readonly #pool: Pool;
  readonly #end = new AbortController();
  #overtaken = false;

  constructor(session: Session, paths: Paths, deps: MasterDeps, options: ReignOptions) {
    const { clock, network, random } = deps;
    const { term } = options.active;
    this.active = options.active;
    this.session = session;
    this.#deps = deps;
    this.#options = options;
    this.startedAt = clock.now();
    const { view } = this;
    const reporter = deps.reporter.child({ term });
    this.meta = new MetaManager({ ...deps, reporter }, view, term);
    this.zk = new ZkSyncManager(session, paths, { clock, random, reporter }, this.#end.signal);
    const meta = this.meta;
    const zk = this.zk;
    const onDeaf = (reason: string) => this.depose(reason);
    const visits = new Visits();
    this.registry = new Registry({ clock, view, meta, zk, visits, onDeaf }, { ...options, term });
    this.watcher = new RegionWatcher({ zk, view, clock }, {
      rereadMs: options.rereadMs,
      onChange: (change) => this.#serversChanged(change),
    });
    this.#states = new RegionStates({ zk, view, clock, reporter }, options.rereadMs);
    const greeting = { cluster: options.cluster, role: "master", name: options.active.id } as const;
    this.#pool = new Pool({ clock, random, network }, { greeting });
    this.orders = new Orders(this.#pool, view, term);
    const jobs = () => this.jobs;
    this.transfers = new Transfers({ clock, view, jobs });
    const work: WorkDeps = { clock, view, meta, zk, orders: this.orders };
    this.drains = new DrainWork({ ...work, transfers: this.transfers, jobs });
    this.jobs = new Jobs(
      { clock, random, view, meta, reporter, onDeposed: (reason) => this.depose(reason) },
      worksOf(work, this.drains),
      this.#end.signal,
    );
    const { transfers, drains } = this;
    this.#upkeep = new Upkeep(
      { clock, view, zk, visits, transfers, drains, jobs: this.jobs },
      options,
    );
  }

  /** Aborts when the reign ends, with the reason. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Whether the reign ended since a later term was there before it. */
  get overtaken(): boolean {
    return this.#overtaken;
  }

  /**
   * True while nobody else can have been elected: the session lives for certain. What is not
   * certain is not acted on; a process that was stopped and wakes finds the time has passed.
   */
  get certain(): boolean {
    return !this.#end.signal.aborted && this.session.state === "connected" &&
      this.#deps.clock.now() < this.session.certainUntil;
  }

  /** Ends the reign; whatever it does stops at its next wait. */
  depose(reason: string): void {
    if (!this.#end.signal.aborted) this.#end.abort(new MinisqlError("NOT_MASTER", reason));
  }

  /**
   * Reads what there is, says who leads, and rules until deposed. `ready` is told once requests can
   * be served. Resolves with the reason of the end.
   */
  async run(ready: () => void): Promise<string> {
    void this.session.ended.then((why) => this.depose(`the session has ended: ${why}`));
    const signal = this.#end.signal;
    try {
      const read = Promise.withResolvers<void>();
      let ruling = false;
      const keeping = this.meta.keep(signal, (found) => {
        read.resolve();
        if (found && ruling) this.jobs.resume();
      });
      await Promise.race([read.promise, keeping]);
      await this.#readTree();
      await this.zk.publish(this.active);
      const { id, host, port, term } = this.active;
      const afterMs = this.#deps.clock.now() - this.startedAt;
      this.meta.event({ event: "master.elected", id, term, host, port, afterMs });
      ready();
      ruling = true;
      this.jobs.resume();
      await Promise.race([
        keeping,
        this.#insist(() => this.watcher.run(signal)),
        this.#insist(() => this.#states.run(signal)),
        this.#tick(),
      ]);
    } catch (error) {
      this.#takeEnd(error);
    }
    this.#pool.close();
    return (signal.reason as Error).message;
  }

  /** What the coordination service knows that the catalog does not tell, or not now. */
  async #readTree(): Promise<void> {
    const { zk, view } = this;
    for (const { value, version } of await zk.regions()) view.putRegion(value, version);
    await this.watcher.refresh();
    for (const [name, { region }] of await zk.tables()) {
      if (view.table(name) !== null) continue;
      view.putTable({ name, region, ddl: "", state: "ready", created: 0 });
    }
    for (const live of view.online) this.registry.expect(live);
  }

  /** Every so often: whom to evict, what to save. */
  async #tick(): Promise<void> {
    const signal = this.#end.signal;
    while (!signal.aborted) {
      await this.#deps.clock.sleep(this.#options.heartbeatMs / LOOKS_PER_HEARTBEAT, signal);
      if (!this.certain) continue;
      await this.#insist(async () => {
        await this.registry.evictOverdue();
        await this.registry.saveLoads();
        if (this.meta.available) await this.#upkeep.look();
      });
    }
  }

  #serversChanged(change: ServersChange): void {
    // A link to the process that was there before may be dead without having noticed.
    for (const address of [...change.came, ...change.left]) this.#pool.forget(address);
    for (const live of change.came) this.registry.expect(live);
    for (const { rid, host, port } of change.left) {
      if (this.registry.heartbeats.incarnation(rid) === null) continue;
      this.registry.heartbeats.forget(rid);
      this.meta.event({ event: "server.left", rid, host, port, reason: "its session has ended" });
    }
  }

  /** Goes on where the coordination service was away for a while and the session lives. */
  async #insist(work: () => Promise<void>): Promise<void> {
    const signal = this.#end.signal;
    while (!signal.aborted) {
      try {
        return await work();
      } catch (error) {
        const passes = error instanceof CoordinatorError && error.code !== "session_ended" ||
          error instanceof MinisqlError && error.code !== "STALE_EPOCH";
        if (!passes) throw error;
        this.#deps.reporter.log("debug", `Trying again: ${error.message}`);
      }
      await connected(this.session, signal);
      await this.#deps.clock.sleep(this.#options.heartbeatMs / 10, signal);
    }
  }

  /** Trouble of the outside world ends the reign; a defect ends the process. */
  #takeEnd(error: unknown): void {
    if (error === this.#end.signal.reason) return;
    this.#overtaken = error instanceof MinisqlError && error.code === "STALE_EPOCH";
    if (error instanceof MinisqlError || error instanceof CoordinatorError) {
      return this.depose(error.message);
    }
    this.depose("a defect");
    throw error;
  }
}

function worksOf(
  deps: WorkDeps,
  drains: DrainWork,
): ReadonlyMap<JobRecord["kind"], JobWork> {
  return new Map<JobRecord["kind"], JobWork>([
    ["create_table", new CreateWork(deps)],
    ["drop_table", new DropWork(deps)],
    ["alter_table", new AlterWork(deps)],
    ["add_replica", new AddWork(deps)],
    ["move_region", new MoveWork(deps)],
    ["drain", drains],
  ]);
}
