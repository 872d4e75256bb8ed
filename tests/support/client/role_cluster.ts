/** Real masters and region servers on embedded databases, in virtual time, and a client of them. */
import assert from "node:assert/strict";
import { MemoryDisk } from "../../../src/adapters/memory_disk.ts";
import { SqliteEngine } from "../../../src/adapters/sqlite/engine.ts";
import type { Client, ConnectOptions } from "../../../src/client/api.ts";
import { connect } from "../../../src/client/connect.ts";
import { Master } from "../../../src/master/master.ts";
import type { Engine } from "../../../src/ports/engine.ts";
import type { ReadLimits } from "../../../src/region/read/limits.ts";
import { RegionServer } from "../../../src/region/region_server.ts";
import { SimProcess } from "../../../src/sim/process.ts";
import { simCatalog } from "../../../src/sim/sim_catalog.ts";
import { World } from "../../../src/sim/world.ts";
import { settle } from "../wait.ts";

const MASTER_PORT = 9090;
const REGION_PORT = 9091;
const LIMIT_MS = 60_000;
/** Databases in memory are known by names that are drawn: no two clusters may draw the same. */
let seed = 1;

export class RoleCluster {
  readonly world = new World({ seed: seed++, settle, sessionTimeoutMs: 4000, delayMs: [0.5, 1] });
  readonly master: SimProcess;
  readonly servers: readonly SimProcess[];
  readonly #running = new Map<string, RegionServer>();
  readonly #engines = new Map<string, Engine>();
  readonly #reading: Partial<ReadLimits>;
  readonly #clients: Client[] = [];

  private constructor(servers: number, reading: Partial<ReadLimits>) {
    this.#reading = reading;
    this.master = this.#master("m1");
    this.servers = Array.from({ length: servers }, (_, at) => this.#server(`r${at + 1}`));
  }

  static async start(servers = 3, reading: Partial<ReadLimits> = {}): Promise<RoleCluster> {
    const cluster = new RoleCluster(servers, reading);
    for (const process of [cluster.master, ...cluster.servers]) process.start();
    const isReady = () =>
      cluster.servers.every(({ name }) => (cluster.#running.get(name)?.rid ?? null) !== null);
    assert.ok(await cluster.world.until(isReady, LIMIT_MS));
    await cluster.world.advance(1000);
    return cluster;
  }

  client(options: Partial<ConnectOptions> = {}): Client {
    const { clock, random, network } = this.world;
    const client = connect({ clock, random, network: network.host("client") }, {
      masters: [{ host: "m1", port: MASTER_PORT }],
      cluster: "sim",
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** The process of the server with this number. */
  serverOf(rid: number): SimProcess {
    const found = this.servers.find(({ name }) => this.#running.get(name)?.rid === rid);
    assert.ok(found, `server ${rid}`);
    return found;
  }

  /** The database beside it, as an operator may get at it. */
  engineOf(rid: number): Engine {
    const engine = this.#engines.get(this.serverOf(rid).name);
    assert.ok(engine, `the database of server ${rid}`);
    return engine;
  }

  /** Moves time on until the promise is settled, and gives its outcome. */
  async outcome<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    promise.then(() => settled = true, () => settled = true);
    assert.ok(await this.world.until(() => settled, LIMIT_MS), "not settled in time");
    return await promise;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const process of [...this.servers, this.master]) process.stop();
    await this.world.advance(10_000);
    this.world.close();
  }

  #master(name: string): SimProcess {
    return new SimProcess(this.world, name, async (around) => {
      const catalog = simCatalog(this.world, around.clock, { away: false, loseAnswers: 0 });
      const master = await Master.start({ ...around, catalog }, {
        ...{ id: name, cluster: "sim", advertise: name, version: "sim" },
        listen: { host: name, port: MASTER_PORT },
        heartbeatMs: 500,
        silenceMs: 3000,
        rereadMs: 2000,
      });
      await master.run(around.signal);
    });
  }

  #server(name: string): SimProcess {
    const { clock } = this.world;
    const disk = new MemoryDisk(clock);
    const identity = this.world.random.id();
    return new SimProcess(this.world, name, async (around, start) => {
      const { random } = around;
      const engine = new SqliteEngine({ clock, random });
      const server = await RegionServer.start(
        { ...around, engine, disk: await disk.mount() },
        {
          ...{ cluster: "sim", identity, incarnation: `${name}-${start}`, zone: "" },
          ...{ listen: { host: name, port: REGION_PORT }, advertise: name, version: "sim" },
          reading: this.#reading,
        },
      );
      this.#engines.set(name, engine);
      this.#running.set(name, server);
      await server.run(around.signal);
      await engine.close();
    });
  }
}
