/** Real masters, as processes of the built program, on real ZooKeeper and MariaDB. */
import assert from "node:assert/strict";
import { SystemClock } from "../../src/adapters/system_clock.ts";
import { SystemRandom } from "../../src/adapters/system_random.ts";
import { TcpNetwork } from "../../src/adapters/tcp_network.ts";
import { MemoryReporter } from "../../src/adapters/memory_reporter.ts";
import { ZookeeperCoordinator } from "../../src/adapters/zookeeper/coordinator.ts";
import { TermGuard } from "../../src/cluster/term_guard.ts";
import type { Address } from "../../src/ports/network.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import type { Answer, Request } from "../../src/protocol/messages.ts";
import { Membership } from "../../src/region/membership.ts";
import { Channel } from "../../src/rpc/channel.ts";
import { RpcServer } from "../../src/rpc/server.ts";
import { type MariadbServer, startMariadb } from "../../scripts/services/mariadb.ts";
import { startZookeeper, type ZookeeperEnsemble } from "../../scripts/services/zookeeper.ts";
import type { Binary } from "./binary.ts";
import type { PlainCall } from "./master_world.ts";
import { until } from "./wait.ts";

export const SESSION_MS = 1000;
const HEARTBEAT = "500ms";
const SILENCE = "3s";
const NO_LOAD = { reads: 0, writes: 0, rows: 0, bytes: 0, lag: 0, verifiedAgeMs: null };

export interface RealMaster {
  readonly name: string;
  readonly address: Address;
  readonly child: Deno.ChildProcess;
  /** What it has written to stderr so far. */
  readonly log: () => string;
  readonly ended: () => boolean;
}

