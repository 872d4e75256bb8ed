/** One seed: a cluster of masters, faults drawn beforehand, a stormy phase, a calm one, a verdict. */
import type { SeededRandom } from "../adapters/seeded_random.ts";
import {
  checkOneMaster,
  checkOutcome,
  checkProcesses,
  checkRecords,
  checkReports,
  unsettled,
} from "./master_checks.ts";
import { SimClient, type Wish } from "./master_client.ts";
import { type Defects, MasterCluster } from "./master_cluster.ts";
import type { SimProcess } from "./process.ts";
import { ReplicaBook } from "./replica_book.ts";
import { refuse, Violation } from "./violation.ts";
import { World } from "./world.ts";

export interface RunOptions {
  readonly seed: number;
  readonly settle: () => Promise<void>;
  readonly echo?: (line: string) => void;
  readonly defects?: Defects;
}

export interface RunReport {
  readonly seed: number;
  readonly digest: string;
  readonly steps: number;
  readonly virtualMs: number;
  readonly faults: number;
  readonly settings: string;
  readonly violation: Violation | null;
}

/** Which faults there are in this run, and how often in a thousand moments each happens. */
interface Storm {
  readonly crash: number;
  readonly pause: number;
  readonly part: number;
  readonly coordinatorCut: number;
  readonly coordinatorSilent: number;
  readonly expire: number;
  readonly loseReply: number;
  readonly catalogAway: number;
  readonly loseAnswers: number;
  readonly stepDown: number;
  readonly engineLost: number;
  readonly reset: number;
  readonly serviceAway: number;
}

const SESSION_MS = 4000;
const STORM_MS = 40_000;
const CALM_MS = 60_000;
const MOMENT_MS = 100;
const FAULT_MS_MAX = 10_000;
/** Servers that are away are given up while the storm lasts. */
const UPKEEP = { repairAfterMs: 5000, balanceThreshold: 10 };
const BALANCE_MS = 4000;
const COPY_MS = 1000;
const LONG_COPY_MS = 12_000;

const UNDRAINS_MAX = 15;
/** What clients ask for, as often as it stands here. */
const MIXTURE: readonly Wish[] = [
  ...["create", "create", "create", "drop", "locate", "alter", "rename", "move"] as const,
  ...["move", "drain", "undrain", "undrain", "cancel", "verify"] as const,
];

export async function runMasterSeed(options: RunOptions): Promise<RunReport> {
  const { seed, settle } = options;
  const world = new World({ seed, settle, sessionTimeoutMs: SESSION_MS, delayMs: [0.5, 3] });
  if (options.echo !== undefined) world.listen(options.echo);
  const storm = drawStorm(world.random);
  const masters = 2 + Math.floor(world.random.next() * 2);
  const regions = 1 + Math.floor(world.random.next() * 5);
  const settings = JSON.stringify({ masters, regions, ...storm });
  world.trace(settings);
  const { defects = {} } = options;
  const upkeep = { ...UPKEEP, balanceMs: world.random.next() < 0.5 ? null : BALANCE_MS };
  const copyMs = world.random.next() < 0.5 ? COPY_MS : LONG_COPY_MS;
  const cluster = new MasterCluster(world, { masters, regions, defects, upkeep, copyMs });
  const run = new StormyRun(world, cluster, storm);
  const violation = await run.verdict();
  world.close();
  return {
    ...{ seed, settings, violation },
    digest: world.digest,
    steps: world.steps,
    virtualMs: world.clock.now(),
    faults: run.faults,
  };
}

/** Each kind of fault is absent from half of the runs, so that the others are seen without it. */
function drawStorm(random: SeededRandom): Storm {
  const rate = (most: number) => (random.next() < 0.5 ? 0 : Math.ceil(random.next() * most));
  return {
    crash: rate(30),
    pause: rate(30),
    part: rate(40),
    coordinatorCut: rate(30),
    coordinatorSilent: rate(30),
    expire: rate(20),
    loseReply: rate(60),
    catalogAway: rate(15),
    loseAnswers: rate(200),
    stepDown: rate(10),
    engineLost: rate(10),
    reset: rate(30),
    serviceAway: rate(5),
  };
}

