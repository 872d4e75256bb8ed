/** A master or region server inside this process, which can be killed, held and cut off alone. */
import { HoldableClock } from "../../adapters/memory_coordinator/holdable_clock.ts";
import type { MemoryCoordinator } from "../../adapters/memory_coordinator/coordinator.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Coordinator } from "../../ports/coordinator.ts";
import type { Address, Network } from "../../ports/network.ts";
import type { Random } from "../../ports/random.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { Events } from "./events.ts";
import { HeldNetwork } from "./held_network.ts";
import { Mortal } from "./mortal.ts";

/** What all members share. */
export interface World {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly coordinator: MemoryCoordinator;
  readonly reporter: Reporter;
  readonly events: Events;
}

/** What a member sees of the world: all of it can be taken away. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly coordinator: Coordinator;
  readonly reporter: Reporter;
  /** What it opens through this is closed when it is killed. */
  readonly disks: Mortal;
  readonly engines: Mortal;
}

/** A role that has been started: it listens. */
export interface Role {
  readonly address: Address;
  /** Resolves once it has ended in good order. */
  run(signal: AbortSignal): Promise<void>;
}

export type Program = (around: Surroundings) => Promise<Role>;

/** `paused`: as by SIGSTOP. `cut off`: it works, and nothing reaches it or comes from it. */
export type MemberState = "down" | "running" | "paused" | "cut off";

interface Life {
  readonly clock: HoldableClock;
  readonly network: HeldNetwork;
  readonly disks: Mortal;
  readonly engines: Mortal;
  readonly stop: AbortController;
  /** Its name at the coordination service; a new one for each life. */
  readonly client: string;
  alive: boolean;
  ended: Promise<void>;
}

export class Member {
  readonly name: string;
  readonly #world: World;
  readonly #program: Program;
  #life: Life | null = null;
  #lives = 0;
  #state: MemberState = "down";
  #address: Address | null = null;

  constructor(world: World, name: string, program: Program) {
    this.#world = world;
    this.name = name;
    this.#program = program;
  }

  get state(): MemberState {
    return this.#state;
  }

  /** Where it listens, or did last. */
  get address(): Address | null {
    return this.#address;
  }

  /** Resolves when it listens. Raises what keeps it from starting. */
  async start(): Promise<void> {
    if (this.#life !== null) return;
    const life = this.#begin();
    try {
      const role = await this.#program(this.#surroundings(life));
      this.#address = role.address;
      life.ended = role.run(life.stop.signal).then(
        () => this.#over(life),
        (error) => this.#over(life, error),
      );
    } catch (error) {
      this.#over(life);
      await this.#bury(life);
      throw error;
    }
  }

  /**
   * As kill -9: others see broken links at once; it sees nothing any more. Resolves when what it
   * had open is closed, so that it can be started again.
   */
  async kill(): Promise<void> {
    const life = this.#life;
    if (life === null) return;
    this.#over(life);
    life.clock.hold();
    this.#world.coordinator.faults.partition(life.client, "silent");
    await this.#bury(life);
  }

  /** As SIGSTOP: connections stay open, nothing is answered, and it does not see time pass. */
  pause(): void {
    if (this.#life === null || this.#state !== "running") return;
    this.#state = "paused";
    this.#life.clock.hold();
    this.#world.coordinator.faults.pause(this.#life.client);
    this.#life.network.hold();
  }

  /** As pulling the cable. */
  cutOff(): void {
    if (this.#life === null || this.#state !== "running") return;
    this.#state = "cut off";
    this.#world.coordinator.faults.partition(this.#life.client, "silent");
    this.#life.network.hold();
  }

  /** Lets a paused member go on, and a member that was cut off be reached. */
  heal(): void {
    if (this.#life === null) return;
    const { client, clock, network } = this.#life;
    const { faults } = this.#world.coordinator;
    const before = this.#state;
    this.#state = "running";
    if (before === "cut off") faults.heal(client);
    network.release();
    clock.release();
    if (before === "paused") faults.resume(client);
  }

  /** As SIGTERM. */
  async stop(): Promise<void> {
    const life = this.#life;
    if (life === null) return;
    if (this.#state !== "running") this.heal();
    life.stop.abort(new Error(`${this.name} was asked to end`));
    await life.ended;
    await this.#bury(life);
  }

  #begin(): Life {
    const { clock, network } = this.#world;
    const own = new HoldableClock(clock);
    const life: Life = {
      clock: own,
      network: new HeldNetwork(network, own),
      disks: new Mortal({ clock, settleMs: 2000 }),
      // A statement that waits for a lock would wait for ever: closing is what ends it.
      engines: new Mortal({ clock, settleMs: 0 }),
      stop: new AbortController(),
      client: `${this.name}#${++this.#lives}`,
      alive: true,
      ended: Promise.resolve(),
    };
    this.#life = life;
    this.#state = "running";
    return life;
  }

  #surroundings(life: Life): Surroundings {
    const { random, coordinator, reporter, events } = this.#world;
    return {
      clock: life.clock,
      random,
      network: life.network,
      coordinator: coordinator.client(life.client, life.clock),
      reporter: events.reporter(this.name, reporter, () => life.alive),
      disks: life.disks,
      engines: life.engines,
    };
  }

  /** From now on it is gone, by whatever way. An error is one that it has ended itself with. */
  #over(life: Life, error?: unknown): void {
    if (!life.alive) return;
    if (error !== undefined) {
      const why = error instanceof Error ? error.message : String(error);
      this.#world.reporter.log("error", `${this.name} has ended: ${why}`, { error });
    }
    life.alive = false;
    if (this.#life === life) this.#life = null;
    this.#state = "down";
  }

  /** Closes what it had open. */
  async #bury(life: Life): Promise<void> {
    await life.network.end();
    await life.engines.end();
    await life.disks.end();
  }
}
