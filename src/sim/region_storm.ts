/** The stormy phase: at each moment faults may begin, each kind as often as this seed says. */
import type { StoredRow } from "../adapters/memory_engine/table.ts";
import type { RegionCluster } from "./region_cluster.ts";
import type { RegionHost } from "./region_host.ts";
import { TABLES } from "./region_workload.ts";
import { StormNetwork } from "./storm_network.ts";
import type { StormRates } from "./storm_rates.ts";

const MOMENT_MS = 50;
const FAULT_MS_MAX = 4000;
/** A database that stopped does not answer again within less. */
const STARTED_MS_LEAST = 100;
const COORDINATION_SILENCE = ["cut", "silent"] as const;
/** What may go on while rows of the victim are wrong: nothing that takes other copies away. */
const BEARABLE: ReadonlySet<string> = new Set([
  ...["crash", "power", "pause", "engineKill", "engineLoss", "lostCommit", "reset"],
  ...["loseReply", "lag", "catalogAway", "clockJump", "tamper", "handOver", "alter"],
]);

export class RegionStorm {
  faults = 0;
  readonly #cluster: RegionCluster;
  readonly #rates: StormRates;
  readonly #victim: RegionHost;
  readonly #network: StormNetwork;
  /** Faults that have begun and not ended. */
  #lasting = 0;
  /** No more faults begin until all have ended, and rows can be changed with nothing else wrong. */
  #isWaiting = false;
  /** When the storm is over nothing of it comes later. */
  #isOver = false;

