/** A whole cluster in this process: masters and region servers on embedded parts, each on a port. */
import { MemoryCoordinator } from "../../adapters/memory_coordinator/coordinator.ts";
import { SqliteEngine } from "../../adapters/sqlite/engine.ts";
import { openCatalogDatabase, SqliteCatalog } from "../../adapters/sqlite_catalog.ts";
import { SystemRandom } from "../../adapters/system_random.ts";
import { TcpNetwork } from "../../adapters/tcp_network.ts";
import type { TreeView } from "../../adapters/memory_coordinator/node_tree.ts";
import { Master } from "../../master/master.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Address } from "../../ports/network.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { ClusterEvent } from "../../protocol/events.ts";
import { RegionServer } from "../../region/region_server.ts";
import { buildInfo } from "../build_info.ts";
import { DataFolder } from "../data_folder.ts";
import { formatAddress } from "../../cluster/address.ts";
import { Events } from "./events.ts";
import { keptTree } from "./kept_tree.ts";
import { Member, type Program, type Surroundings, type World } from "./member.ts";
import { masterPort, regionPort } from "./ports.ts";

export const HOST = "127.0.0.1";

export interface EmbeddedOptions {
  readonly cluster: string;
  readonly masters: number;
  readonly regions: number;
  readonly portOffset: number;
  /** Everything is kept under it. */
  readonly folder: string;
}

export interface EmbeddedDeps {
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Told of each member that is ready. */
  readonly ready: (line: string) => Promise<void>;
  /** How often Ctrl-C was pressed. */
  readonly interrupts: () => number;
}

/** Short, so that what goes wrong is soon noticed: nothing here is ever far away. */
const SESSION_MS = 2000;
const HEARTBEAT_MS = 1000;
const SILENCE_MS = 6000;
const START_MS = 20_000;

export class EmbeddedCluster {
  readonly options: EmbeddedOptions;
  readonly masters: readonly Member[];
  readonly regions: readonly Member[];
  readonly events: Events;
  readonly #world: World;
  /** Region servers by the numbers that the master gave them. */
  readonly #byRid = new Map<number, Member>();
  readonly #catalog: ReturnType<typeof openCatalogDatabase>;
  readonly #interrupts: () => number;

