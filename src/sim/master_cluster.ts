/** Masters and region servers in the made-up world, with a client that creates and drops tables. */
import { Master } from "../master/master.ts";
import type { Catalog } from "../ports/catalog.ts";
import type { Coordinator } from "../ports/coordinator.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { Channel } from "../rpc/channel.ts";
import { SimProcess } from "./process.ts";
import { type CatalogFaults, simCatalog } from "./sim_catalog.ts";
import { runSimRegion, type SimRegionState } from "./sim_region.ts";
import type { World } from "./world.ts";

export interface MasterClusterOptions {
  readonly masters: number;
  readonly regions: number;
  readonly silenceMs?: number;
  readonly defects?: Defects;
}

/** Bugs planted on purpose, to see whether the checks find them. */
export interface Defects {
  readonly coordinator?: (sound: Coordinator) => Coordinator;
  readonly catalog?: (sound: Catalog) => Catalog;
}

export const HEARTBEAT_MS = 1000;
export const SILENCE_MS = 6000;
const MASTER_PORT = 9090;
const CALL_MS = 4000;

/** What the client knows of a table: `maybe` after a request whose outcome it does not know. */
export type Belief = "there" | "gone" | "maybe";

export class MasterCluster {
  readonly world: World;
  readonly catalogFaults: CatalogFaults = { away: false, loseAnswers: 0 };
  readonly masters: readonly SimProcess[];
  readonly regions: readonly SimProcess[];
  readonly regionStates: readonly SimRegionState[];
  /** What the client believes of each table it ever asked for. */
  readonly beliefs = new Map<string, Belief>();
  /** Tables made beside another, by its region's primary; the rest of the region has no say here. */
  readonly joined = new Set<string>();
  /** How often each kind of request has succeeded. */
  readonly done = { create: 0, drop: 0, locate: 0 };
  readonly #defects: Defects;
  readonly #silenceMs: number;
  readonly #roles = new Map<SimProcess, Master>();
  #nextTable = 1;

  constructor(world: World, options: MasterClusterOptions) {
    this.world = world;
    this.#defects = options.defects ?? {};
    this.#silenceMs = options.silenceMs ?? SILENCE_MS;
    this.masters = range(options.masters).map((i) => this.#master(`m${i}`));
    this.regionStates = range(options.regions).map((i) => ({
      identity: world.random.id(),
      host: `r${i}`,
      tables: new Map(),
      obeyed: [],
      rids: new Set(),
      engineLost: null,
    }));
    this.regions = this.regionStates.map((state) =>
      new SimProcess(
        world,
        state.host,
        (around, start) => runSimRegion(state, around, start),
      )
    );
  }

  get processes(): readonly SimProcess[] {
    return [...this.masters, ...this.regions];
  }

  /** Masters that would act on a request now. One that is held cannot, whatever it believes. */
  acting(): readonly SimProcess[] {
    return this.masters.filter((each) => each.running && this.#reigns(each));
  }

  role(process: SimProcess): Master | null {
    return process.alive ? this.#roles.get(process) ?? null : null;
  }

  /** The master that leads, or null. */
  get leading(): Master | null {
    const [process] = this.acting();
    return process === undefined ? null : this.role(process);
  }

  #reigns(process: SimProcess): boolean {
    return (this.role(process)?.reign ?? null) !== null;
  }

  /** One request of the client's to the master it is pointed at, whatever comes of it. */
  async request(kind: "create" | "drop" | "locate", at: string): Promise<void> {
    const { world } = this;
    const deps = {
      clock: world.clock,
      random: world.random,
      network: world.network.host("client"),
    };
    const channel = new Channel(deps, {
      address: { host: at, port: MASTER_PORT },
      greeting: { cluster: "sim", role: "client", name: "client" },
      connectMs: 1000,
    });
    try {
      const { caller } = await channel.connect();
      if (kind === "create") await this.#create(channel);
      else if (kind === "drop") await this.#drop(channel);
      else {
        const tables = this.#tables("there").slice(0, 3);
        await caller.call("locate", { tables }, { timeoutMs: CALL_MS });
        this.done.locate++;
      }
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      world.trace(`client ${kind} at ${at}: ${error.code} ${error.message}`);
    } finally {
      channel.close();
    }
  }

  /** Now and then under a name that was dropped before, or beside a table that is there. */
  async #create(channel: Channel): Promise<void> {
    const { random } = this.world;
    const [used] = random.next() < 0.5 ? this.#tables("gone") : [];
    const [beside] = random.next() < 0.3 ? this.#tables("there") : [];
    const table = used ?? `t${this.#nextTable++}`;
    if (!this.beliefs.has(table)) this.beliefs.set(table, "gone");
    const ddl = `CREATE TABLE ${table} (id INT PRIMARY KEY)`;
    const request = beside === undefined ? { table, ddl } : { table, ddl, beside };
    await this.#attempt(table, "there", async () => {
      const { caller } = await channel.connect();
      if (beside === undefined) this.joined.delete(table);
      else this.joined.add(table);
      await caller.call("createTable", request, { timeoutMs: CALL_MS });
      this.done.create++;
    });
  }

  async #drop(channel: Channel): Promise<void> {
    const [table] = this.#tables("there");
    if (table === undefined) return;
    await this.#attempt(table, "gone", async () => {
      const { caller } = await channel.connect();
      await caller.call("dropTable", { table }, { timeoutMs: CALL_MS });
      this.done.drop++;
    });
  }

  /** Keeps what may be believed of the table, by what the error says may have happened. */
  async #attempt(table: string, after: Belief, work: () => Promise<void>): Promise<void> {
    const before = this.beliefs.get(table) ?? "gone";
    this.beliefs.set(table, "maybe");
    try {
      await work();
      this.beliefs.set(table, after);
    } catch (error) {
      if (error instanceof MinisqlError && error.applied === "no") this.beliefs.set(table, before);
      throw error;
    }
  }

  #tables(belief: Belief): string[] {
    return [...this.beliefs].flatMap(([table, held]) => (held === belief ? [table] : []));
  }

  /** A master on a host of its own that goes by the name of another; not among `masters`. */
  imposter(host: string, id: string): SimProcess {
    return this.#master(host, id);
  }

  #master(name: string, id = name): SimProcess {
    const process: SimProcess = new SimProcess(this.world, name, async (around) => {
      const sound = simCatalog(this.world, around.clock, this.catalogFaults);
      const catalog = this.#defects.catalog?.(sound) ?? sound;
      const coordinator = this.#defects.coordinator?.(around.coordinator) ?? around.coordinator;
      const master = await Master.start({ ...around, coordinator, catalog }, {
        ...{ id, cluster: "sim", advertise: name, version: "sim" },
        listen: { host: name, port: MASTER_PORT },
        heartbeatMs: HEARTBEAT_MS,
        silenceMs: this.#silenceMs,
        rereadMs: 2000,
      });
      this.#roles.set(process, master);
      await master.run(around.signal);
    });
    return process;
  }
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