  constructor(cluster: RegionCluster, rates: StormRates) {
    this.#cluster = cluster;
    this.#rates = rates;
    this.#victim = this.#pick(cluster.hosts);
    this.#network = new StormNetwork({
      cluster,
      begin: (what) => this.#begin(what),
      later: (end, leastMs) => this.#later(end, leastMs),
    });
  }

  async blow(ms: number): Promise<void> {
    const { world } = this.#cluster;
    for (let at = 0; at < ms; at += MOMENT_MS) {
      this.#draw();
      await world.advance(MOMENT_MS);
    }
  }

  /** Everything is mended and everybody is back. */
  calm(): void {
    const { world, hosts, processes, catalogFaults } = this.#cluster;
    this.#isOver = true;
    world.trace("calm");
    world.network.mendAll();
    catalogFaults.away = false;
    world.coordinator.faults.serviceBack();
    for (const { disk, database } of hosts) {
      disk.capacityBytes = Infinity;
      disk.fail("sync", 0);
      disk.syncMs = 0;
      database.full = false;
      database.lostCommits.length = 0;
      database.start();
    }
    for (const process of processes) {
      process.resume();
      this.#cluster.start(process);
      world.coordinator.faults.heal(process.client);
      world.coordinator.faults.catchUp(process.client);
    }
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#cluster.world.random.next() * items.length)] as T;
  }

  #begin(what: string): void {
    this.faults++;
    this.#cluster.world.trace(what);
  }

  #later(end: () => void, leastMs = 0): void {
    const { random, clock } = this.#cluster.world;
    this.#lasting++;
    clock.after(Math.max(leastMs, random.next() ** 2 * FAULT_MS_MAX), () => {
      this.#lasting--;
      if (!this.#isOver) end();
    });
  }

  /** Rows of the victim are wrong: the other copies must be left to find that out. */
  get #isHurt(): boolean {
    return this.#cluster.watch.isTampered;
  }

  #draw(): void {
    const { random } = this.#cluster.world;
    for (const [name, rate] of Object.entries(this.#rates)) {
      if (random.next() * 1000 >= rate) continue;
      if (name === "tamper") this.#isWaiting = true;
      else if (this.#isHurt ? BEARABLE.has(name) : !this.#isWaiting) {
        this.#strike(name as Exclude<keyof StormRates, "tamper">);
      }
    }
    if (!this.#isWaiting || this.#lasting > 0) return;
    this.#isWaiting = false;
    this.#tamper();
  }

  /** Those that may be struck now. */
  get #machines(): readonly RegionHost[] {
    return this.#isHurt ? [this.#victim] : this.#cluster.hosts;
  }

  #strike(fault: Exclude<keyof StormRates, "tamper">): void {
    switch (fault) {
      case "crash":
      case "power":
      case "blackout":
      case "pause":
        return this.#strikeProcesses(fault);
      case "part":
      case "block":
      case "isolate":
      case "slow":
      case "reset":
      case "split":
        return this.#network.strike(fault);
      case "coordinatorCut":
      case "coordinatorSilent":
      case "expire":
      case "loseReply":
      case "lag":
      case "serviceAway":
      case "catalogAway":
        return this.#strikeServices(fault);
      case "falter":
        return this.#falter();
      case "handOver":
      case "move":
      case "alter":
        return this.#order(fault);
      default:
        return this.#strikeMachine(fault);
    }
  }

  #strikeProcesses(fault: "crash" | "power" | "blackout" | "pause"): void {
    const cluster = this.#cluster;
    if (fault === "blackout") {
      this.#begin("all servers lose their power");
      for (const host of cluster.hosts) {
        host.cutPower();
        this.#later(() => host.start());
      }
      return;
    }
    const process = fault === "power" || this.#isHurt
      ? this.#pick(this.#machines).process
      : this.#pick(cluster.processes);
    if (!process.running) return;
    this.#begin(`${process.name} is struck: ${fault}`);
    if (fault === "pause") {
      process.pause();
      return this.#later(() => process.resume());
    }
    if (fault === "power") cluster.hostOf(process)?.cutPower();
    else cluster.crash(process);
    this.#later(() => cluster.start(process));
  }

  #strikeServices(
    fault:
      | "coordinatorCut"
      | "coordinatorSilent"
      | "expire"
      | "loseReply"
      | "lag"
      | "serviceAway"
      | "catalogAway",
  ): void {
    const { world, catalogFaults, processes } = this.#cluster;
    const { faults } = world.coordinator;
    const process = this.#pick(processes);
    if (!process.alive) return;
    const { client } = process;
    this.#begin(`${client} and its services: ${fault}`);
    const still = (end: () => void) =>
      this.#later(() => {
        if (process.alive && process.client === client) end();
      });
    switch (fault) {
      case "coordinatorCut":
      case "coordinatorSilent":
        faults.partition(client, COORDINATION_SILENCE[fault === "coordinatorCut" ? 0 : 1]);
        return still(() => faults.heal(client));
      case "expire":
        return faults.expire(client);
      case "loseReply":
        return this.#loseReply(client);
      case "lag":
        faults.lag(client);
        return still(() => faults.catchUp(client));
      case "serviceAway":
        faults.serviceAway();
        return this.#later(() => faults.serviceBack());
      case "catalogAway":
        catalogFaults.away = true;
        return this.#later(() => catalogFaults.away = false);
    }
  }

  /** Of whatever comes next, or of the next compare-and-set: those come seldom, and matter most. */
  #loseReply(client: string): void {
    const { random, coordinator } = this.#cluster.world;
    const match = random.next() < 0.5 ? { client } : { client, op: "set" as const };
    coordinator.faults.loseReply(match, { applied: random.next() < 0.5 });
  }

  /** Its network falters just when a server has made its next change of a node. */
  #falter(): void {
    const { process: { name, client, alive } } = this.#pick(this.#cluster.hosts);
    if (!alive) return;
    this.#begin(`${client} is to falter at its next change`);
    const { faults } = this.#cluster.world.coordinator;
    faults.loseReply({ client, op: "set" }, { applied: true }, () => {
      if (!this.#isOver && !this.#isHurt) this.#network.falter(client, name);
    });
  }

  #strikeMachine(
    fault:
      | "clockJump"
      | "diskFull"
      | "syncFails"
      | "slowDisk"
      | "engineKill"
      | "engineLoss"
      | "engineFull"
      | "lostCommit"
      | "rot",
  ): void {
    const { world } = this.#cluster;
    const { random } = world;
    const host = this.#pick(this.#machines);
    const { disk, database } = host;
    if (fault !== "rot") this.#begin(`${host.name}: ${fault}`);
    switch (fault) {
      case "clockJump":
        return world.clock.jumpWall(Math.round((random.next() - 0.5) * 7_200_000));
      case "diskFull":
        disk.capacityBytes = disk.usedBytes + random.next() * 2000;
        return this.#later(() => disk.capacityBytes = Infinity);
      case "syncFails":
        return disk.fail("sync");
      case "slowDisk":
        disk.syncMs = random.next() ** 2 * 1000;
        return this.#later(() => disk.syncMs = 0);
      case "engineKill":
        database.kill();
        return this.#later(() => database.start());
      case "engineLoss":
        host.loseCommits(random.next() < 0.5);
        return this.#later(() => database.start(), STARTED_MS_LEAST);
      case "engineFull":
        database.full = true;
        return this.#later(() => database.full = false);
      case "lostCommit":
        database.lostCommits.push(random.next() < 0.5 ? "applied" : "not applied");
        return;
      case "rot":
        return this.#rot();
    }
  }

  #order(order: "handOver" | "move" | "alter"): void {
    const { workload, regions, hosts } = this.#cluster;
    const open = regions.filter(({ state }) => state === "open");
    if (open.length === 0) return;
    const { region, primary, replicas } = this.#pick(open);
    if (order === "alter") {
      this.#begin("a schema changes");
      return workload.alter();
    }
    const held = hosts.flatMap(({ rid }) => rid !== null && replicas.includes(rid) ? [rid] : []);
    const free = hosts.flatMap(({ rid }) => rid === null || replicas.includes(rid) ? [] : [rid]);
    const role = order === "handOver";
    const from = role ? primary : this.#pick(replicas);
    const candidates = (role ? held : free).filter((rid) => rid !== from);
    if (from === null || candidates.length === 0) return;
    const to = this.#pick(candidates);
    this.#begin(`${role ? "the lead" : "a copy"} of ${region} is to move from ${from} to ${to}`);
    workload.order("moveRegion", { region, from, to, ...(role ? { role } : {}) });
  }

  /** A row of the victim's changes behind its back. */
  #tamper(): void {
    const { random } = this.#cluster.world;
    const host = this.#victim;
    const { table } = this.#pick(TABLES);
    const isNoticed = random.next() < 0.7;
    const rows = host.database.tables.get(table)?.rows ?? [];
    // Whoever writes right now would put back the table as it found it.
    if (rows.length === 0 || host.database.lock.held || !this.#othersAreWhole()) return;
    this.#begin(`${host.name}: a row of ${table} changes${isNoticed ? "" : " in silence"}`);
    host.tampered.add(table);
    host.database.corrupt(table, () => {
      const row = this.#pick(rows);
      if (random.next() < 0.3) return { remove: row };
      return { remove: row, insert: changed(row) };
    }, isNoticed);
  }

  /** Bits of the victim's log flip while it is down. */
  #rot(): void {
    const { random } = this.#cluster.world;
    const { disk, process, name } = this.#victim;
    if (!process.running || !this.#othersAreWhole()) return;
    this.#victim.crash();
    const file = this.#pick(disk.names().filter((each) => each.endsWith(".log")));
    // The very end of a log that rots looks like one that was torn, and is none.
    const length = disk.bytes(file).length * 0.7;
    this.#begin(`${name}: bits of ${file} flip`);
    this.#victim.isLogHurt = true;
    disk.flip(file, Math.floor(random.next() * length), 1 << Math.floor(random.next() * 8));
    this.#later(() => this.#victim.start());
  }

  /** All other copies are in sync, so that what the victim loses is elsewhere. */
  #othersAreWhole(): boolean {
    const { regions, hosts } = this.#cluster;
    const others = hosts.filter((host) => host !== this.#victim);
    return regions.length > 0 &&
      regions.every(({ isr }) =>
        others.every((host) =>
          host.process.running &&
          isr.some(({ rid, incarnation }) => rid === host.rid && incarnation === host.incarnation)
        )
      );
  }
}

function changed({ cells: [id, value, ...rest] }: StoredRow): StoredRow["cells"] {
  return [id ?? 0, typeof value === "number" ? value + 1000 : `${value}?`, ...rest];
}