  private constructor(deps: EmbeddedDeps, options: EmbeddedOptions) {
    const { clock, reporter } = deps;
    const { folder } = options;
    this.options = options;
    this.#interrupts = deps.interrupts;
    this.events = new Events(clock);
    this.#catalog = openCatalogDatabase(`${folder}/catalog.sqlite`);
    this.#world = {
      clock,
      reporter,
      events: this.events,
      random: new SystemRandom(),
      network: new TcpNetwork(),
      coordinator: new MemoryCoordinator({ clock }, {
        sessionTimeoutMs: SESSION_MS,
        keeping: keptTree(`${folder}/coordinator.json`),
      }),
    };
    this.masters = range(options.masters).map((number) => this.#master(number));
    this.regions = range(options.regions).map((number) => this.#region(number));
    this.events.hear(({ event }) => {
      if (event.event !== "server.joined") return;
      const member = this.regions.find(({ address }) => address?.port === event.port);
      if (member !== undefined) this.#byRid.set(event.rid, member);
    });
  }

  /** Resolves when a master leads and every region server has joined. Raises why one cannot. */
  static async start(deps: EmbeddedDeps, options: EmbeddedOptions): Promise<EmbeddedCluster> {
    await Deno.mkdir(options.folder, { recursive: true });
    const cluster = new EmbeddedCluster(deps, options);
    try {
      await cluster.#start(deps);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get members(): readonly Member[] {
    return [...this.masters, ...this.regions];
  }

  /** What the coordination service holds. */
  get tree(): TreeView {
    return this.#world.coordinator.tree;
  }

  /** The region server of that number, once it has joined. */
  memberOf(rid: number): Member | null {
    return this.#byRid.get(rid) ?? null;
  }

  ridOf(member: Member): number | null {
    return [...this.#byRid].find(([, each]) => each === member)?.[0] ?? null;
  }

  get masterAddresses(): readonly Address[] {
    const { portOffset } = this.options;
    return this.masters.map((_, at) => ({ host: HOST, port: masterPort(at + 1, portOffset) }));
  }

  /** The database of a region server. */
  databaseOf(member: Member): string {
    return `${this.options.folder}/${member.name}/data.sqlite`;
  }

  /** Ends all of it in good order, region servers first. */
  async stop(): Promise<void> {
    await Promise.all(this.regions.map((member) => member.stop()));
    await Promise.all(this.masters.map((member) => member.stop()));
    if (this.#catalog.isOpen) this.#catalog.close();
  }

  async #start({ clock, ready }: EmbeddedDeps): Promise<void> {
    const started = clock.now();
    const took = () => `ready after ${Math.round(clock.now() - started)} ms`;
    const elected = this.#happens("a master leads", ({ event }) => event === "master.elected");
    for (const member of this.masters) await member.start();
    await elected;
    for (const member of this.masters) {
      await ready(`${member.name}  master at ${addressOf(member)}, ${took()}`);
    }
    // One after the other, so that r1 is the server that the master calls 1.
    for (const member of this.regions) {
      const joined = this.#happens(
        `${member.name} joins`,
        (event) => event.event === "server.joined" && event.port === member.address?.port,
      );
      await member.start();
      await joined;
      await ready(`${member.name}  region server at ${addressOf(member)}, ${took()}`);
    }
  }

  #happens(what: string, isIt: (event: ClusterEvent) => boolean): Promise<void> {
    const { clock } = this.#world;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const deaf = this.events.hear(({ event }) => {
      if (isIt(event)) resolve();
    });
    const disarm = clock.after(START_MS, () => {
      reject(new MinisqlError("TIMEOUT", `Cannot start: not within ${START_MS} ms: ${what}`));
    });
    promise.catch(() => {});
    return promise.finally(() => {
      deaf();
      disarm();
    });
  }

  #master(number: number): Member {
    const { cluster, portOffset } = this.options;
    const name = `m${number}`;
    return new Member(this.#world, name, (around) => {
      const catalog = around.engines.wrap(new SqliteCatalog(this.#catalog));
      const deps = { ...around, catalog };
      return Master.start(deps, {
        ...{ id: name, cluster, advertise: HOST, version: buildInfo().version },
        listen: { host: HOST, port: masterPort(number, portOffset) },
        heartbeatMs: HEARTBEAT_MS,
        silenceMs: SILENCE_MS,
      });
    });
  }

  #region(number: number): Member {
    const { cluster, portOffset, folder } = this.options;
    const name = `r${number}`;
    const program: Program = async (around) => {
      const data = { path: `${folder}/${name}`, cluster, interrupts: this.#interrupts };
      const { folder: own, engine } = await openData(around, data);
      const { clock, random, network, coordinator, reporter } = around;
      const { log: disk, quarantine } = own;
      const deps = {
        ...{ clock, random, network, coordinator, reporter },
        ...{ engine, disk, quarantine },
      };
      const server = await RegionServer.start(deps, {
        ...{ cluster, identity: own.identity, incarnation: random.id(), zone: "" },
        listen: { host: HOST, port: regionPort(number, portOffset) },
        advertise: HOST,
        version: buildInfo().version,
      });
      const run = async (signal: AbortSignal) => {
        try {
          await server.run(signal);
        } finally {
          await engine.close();
          own.close();
        }
      };
      return { address: server.address, run };
    };
    return new Member(this.#world, name, program);
  }
}

/** A region server's folder and database, as the process that is to hold them has them. */
async function openData(
  around: Surroundings,
  { path, cluster, interrupts }: {
    readonly path: string;
    readonly cluster: string;
    readonly interrupts: () => number;
  },
) {
  const { clock, random, disks, engines } = around;
  const opened = await DataFolder.open(path, cluster, random);
  disks.wrap(opened);
  const file = opened.at("data.sqlite");
  const engine = engines.wrap(new SqliteEngine({ clock, random, path: file, interrupts }));
  await opened.bind(engine, file);
  const [log, quarantine] = [disks.wrap(opened.log), disks.wrap(opened.quarantine)];
  const { identity } = opened;
  return { folder: { identity, log, quarantine, close: () => opened.close() }, engine };
}

function addressOf({ address }: Member): string {
  return address === null ? "nowhere" : formatAddress(address);
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}