class StormyRun {
  faults = 0;
  readonly #world: World;
  readonly #cluster: MasterCluster;
  readonly #client: SimClient;
  readonly #storm: Storm;

  constructor(world: World, cluster: MasterCluster, storm: Storm) {
    this.#world = world;
    this.#cluster = cluster;
    this.#client = new SimClient(cluster);
    this.#storm = storm;
  }

  async verdict(): Promise<Violation | null> {
    const world = this.#world;
    const cluster = this.#cluster;
    // The service itself ends no session early. Where an operator makes it do so, the old master
    // may believe in itself for a while longer, and it is its term that keeps it from harm.
    if (this.#storm.expire === 0) world.always(() => checkOneMaster(cluster));
    world.always(() => checkProcesses(cluster));
    const book = new ReplicaBook(world);
    world.always(() => refuse("safety", book.look()));
    try {
      for (const process of cluster.processes) process.start();
      await this.#weather();
      this.#calm();
      await this.#undrain();
      await this.#settled();
      // What was still on its way arrives; a master may doubt itself for a moment once more.
      await world.advance(1000);
      await this.#settled();
      checkOutcome(cluster, this.#client);
      checkReports(cluster);
      await checkRecords(cluster);
      await this.#proveService();
      return null;
    } catch (error) {
      if (error instanceof Violation) return error;
      throw error;
    }
  }

  async #settled(): Promise<void> {
    await this.#world.until(() => unsettled(this.#cluster) === null, CALM_MS);
    const why = unsettled(this.#cluster);
    if (why !== null) throw new Violation("liveness", `${why}, ${CALM_MS} ms after the storm`);
  }

  /** The stormy phase: at each moment a fault may begin, and each ends by itself. */
  async #weather(): Promise<void> {
    const world = this.#world;
    this.#cluster.catalogFaults.loseAnswers = this.#storm.loseAnswers / 1000;
    for (let at = 0; at < STORM_MS; at += MOMENT_MS) {
      this.#draw();
      if (world.random.next() < 0.3) this.#ask();
      await world.advance(MOMENT_MS);
    }
  }

  #ask(): void {
    const { random } = this.#world;
    const leader = this.#cluster.acting()[0];
    const isLed = leader !== undefined && random.next() < 0.7;
    const master = isLed ? leader : pick(random, this.#cluster.masters);
    void this.#client.request(pick(random, MIXTURE), master.name);
    for (const state of this.#cluster.regionStates) state.visits = this.#drawVisits();
  }

  /** Some servers are far busier than others. */
  #drawVisits(): Readonly<Record<string, number>> {
    const { random } = this.#world;
    const busy = random.next() < 0.3 ? 100 : 1;
    const regions = [...this.#cluster.shared.logs.keys()];
    return Object.fromEntries(
      regions.map((region) => [region, Math.floor(random.next() * busy)] as const),
    );
  }

  /** All servers are to hold regions again, so that it can be said how many copies there must be. */
  async #undrain(): Promise<void> {
    const leaving = () =>
      this.#cluster.leading?.reign?.view.servers.find(({ status }) =>
        status === "draining" || status === "drained"
      );
    const asked = async () => {
      const server = leaving();
      if (server === undefined) return;
      await this.#client.undrain(server.rid, this.#cluster.acting()[0]?.name ?? "");
    };
    for (let attempt = 0; attempt < UNDRAINS_MAX; attempt++) {
      let isOver = false;
      void asked().finally(() => isOver = true);
      await this.#world.until(() => isOver, CALM_MS);
      await this.#world.advance(1000);
    }
  }

