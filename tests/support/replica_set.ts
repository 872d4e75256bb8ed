/** A cluster in this process, in real time, on engines of the test's: no sockets, no ZooKeeper. */
import { MemoryCoordinator } from "../../src/adapters/memory_coordinator/coordinator.ts";
import { MemoryDisk } from "../../src/adapters/memory_disk.ts";
import { MemoryNetwork } from "../../src/adapters/memory_network.ts";
import { MemoryReporter } from "../../src/adapters/memory_reporter.ts";
import { openCatalogDatabase, SqliteCatalog } from "../../src/adapters/sqlite_catalog.ts";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import type { Client } from "../../src/client/api.ts";
import { connect } from "../../src/client/connect.ts";
import { Master } from "../../src/master/master.ts";
import type { Engine } from "../../src/ports/engine.ts";
import { RegionServer } from "../../src/region/region_server.ts";
import { until } from "./wait.ts";

const CLUSTER = "test";

export class ReplicaSet {
  readonly client: Client;
  readonly servers: readonly RegionServer[];
  readonly reporter: MemoryReporter;
  readonly #stop: AbortController;
  readonly #ended: readonly Promise<unknown>[];
  readonly #close: () => void;

  private constructor(of: {
    readonly client: Client;
    readonly servers: readonly RegionServer[];
    readonly reporter: MemoryReporter;
    readonly stop: AbortController;
    readonly ended: readonly Promise<unknown>[];
    readonly close: () => void;
  }) {
    this.client = of.client;
    this.servers = of.servers;
    this.reporter = of.reporter;
    this.#stop = of.stop;
    this.#ended = of.ended;
    this.#close = of.close;
  }

  /** One master, and one region server on each engine, all registered. */
  static async start(engines: readonly Engine[]): Promise<ReplicaSet> {
    const clock = new SystemClock();
    const random = new SystemRandom();
    const network = new MemoryNetwork({ clock, random }, { delayMs: [0, 0] });
    const coordinator = new MemoryCoordinator({ clock }, { sessionTimeoutMs: 10_000, delayMs: 0 });
    const reporter = new MemoryReporter();
    const database = openCatalogDatabase(":memory:");
    const stop = new AbortController();
    const shared = { clock, random, reporter };
    const master = await Master.start({
      ...shared,
      network: network.host("m1"),
      coordinator: coordinator.client("m1", clock),
      catalog: new SqliteCatalog(database),
    }, {
      ...{ id: "m1", cluster: CLUSTER, advertise: "m1", version: "test" },
      ...{ listen: { host: "m1", port: 9090 }, heartbeatMs: 500, silenceMs: 10_000 },
    });
    const servers = await Promise.all(engines.map(async (engine, at) => {
      const name = `r${at + 1}`;
      return await RegionServer.start({
        ...{ ...shared, engine, network: network.host(name) },
        coordinator: coordinator.client(name, clock),
        disk: await new MemoryDisk(clock).mount(),
      }, {
        ...{ cluster: CLUSTER, identity: random.id(), incarnation: random.id(), zone: "" },
        ...{ listen: { host: name, port: 9091 }, advertise: name, version: "test", scrubMs: null },
      });
    }));
    const ended = [master, ...servers].map((each) => each.run(stop.signal));
    const client = connect({ clock, random, network: network.host("client") }, {
      masters: [{ host: "m1", port: 9090 }],
      cluster: CLUSTER,
    });
    const close = () => database.close();
    const set = new ReplicaSet({ client, servers, reporter, stop, ended, close });
    await until("all servers are online", async () => {
      const { servers: online } = await client.admin.master("status", {});
      return online.online === engines.length;
    });
    return set;
  }

  /** Resolves when every copy of every region has applied all that is committed anywhere. */
  async level(): Promise<void> {
    await until("every copy has applied everything", () => {
      const replicas = this.servers.flatMap(({ replicas }) => replicas.all);
      return replicas.every(({ region, copy }) =>
        replicas.every((other) =>
          other.region !== region || other.copy.applied.value === copy.applied.value
        ) && copy.unfit === null && copy.applied.value === copy.last.seq
      );
    }, 20_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    this.#stop.abort(new Error("the test is over"));
    await Promise.all(this.#ended);
    this.#close();
  }
}
