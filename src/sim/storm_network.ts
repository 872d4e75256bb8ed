/** What a storm does to the network: hosts do not reach one another, links break. */
import type { RegionCluster } from "./region_cluster.ts";
import type { RegionHost } from "./region_host.ts";
import { CLIENTS } from "./region_workload.ts";

/** Long enough for the others to have another primary, and for somebody to write there. */
const SPLIT_MS_MIN = 2500;

interface Deps {
  readonly cluster: RegionCluster;
  readonly begin: (what: string) => void;
  readonly later: (end: () => void, leastMs?: number) => void;
}

export class StormNetwork {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  strike(fault: "part" | "block" | "isolate" | "split" | "slow" | "reset"): void {
    if (fault === "split") return this.#split();
    const { cluster: { world: { network, random } }, begin, later } = this.#deps;
    const one = this.#pick(this.#names);
    const other = this.#pick(this.#names.filter((name) => name !== one));
    begin(`${one} and ${other}: ${fault}`);
    switch (fault) {
      case "part":
        return this.#part(one, other);
      case "block":
        network.block(one, other);
        return later(() => network.unblock(one, other));
      case "isolate":
        return this.#divide([one]);
      case "slow":
        network.slow(one, other, random.next() ** 2 * 1000);
        return later(() => network.slow(one, other, 0));
      case "reset":
        return network.cut(one, other);
    }
  }

  /** Who has lost an answer of the service loses the next as well, and does not reach another host. */
  falter(client: string, name: string): void {
    const { cluster: { world, hosts }, begin } = this.#deps;
    const other = this.#pick(hosts.filter((host) => host.name !== name)).name;
    begin(`${name} loses more, and does not reach ${other}`);
    world.coordinator.faults.loseReply({ client }, { applied: true });
    this.#part(name, other);
  }

  /**
   * A primary and one client here, everybody else there. Where links break and the service is on the
   * other side, a primary is succeeded at once, and only those that it asks could tell it.
   */
  #split(): void {
    const { cluster: { world }, begin, later } = this.#deps;
    const { random, network, coordinator: { faults } } = world;
    const { name, process } = this.#leader;
    const side = [name, this.#pick(CLIENTS)];
    begin(`${side.join(" and ")} are split off`);
    if (random.next() < 0.5) {
      for (const one of side) for (const other of this.#besides(side)) network.cut(one, other);
    }
    this.#divide(side, SPLIT_MS_MIN);
    if (!process.alive || random.next() < 0.5) return;
    const { client } = process;
    faults.partition(client, "silent");
    later(() => {
      if (process.alive && process.client === client) faults.heal(client);
    }, SPLIT_MS_MIN);
  }

  #part(one: string, other: string): void {
    const { cluster: { world: { network } }, later } = this.#deps;
    network.part(one, other);
    later(() => network.mend(one, other));
  }

  /** Some can reach one another, and nobody else. */
  #divide(side: readonly string[], leastMs = 0): void {
    const { cluster: { world: { network } }, later } = this.#deps;
    const others = this.#besides(side);
    for (const one of side) for (const other of others) network.part(one, other);
    later(() => {
      for (const one of side) for (const other of others) network.mend(one, other);
    }, leastMs);
  }

  get #names(): readonly string[] {
    return [...this.#deps.cluster.processes.map(({ name }) => name), ...CLIENTS];
  }

  #besides(side: readonly string[]): readonly string[] {
    return this.#names.filter((name) => !side.includes(name));
  }

  /** The host of some region's primary, if there is one. */
  get #leader(): RegionHost {
    const { hosts, regions } = this.#deps.cluster;
    const leaders = hosts.filter(({ rid }) => regions.some(({ primary }) => primary === rid));
    return this.#pick(leaders.length === 0 ? hosts : leaders);
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#deps.cluster.world.random.next() * items.length)] as T;
  }
}
