/** A cluster of masters and region servers in virtual time, and calls to it, for scenario tests. */
import assert from "node:assert/strict";
import { MinisqlError } from "../../src/protocol/errors.ts";
import type {
  Answer,
  CallName,
  EventsCall,
  Request,
  RowsCall,
} from "../../src/protocol/messages.ts";
import { Paths } from "../../src/cluster/paths.ts";
import type { JobRecord, RegionState } from "../../src/protocol/model.ts";
import { Channel } from "../../src/rpc/channel.ts";
import { unsettled } from "../../src/sim/master_checks.ts";
import { MasterCluster, type MasterClusterOptions } from "../../src/sim/master_cluster.ts";
import type { SimProcess } from "../../src/sim/process.ts";
import type { SimRegionState } from "../../src/sim/sim_region.ts";
import { World } from "../../src/sim/world.ts";
import { settle } from "./wait.ts";

export type PlainCall = Exclude<CallName, RowsCall | EventsCall>;

export class MasterWorld {
  readonly world: World;
  readonly cluster: MasterCluster;

  private constructor(options: MasterClusterOptions, seed: number) {
    this.world = new World({ seed, settle, sessionTimeoutMs: 4000, delayMs: [0.5, 1] });
    this.cluster = new MasterCluster(this.world, options);
  }

  /** Starts everybody and waits until one leads and all are registered. */
  static async start(options: MasterClusterOptions, seed = 1): Promise<MasterWorld> {
    const started = new MasterWorld(options, seed);
    for (const process of started.cluster.processes) process.start();
    await started.settled();
    return started;
  }

  /** Waits until the cluster is as it should be. */
  async settled(): Promise<void> {
    const { world, cluster } = this;
    await world.until(() => unsettled(cluster) === null, 60_000);
    assert.equal(unsettled(cluster), null);
  }

  process(name: string): SimProcess {
    const found = this.cluster.processes.find((each) => each.name === name);
    assert.ok(found, name);
    return found;
  }

  /** The name of the master that leads. */
  get leader(): string {
    return this.cluster.acting()[0]?.name ?? "";
  }

  channel(at: string): Channel {
    const { clock, random, network } = this.world;
    const deps = { clock, random, network: network.host("client") };
    return new Channel(deps, {
      address: { host: at, port: 9090 },
      greeting: { cluster: "sim", role: "client", name: "test" },
    });
  }

  /** One call to a master, the one that leads unless told, moving time on until it is answered. */
  async call<N extends PlainCall>(
    op: N,
    request: Request<N>,
    at = this.leader,
  ): Promise<Answer<N>> {
    const channel = this.channel(at);
    try {
      return await this.outcome(channel.connect().then(({ caller }) => caller.call(op, request)));
    } finally {
      channel.close();
    }
  }

  /** Moves time on until the promise is settled. */
  async outcome<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
    let settled = false;
    promise.then(() => settled = true, () => settled = true);
    assert.ok(await this.world.until(() => settled, limitMs), "not settled in time");
    return await promise;
  }

  /** Makes a table of one column, through the master that leads. */
  create(
    table: string,
    more: Partial<Request<"createTable">> = {},
  ): Promise<Answer<"createTable">> {
    const ddl = `CREATE TABLE \`${table}\` (id INT PRIMARY KEY)`;
    return this.call("createTable", { table, ddl, ...more });
  }

  /** Moves time on until the job has ended, and tells how. */
  async jobEnds(id: string, limitMs = 120_000): Promise<JobRecord> {
    const found = () => this.cluster.leading?.reign?.view.job(id) ?? null;
    const isOver = () => (found()?.state ?? "running") !== "running";
    assert.ok(await this.world.until(isOver, limitMs), JSON.stringify(found()));
    const job = found();
    assert.ok(job);
    return job;
  }

  /** A region as its node says. */
  region(name: string): RegionState {
    const node = this.world.coordinator.tree.get(new Paths().region(name));
    assert.ok(node, `no region ${name}`);
    return JSON.parse(node.data);
  }

  /** The made-up server of a number. */
  server(rid: number): SimRegionState {
    const found = this.cluster.regionStates.find(({ rids }) => rids.has(rid));
    assert.ok(found, `no server ${rid}`);
    return found;
  }

  /** Moves time on until it is so. */
  async reaches(what: string, condition: () => boolean, limitMs = 60_000): Promise<void> {
    assert.ok(await this.world.until(condition, limitMs), `not reached: ${what}`);
  }

  async close(): Promise<void> {
    for (const process of this.cluster.processes) process.stop();
    await this.world.advance(5000);
    this.world.close();
  }
}

/** A test that is a story of a cluster, told from the moment everybody is registered. */
export function story(
  what: string,
  options: MasterClusterOptions,
  body: (cluster: MasterWorld) => Promise<void>,
): void {
  Deno.test(`master: ${what}`, async () => {
    const cluster = await MasterWorld.start(options);
    await body(cluster);
    await cluster.close();
  });
}

/** A check that an error is the one expected, for `assert.rejects`. */
export function is(code: string, message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof MinisqlError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}