  #draw(): void {
    const { random, coordinator, network } = this.#world;
    const storm = this.#storm;
    const faults = coordinator.faults;
    const chance = (rate: number) => random.next() * 1000 < rate;
    const someone = () => pick(random, this.#cluster.processes);
    if (chance(storm.crash)) this.#for(someone(), (p) => p.crash(), (p) => p.start());
    if (chance(storm.pause)) this.#for(someone(), (p) => p.pause(), (p) => p.resume());
    if (chance(storm.coordinatorCut)) this.#cutOff(someone(), "cut");
    if (chance(storm.coordinatorSilent)) this.#cutOff(someone(), "silent");
    if (chance(storm.expire)) this.#for(someone(), (p) => faults.expire(p.client), () => {});
    if (chance(storm.loseReply)) {
      const client = someone().client;
      this.#begin(`a reply to ${client} will be lost`);
      faults.loseReply({ client }, { applied: random.next() < 0.5 });
    }
    if (chance(storm.part)) {
      const [one, other] = [someone().name, someone().name];
      this.#begin(`${one} and ${other} are parted`);
      const oneWay = random.next() < 0.3;
      if (oneWay) network.block(one, other);
      else network.part(one, other);
      this.#later(() => network.mend(one, other));
    }
    this.#drawBeneath(chance);
    if (chance(storm.stepDown)) {
      const reign = this.#cluster.leading?.reign;
      if (reign) void this.#cluster.leading?.stepDown(reign);
    }
  }

  /** Faults of what the processes stand on. */
  #drawBeneath(chance: (rate: number) => boolean): void {
    const { random, coordinator, network } = this.#world;
    const storm = this.#storm;
    const { processes, regionStates, catalogFaults } = this.#cluster;
    if (chance(storm.reset)) {
      const [one, other] = [pick(random, processes).name, pick(random, processes).name];
      this.#begin(`links between ${one} and ${other} break`);
      network.cut(one, other);
    }
    if (chance(storm.catalogAway)) {
      this.#begin("the catalog is away");
      catalogFaults.away = true;
      this.#later(() => catalogFaults.away = false);
    }
    if (chance(storm.serviceAway)) {
      this.#begin("the coordination service is away");
      coordinator.faults.serviceAway();
      this.#later(() => coordinator.faults.serviceBack());
    }
    if (chance(storm.engineLost)) {
      const state = pick(random, regionStates);
      this.#begin(`the database of ${state.host} is lost`);
      state.engineLost = "lost";
      this.#later(() => state.engineLost = null);
    }
  }

  #cutOff(process: SimProcess, how: "cut" | "silent"): void {
    const { faults } = this.#world.coordinator;
    const client = process.client;
    if (!process.alive) return;
    this.#begin(`${client} is cut off from the coordination service: ${how}`);
    faults.partition(client, how);
    this.#later(() => {
      if (process.alive && process.client === client) faults.heal(client);
    });
  }

  #for(process: SimProcess, begin: (p: SimProcess) => void, end: (p: SimProcess) => void): void {
    if (!process.running) return;
    this.#begin(`${process.name} is struck`);
    begin(process);
    this.#later(() => end(process));
  }

  #begin(what: string): void {
    this.faults++;
    this.#world.trace(what);
  }

  #later(end: () => void): void {
    const { random, clock } = this.#world;
    clock.after(random.next() ** 2 * FAULT_MS_MAX, end);
  }

  /** Everything is mended and everybody is back. */
  #calm(): void {
    const { network, coordinator } = this.#world;
    this.#world.trace("calm");
    network.mendAll();
    this.#cluster.catalogFaults.away = false;
    this.#cluster.catalogFaults.loseAnswers = 0;
    this.#cluster.shared.copyMs = COPY_MS;
    coordinator.faults.serviceBack();
    for (const state of this.#cluster.regionStates) state.engineLost = null;
    for (const process of this.#cluster.processes) {
      process.resume();
      process.start();
      coordinator.faults.heal(process.client);
    }
  }

  /** A cluster that says it is well creates and drops a table. */
  async #proveService(): Promise<void> {
    const cluster = this.#cluster;
    const leader = cluster.acting()[0]?.name ?? "";
    const { done } = this.#client;
    for (const kind of ["create", "locate", "alter", "verify", "drop"] as const) {
      const before = done[kind];
      // Some of what is asked for cannot be done, and is refused.
      for (let attempt = 0; attempt < 20 && done[kind] === before; attempt++) {
        let isOver = false;
        void this.#client.request(kind, leader).finally(() => isOver = true);
        await this.#world.until(() => isOver, 10_000);
      }
      if (done[kind] === before) {
        throw new Violation("liveness", `${kind} at ${leader} is not served in the calm`);
      }
    }
  }
}

function pick<T>(random: SeededRandom, items: readonly T[]): T {
  return items[Math.floor(random.next() * items.length)] as T;
}
