/** Masters and region servers in the made-up world. */
import { Master } from "../master/master.ts";
import type { Catalog } from "../ports/catalog.ts";
import type { Coordinator } from "../ports/coordinator.ts";
import type { UpkeepOptions } from "../master/upkeep.ts";
import { SimProcess } from "./process.ts";
import { type CatalogFaults, simCatalog } from "./sim_catalog.ts";
import type { SimShared } from "./sim_copies.ts";
import { newRegionState, runSimRegion, type SimRegionState } from "./sim_region.ts";
import type { World } from "./world.ts";

export interface MasterClusterOptions {
  readonly masters: number;
  readonly regions: number;
  readonly silenceMs?: number;
  readonly upkeep?: Partial<UpkeepOptions>;
  /** How long a made-up copy takes, at most. */
  readonly copyMs?: number;
  readonly defects?: Defects;
}

/** Bugs planted on purpose, to see whether the checks find them. */
export interface Defects {
  readonly coordinator?: (sound: Coordinator) => Coordinator;
  readonly catalog?: (sound: Catalog) => Catalog;
}

export const HEARTBEAT_MS = 1000;
export const SILENCE_MS = 6000;
export const MASTER_PORT = 9090;
const COPY_MS = 1000;
/** Nothing moves by itself, unless a run wants it to. */
const UPKEEP: Partial<UpkeepOptions> = { balanceMs: null };

export class MasterCluster {
  readonly world: World;
  readonly catalogFaults: CatalogFaults = { away: false, loseAnswers: 0 };
  readonly masters: readonly SimProcess[];
  readonly regions: readonly SimProcess[];
  readonly regionStates: readonly SimRegionState[];
  /** What all region servers share, as if by magic. */
  readonly shared: SimShared;
  readonly #defects: Defects;
  readonly #silenceMs: number;
  readonly #upkeep: Partial<UpkeepOptions>;
  readonly #roles = new Map<SimProcess, Master>();

  constructor(world: World, options: MasterClusterOptions) {
    this.world = world;
    this.#defects = options.defects ?? {};
    this.#silenceMs = options.silenceMs ?? SILENCE_MS;
    this.masters = range(options.masters).map((i) => this.#master(`m${i}`));
    this.#upkeep = options.upkeep ?? UPKEEP;
    this.regionStates = range(options.regions).map((i) =>
      newRegionState(world.random.id(), `r${i}`)
    );
    this.shared = {
      states: this.regionStates,
      logs: new Map(),
      tree: () => world.coordinator.tree,
      copyMs: options.copyMs ?? COPY_MS,
    };
    this.regions = this.regionStates.map((state) =>
      new SimProcess(
        world,
        state.host,
        (around, start) => runSimRegion(state, around, start, this.shared),
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
        upkeep: this.#upkeep,
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
