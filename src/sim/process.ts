/** One process of the made-up world: it can be started, stopped dead, held still and let go on. */
import { HoldableClock } from "../adapters/memory_coordinator/holdable_clock.ts";
import { SeededRandom } from "../adapters/seeded_random.ts";
import type { Clock } from "../ports/clock.ts";
import type { Coordinator } from "../ports/coordinator.ts";
import type { Network } from "../ports/network.ts";
import type { Random } from "../ports/random.ts";
import type { Reporter } from "../ports/reporter.ts";
import type { World } from "./world.ts";

/** Lets work begin, and its end be noticed, while the process runs: later if it is held, or never. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** What a process sees of the world: all of it can be taken away. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly coordinator: Coordinator;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** For what runs outside of the process and answers it: disks, databases. */
  readonly gate: Gate;
}

export type Program = (surroundings: Surroundings, incarnation: number) => Promise<void>;

export class SimProcess {
  readonly name: string;
  readonly #world: World;
  readonly #program: Program;
  #clock: HoldableClock | null = null;
  #stop = new AbortController();
  #client = "";
  #starts = 0;
  #paused = false;
  /** What ended the program, if it was not asked to end. */
  failure: unknown = null;

  constructor(world: World, name: string, program: Program) {
    this.#world = world;
    this.name = name;
    this.#program = program;
  }

  get running(): boolean {
    return this.#clock !== null && !this.#paused;
  }

  get alive(): boolean {
    return this.#clock !== null;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Its name at the coordination service; a new one after each start. */
  get client(): string {
    return this.#client;
  }

  start(): void {
    if (this.#clock !== null) return;
    const world = this.#world;
    const starts = ++this.#starts;
    const clock = new HoldableClock(world.clock);
    this.#clock = clock;
    this.#client = `${this.name}#${starts}`;
    this.#stop = new AbortController();
    world.trace(`${this.name} starts`);
    const surroundings: Surroundings = {
      clock,
      random: new SeededRandom(Math.floor(world.random.next() * 2 ** 50)),
      network: world.network.host(this.name),
      coordinator: world.coordinator.client(this.#client, clock),
      reporter: world.reporter.child({ process: this.name }),
      signal: this.#stop.signal,
      gate: (work) => gated(clock, work),
    };
    this.#program(surroundings, starts).catch((error) => {
      if (this.#clock === clock) this.failure = error;
    });
  }

  /** kill -9: nothing it was about to do is done, and nobody is told but by broken links. */
  crash(): void {
    if (this.#clock === null) return;
    this.#world.trace(`${this.name} crashes`);
    this.resume();
    this.#clock.hold();
    this.#clock = null;
    this.#world.coordinator.faults.partition(this.#client, "silent");
    this.#world.network.crash(this.name);
  }

  /** SIGSTOP: time passes, and it does not notice. */
  pause(): void {
    if (!this.running) return;
    this.#world.trace(`${this.name} is held`);
    this.#paused = true;
    this.#clock?.hold();
    this.#world.coordinator.faults.pause(this.#client);
    this.#world.network.freeze(this.name);
  }

  /** SIGCONT. */
  resume(): void {
    if (!this.#paused) return;
    this.#world.trace(`${this.name} goes on`);
    this.#paused = false;
    this.#world.network.thaw(this.name);
    this.#clock?.release();
    this.#world.coordinator.faults.resume(this.#client);
  }

  /** Asks the program to end, as SIGTERM does. */
  stop(): void {
    this.#stop.abort(new Error("stopped"));
  }
}

async function gated<T>(clock: HoldableClock, work: () => Promise<T>): Promise<T> {
  while (clock.held) await clock.sleep(0);
  try {
    return await work();
  } finally {
    while (clock.held) await clock.sleep(0);
  }
}
