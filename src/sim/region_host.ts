/** A region server's machine: its disk and its database last, its process comes and goes. */
import { MemoryDatabase } from "../adapters/memory_engine/database.ts";
import { MemoryEngine } from "../adapters/memory_engine/engine.ts";
import { MemoryDisk } from "../adapters/memory_disk.ts";
import { SeededRandom } from "../adapters/seeded_random.ts";
import type { RegionLimits } from "../region/limits.ts";
import { RegionServer, type RegionServerDeps } from "../region/region_server.ts";
import { type Answered, tappedNetwork } from "./answer_tap.ts";
import type { BookedEntry } from "./checks/log_book.ts";
import { gatedDisk } from "./gated_disk.ts";
import { gatedEngine } from "./gated_engine.ts";
import { LogWitness } from "./log_witness.ts";
import { SimProcess, type Surroundings } from "./process.ts";
import type { World } from "./world.ts";

export interface RegionHostOptions {
  readonly cluster: string;
  readonly limits: Partial<RegionLimits>;
  /** What an operation of the database takes. */
  readonly databaseMs: () => number;
  readonly syncMs: number;
  /** Every table is counted again so often. */
  readonly scrubMs: number | null;
  /** Plants bugs in what the server sees of the world. */
  readonly spoil?: (deps: RegionServerDeps, host: RegionHost) => RegionServerDeps;
}

/** Told of what happens on the machine. */
export interface RegionHostEvents {
  entry(host: RegionHost, region: string, entry: BookedEntry, previous: number | null): void;
  committed(host: RegionHost): void;
  /** The database has lost its last commits, and is what it was before. */
  wentBack(host: RegionHost): void;
  answered(host: RegionHost, answered: Answered): void;
}

const PORT = 9091;
/** How long a database may take to notice that its client is gone. */
const NOTICED_MS_MAX = 400;

export class RegionHost {
  readonly name: string;
  readonly identity: string;
  readonly process: SimProcess;
  readonly disk: MemoryDisk;
  readonly database: MemoryDatabase;
  readonly witness: LogWitness;
  /** Tables with rows that were changed behind its back, and have not been put right since. */
  readonly tampered = new Set<string>();
  /** When they were put right, if ever they had to be. */
  readonly repairedAt = new Map<string, number>();
  /** Bits of its log were changed behind its back. */
  isLogHurt = false;
  incarnation = "";
  #server: RegionServer | null = null;
  readonly #world: World;
  readonly #options: RegionHostOptions;
  readonly #events: RegionHostEvents;

  constructor(name: string, world: World, options: RegionHostOptions, events: RegionHostEvents) {
    this.name = name;
    this.#world = world;
    this.#options = options;
    this.#events = events;
    this.identity = world.random.id();
    this.disk = new MemoryDisk(world.clock);
    this.disk.syncMs = options.syncMs;
    const random = new SeededRandom(Math.floor(world.random.next() * 2 ** 50));
    this.database = new MemoryDatabase({
      clock: world.clock,
      random,
      delayMs: options.databaseMs,
    });
    this.database.onCommit = () => events.committed(this);
    this.witness = new LogWitness((region, entry, previous) =>
      events.entry(this, region, entry, previous)
    );
    this.process = new SimProcess(world, name, (around, start) => this.#run(around, start));
  }

  /** The number it goes by in the cluster; null before it has one. */
  get rid(): number | null {
    return this.#server?.rid ?? null;
  }

  /** Its rows are what they should be again. */
  repair(table: string): void {
    this.tampered.delete(table);
    this.repairedAt.set(table, this.#world.clock.now());
  }

  get server(): RegionServer | null {
    return this.process.alive ? this.#server : null;
  }

  async #run(around: Surroundings, start: number): Promise<void> {
    const { cluster, limits, scrubMs, spoil } = this.#options;
    const { clock, random, network, coordinator, reporter, signal, gate } = around;
    this.incarnation = `${this.name}-${start}`;
    this.witness.reread(this.disk, this.isLogHurt);
    const deps: RegionServerDeps = {
      ...{ clock, random, coordinator, reporter },
      network: tappedNetwork(network, (answered) => this.#events.answered(this, answered)),
      disk: gatedDisk(await this.disk.mount(), gate, this.witness),
      engine: gatedEngine(new MemoryEngine(this.database), gate),
    };
    const server = await RegionServer.start(spoil?.(deps, this) ?? deps, {
      ...{ cluster, identity: this.identity, incarnation: this.incarnation, zone: "", limits },
      ...{ listen: { host: this.name, port: PORT }, advertise: this.name, version: "sim" },
      scrubMs,
    });
    this.#server = server;
    await server.run(signal);
  }

  /** kill -9 of the process. The database finds out a while later, and what is on disk stays. */
  crash(): void {
    if (!this.process.alive) return;
    this.process.crash();
    this.disk.kill();
    this.database.disconnect(this.#world.random.next() * NOTICED_MS_MAX);
  }

  /**
   * The machine stops at once: disk and database lose what they had not written out, the latter some
   * of it or `all`.
   */
  cutPower(all = false): void {
    this.process.crash();
    this.disk.crash(this.#world.random);
    this.loseCommits(all);
  }

  /** The database stops, and loses what it had not written out. */
  loseCommits(all = false): void {
    const lost = this.database.cutPower(all);
    if (lost === 0) return;
    this.#world.trace(`${this.name} loses its last ${lost} commits`);
    this.#events.wentBack(this);
  }

  start(): void {
    this.database.start();
    this.process.start();
  }
}
