/** Whole clusters in the made-up world: masters, region servers with disks and databases, clients. */
import { Master } from "../master/master.ts";
import { DiskError } from "../ports/disk.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { RegionState } from "../protocol/model.ts";
import type { RegionLimits } from "../region/limits.ts";
import { SimProcess } from "./process.ts";
import { RegionHost, type RegionHostOptions } from "./region_host.ts";
import { RegionWatch } from "./region_watch.ts";
import { RegionWorkload } from "./region_workload.ts";
import { type CatalogFaults, simCatalog } from "./sim_catalog.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

export interface RegionClusterOptions {
  readonly masters: number;
  readonly servers: number;
  readonly sessions: number;
  readonly readers?: number;
  readonly thinkMs: number;
  readonly limits: Partial<RegionLimits>;
  readonly databaseMs: () => number;
  readonly syncMs: number;
  /** How often tables are counted again; null for never by themselves. */
  readonly scrubMs?: number | null;
  /** Plants bugs in what region servers see of the world. */
  readonly spoil?: RegionHostOptions["spoil"];
}

const CLUSTER = "sim";
const MASTER_PORT = 9090;
const HEARTBEAT_MS = 500;
const SILENCE_MS = 3000;
const STATEMENT_MS = 6000;
const SCRUB_MS = 4000;
/** What a supervisor waits before it starts a process again that has ended by itself. */
const RESTART_MS = 300;

export class RegionCluster {
  readonly world: World;
  readonly masters: readonly SimProcess[];
  /** Of masters and region servers. */
  readonly processes: readonly SimProcess[];
  readonly hosts: readonly RegionHost[];
  readonly watch: RegionWatch;
  readonly workload: RegionWorkload;
  readonly catalogFaults: CatalogFaults = { away: false, loseAnswers: 0 };
  readonly #roles = new Map<SimProcess, Master>();

  constructor(world: World, options: RegionClusterOptions) {
    this.world = world;
    const hosts: RegionHost[] = [];
    this.hosts = hosts;
    this.watch = new RegionWatch(world, hosts);
    const { limits, databaseMs, syncMs, scrubMs = SCRUB_MS, spoil } = options;
    for (let at = 1; at <= options.servers; at++) {
      const own = {
        ...{ cluster: CLUSTER, limits, databaseMs, syncMs, scrubMs },
        ...(spoil ? { spoil } : {}),
      };
      hosts.push(new RegionHost(`r${at}`, world, own, this.watch));
    }
    this.masters = Array.from({ length: options.masters }, (_, at) => this.#master(`m${at + 1}`));
    this.processes = [...this.masters, ...hosts.map(({ process }) => process)];
    this.workload = new RegionWorkload(world, this.watch, {
      masters: this.masters.map(({ name }) => name),
      cluster: CLUSTER,
      sessions: options.sessions,
      readers: options.readers ?? 0,
      thinkMs: options.thinkMs,
      timeoutMs: STATEMENT_MS,
    });
    world.always(() => this.#supervise());
  }

  hostOf(process: SimProcess): RegionHost | null {
    return this.hosts.find((host) => host.process === process) ?? null;
  }

  /** Regions as their nodes have them now. */
  get regions(): readonly RegionState[] {
    return this.watch.regions;
  }

  crash(process: SimProcess): void {
    const host = this.hostOf(process);
    if (host === null) process.crash();
    else host.crash();
  }

  start(process: SimProcess): void {
    const host = this.hostOf(process);
    if (host === null) process.start();
    else host.start();
  }

  /** Programs that end because of what they stand on are started again; no other may end. */
  #supervise(): void {
    const defect = this.workload.defect;
    if (defect !== null) throw defect instanceof Error ? defect : new Error(String(defect));
    for (const process of this.processes) {
      const { failure } = process;
      if (failure === null) continue;
      process.failure = null;
      const isExpected = this.hostOf(process) !== null && isOfTheWorld(failure);
      const words = failure instanceof Error ? failure.stack ?? failure.message : String(failure);
      if (!isExpected) throw new Violation("safety", `${process.name} ended: ${words}`);
      this.world.trace(`${process.name} ends by itself: ${(failure as Error).message}`);
      this.crash(process);
      this.world.clock.after(RESTART_MS, () => this.start(process));
    }
  }

  #master(name: string): SimProcess {
    const process: SimProcess = new SimProcess(this.world, name, async (around) => {
      const catalog = simCatalog(this.world, around.clock, this.catalogFaults);
      const master = await Master.start({ ...around, catalog }, {
        ...{ id: name, cluster: CLUSTER, advertise: name, version: "sim" },
        listen: { host: name, port: MASTER_PORT },
        heartbeatMs: HEARTBEAT_MS,
        silenceMs: SILENCE_MS,
        rereadMs: 2000,
      });
      this.#roles.set(process, master);
      await master.run(around.signal);
    });
    return process;
  }

  /** Masters that would act on a request now; one that is held cannot. */
  get acting(): readonly string[] {
    return this.masters.filter((process) =>
      process.running && (this.#roles.get(process)?.reign ?? null) !== null
    ).map(({ name }) => name);
  }
}

const TABLE_FULL = 1114;

/** A disk or a database failed under the program, or an address was in use. */
function isOfTheWorld(failure: unknown): boolean {
  if (failure instanceof DiskError) return true;
  if (!(failure instanceof MinisqlError)) return false;
  return failure.errno === TABLE_FULL ||
    ["UNAVAILABLE", "OUTCOME_UNKNOWN", "TIMEOUT"].includes(failure.code);
}