export class RealCluster {
  readonly zookeeper: ZookeeperEnsemble;
  readonly mariadb: MariadbServer;
  readonly #binary: Binary;
  readonly #masters = new Map<string, RealMaster>();
  readonly #channels = new Map<string, Channel>();
  readonly #regions: { readonly stop: AbortController; readonly ended: Promise<void> }[] = [];
  readonly #deps = {
    clock: new SystemClock(),
    random: new SystemRandom(),
    network: new TcpNetwork(),
  };

  private constructor(binary: Binary, zookeeper: ZookeeperEnsemble, mariadb: MariadbServer) {
    this.#binary = binary;
    this.zookeeper = zookeeper;
    this.mariadb = mariadb;
  }

  static async start(binary: Binary): Promise<RealCluster> {
    const [zookeeper, mariadb] = await Promise.all([startZookeeper(), startMariadb()]);
    return new RealCluster(binary, zookeeper, mariadb);
  }

  get masters(): readonly RealMaster[] {
    return [...this.#masters.values()];
  }

  /** Starts a master, or the same one again, and waits until it listens. */
  async startMaster(name: string): Promise<RealMaster> {
    const { user, password, host, port } = this.mariadb;
    const before = this.#masters.get(name)?.address.port ?? 0;
    const child = this.#binary.spawn([
      "master",
      ...["--id", name, "--listen", `127.0.0.1:${before}`, "--log-format", "json"],
      ...["--zookeeper", this.zookeeper.connect, "--session-timeout", `${SESSION_MS}ms`],
      ...["--heartbeat", HEARTBEAT, "--silence", SILENCE],
      ...["--catalog", `mysql://${user}@${host}:${port}/minisql`],
    ], { env: { MINISQL_CATALOG_PASSWORD: password } });
    const out = gather(child.stdout);
    const log = gather(child.stderr);
    await until(`${name} listens`, () => /listens on \S+:\d+/.test(out()), 20_000);
    const address = { host: "127.0.0.1", port: Number(/:(\d+)\s*$/m.exec(out())?.[1]) };
    let isOver = false;
    void child.status.then(() => isOver = true);
    const master = { name, address, child, log, ended: () => isOver };
    this.#masters.set(name, master);
    return master;
  }

  /** SIGKILL, as seen by everybody else: no goodbye. */
  async kill(name: string): Promise<void> {
    const master = this.#masters.get(name);
    assert.ok(master);
    if (!master.ended()) master.child.kill("SIGKILL");
    await master.child.status;
    this.#masters.delete(name);
    this.#channels.get(name)?.close();
    this.#channels.delete(name);
  }

  async call<N extends PlainCall>(
    name: string,
    op: N,
    request: Request<N>,
    timeoutMs = 3000,
  ): Promise<Answer<N>> {
    const master = this.#masters.get(name);
    assert.ok(master);
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      const greeting = { cluster: "minisql", role: "client", name: "test" } as const;
      channel = new Channel(this.#deps, { address: master.address, greeting });
      this.#channels.set(name, channel);
    }
    const { caller } = await channel.connect(timeoutMs);
    return await caller.call(op, request, { timeoutMs });
  }

  /** Names of the masters that answer as the active one, all asked at once. */
  async active(): Promise<readonly string[]> {
    const asked = this.masters.map(async ({ name }) => {
      try {
        await this.call(name, "status", {}, 1000);
        return [name];
      } catch (error) {
        assert.ok(error instanceof MinisqlError, String(error));
        return [];
      }
    });
    return (await Promise.all(asked)).flat();
  }

  /** Waits until one master leads and tells which, and how long it took. */
  async elected(limitMs = 10_000): Promise<{ readonly name: string; readonly ms: number }> {
    const started = performance.now();
    let names: readonly string[] = [];
    await until("a master is elected", async () => {
      names = await this.active();
      assert.ok(names.length <= 1, `${names.join(" and ")} lead at once`);
      return names.length === 1;
    }, limitMs);
    return { name: names[0] ?? "", ms: performance.now() - started };
  }

  /** Waits until the master that leads sees so many region servers. */
  async online(count: number): Promise<void> {
    await until(`${count} region servers are online`, async () => {
      const [leader] = await this.active();
      if (leader === undefined) return false;
      return (await this.call(leader, "status", {})).servers.online === count;
    }, 30_000);
  }

  /** A region server in this process: real membership, copies that are only names. */
  async joinRegion(identity: string, terms = new TermGuard()): Promise<Membership> {
    const { clock, network } = this.#deps;
    const incarnation = identity.slice(0, 8);
    const server = await RpcServer.start({ clock, network }, { host: "127.0.0.1", port: 0 }, {
      hello: () => Promise.resolve({ protocol: 1, role: "region", version: "test", ready: true }),
      onDefect: (error) => assert.fail(error as Error),
      handlers: {
        makeTable: async ({ term }) => {
          terms.obey(term);
          return await Promise.resolve({ incarnation, schemaHash: "00000000" });
        },
        removeTable: async ({ term }) => {
          terms.obey(term);
          return await Promise.resolve({});
        },
      },
    });
    const coordinator = new ZookeeperCoordinator({
      connect: this.zookeeper.connect,
      sessionTimeoutMs: SESSION_MS * 4,
      clock,
    });
    const deps = { ...this.#deps, coordinator, reporter: new MemoryReporter(), terms };
    const membership = new Membership(deps, {
      ...{ cluster: "minisql", identity, incarnation, address: server.address, zone: "" },
      engine: { vendor: "sqlite", version: "3", settings: {} },
      load: () => NO_LOAD,
      engineLost: () => null,
    });
    const stop = new AbortController();
    const ended = membership.run(stop.signal).finally(() => server.close(0));
    this.#regions.push({ stop, ended });
    return membership;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stop } of this.#regions) stop.abort(new Error("the test is over"));
    await Promise.all(this.#regions.map(({ ended }) => ended));
    for (const { name } of this.masters) await this.kill(name);
    for (const channel of this.#channels.values()) channel.close();
    await this.zookeeper.stop();
    await this.mariadb.stop();
  }
}

function gather(stream: ReadableStream<Uint8Array<ArrayBuffer>>): () => string {
  let text = "";
  void (async () => {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) text += chunk;
  })();
  return () => text;
}
