/** A minisql cluster of three region servers, one master and ZooKeeper, each a process of its own. */
import { SystemClock } from "../../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../../src/adapters/system_random.ts";
import { TcpNetwork } from "../../../src/adapters/tcp_network.ts";
import type { Client } from "../../../src/client/api.ts";
import { connect } from "../../../src/client/connect.ts";
import type { ReadLevel } from "../../../src/protocol/calls/region.ts";
import { build } from "../../build.ts";
import { BUILD_FOLDER } from "../../build/root.ts";
import { MinisqlCluster } from "../../services/minisql.ts";
import { waitUntil } from "../../services/wait.ts";
import { RELAXED } from "./settings.ts";
import type { LoadConnection, LoadProcess, LoadSystem, LoadSystemKind } from "./system.ts";

const REGIONS = 3;
const READY_LIMIT_MS = 30_000;

interface MinisqlKind extends LoadSystemKind {
  start(): Promise<MinisqlSystem>;
}

export const minisql: MinisqlKind = {
  name: "minisql",
  durability: "on the disks of all three servers",
  missing: () => Promise.resolve(null),
  async start() {
    const program = `${BUILD_FOLDER}/bench`;
    await build({ output: program, say: () => {} });
    // Its log is synced before a write is acknowledged, so the engines need not sync.
    const cluster = await MinisqlCluster.start({ program, regions: REGIONS, settings: RELAXED });
    const masters = cluster.masters.map(({ address }) => address);
    const deps = {
      clock: new SystemClock(),
      random: new SystemRandom(),
      network: new TcpNetwork(),
    };
    const client = connect(deps, { masters, name: "bench" });
    const system = new MinisqlSystem(cluster, client);
    try {
      await system.ready();
      return system;
    } catch (error) {
      await system.stop();
      throw error;
    }
  },
};

export class MinisqlSystem implements LoadSystem {
  readonly name = minisql.name;
  readonly #cluster: MinisqlCluster;
  readonly #client: Client;

  constructor(cluster: MinisqlCluster, client: Client) {
    this.#cluster = cluster;
    this.#client = client;
  }

  get processes(): readonly LoadProcess[] {
    const { masters, regions, zookeeper } = this.#cluster;
    return [
      ...regions.map(({ server }) => ({ name: "regions", pid: server.pid })),
      ...regions.map(({ mariadb }) => ({ name: "mariadbd", pid: mariadb.pid })),
      ...masters.map(({ pid }) => ({ name: "master, zookeeper", pid })),
      ...zookeeper.servers.map(({ pid }) => ({ name: "master, zookeeper", pid })),
    ];
  }

  /** Waits until all region servers have registered. */
  async ready(): Promise<void> {
    const isReady = await waitUntil(READY_LIMIT_MS, async () => {
      const { servers } = await this.#client.admin.master("status", {});
      return servers.online === REGIONS;
    });
    if (!isReady) throw new Error(`Cannot measure minisql: ${REGIONS} servers did not register`);
  }

  /** One session a client: all draw on the connections of one client library. */
  connect(level?: ReadLevel): Promise<LoadConnection> {
    const session = this.#client.session();
    if (level !== undefined) session.setRead(level);
    return Promise.resolve({
      run: async (sql) => (await session.query(sql)).rows.length,
      close: () => session.close(),
    });
  }

  /** All copies must still be in step. */
  async check(): Promise<void> {
    const { regions } = await this.#client.admin.master("regions", {});
    const behind = regions.filter(({ isr }) => isr.length < REGIONS);
    if (behind.length > 0) throw new Error("Not all copies were in sync");
  }

  async stop(): Promise<void> {
    await this.#client.close();
    await this.#cluster.stop();
  }
}
