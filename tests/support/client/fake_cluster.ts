/** A made-up cluster for tests of the client: one master, some region servers, no data but counts. */
import assert from "node:assert/strict";
import { MemoryNetwork } from "../../../src/adapters/memory_network.ts";
import { SeededRandom } from "../../../src/adapters/seeded_random.ts";
import { VirtualClock } from "../../../src/adapters/virtual_clock.ts";
import type { Client, ConnectOptions } from "../../../src/client/api.ts";
import { connect } from "../../../src/client/connect.ts";
import { MinisqlError } from "../../../src/protocol/errors.ts";
import type { Request } from "../../../src/protocol/messages.ts";
import type { Route, ServerRef } from "../../../src/protocol/model.ts";
import { settle } from "../wait.ts";
import { FakeMaster, MASTER, type Orders } from "./fake_master.ts";
import { FakeRegion } from "./fake_region.ts";
import { FAKE_PORT, FakeServer } from "./fake_server.ts";

export interface FakeClusterOptions {
  readonly servers?: number;
  /** Zones of the servers, in order. */
  readonly zones?: readonly string[];
}

const STEP_MS = 1;

export class FakeCluster implements Orders {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly master: FakeMaster;
  readonly regions = new Map<string, FakeRegion>();
  readonly fakes: readonly FakeServer[];
  readonly #random = new SeededRandom(11);
  readonly #clients: Client[] = [];
  #made = 0;

  private constructor({ servers = 3, zones = [] }: FakeClusterOptions) {
    const { clock } = this;
    this.network = new MemoryNetwork({ clock, random: this.#random }, { delayMs: [1, 1] });
    this.master = new FakeMaster(this, clock, this.network);
    this.fakes = Array.from({ length: servers }, (_, at) => {
      const ref = { rid: at + 1, host: `s${at + 1}`, port: FAKE_PORT, zone: zones[at] ?? "" };
      return new FakeServer(ref, clock, this.network);
    });
  }

  static async start(options: FakeClusterOptions = {}): Promise<FakeCluster> {
    const cluster = new FakeCluster(options);
    await cluster.master.start();
    for (const server of cluster.fakes) await server.start();
    return cluster;
  }

  get servers(): readonly ServerRef[] {
    return this.fakes.map(({ ref }) => ref);
  }

  get tables(): readonly string[] {
    return [...this.regions.values()].flatMap(({ tables }) => tables);
  }

  /** Server number `rid`. */
  server(rid: number): FakeServer {
    const found = this.fakes[rid - 1];
    assert.ok(found);
    return found;
  }

  /** A region of these tables, on these servers, the first of which leads. */
  region(tables: readonly string[], rids: readonly number[] = [1, 2, 3]): FakeRegion {
    const name = `r${++this.#made}-${tables[0]}`;
    const region = new FakeRegion(name, tables, rids.map((rid) => this.server(rid).ref));
    this.regions.set(name, region);
    for (const rid of rids) this.server(rid).regions.set(name, region);
    return region;
  }

  routeOf(table: string): Route | null {
    return [...this.regions.values()].find(({ tables }) => tables.includes(table))?.route ?? null;
  }

  create({ table }: Request<"createTable">): void {
    this.region([table]);
  }

  drop(table: string): void {
    for (const region of this.regions.values()) {
      const at = region.tables.indexOf(table);
      if (at < 0) continue;
      region.tables.splice(at, 1);
      if (region.tables.length > 0) continue;
      this.regions.delete(region.name);
      for (const server of this.fakes) server.regions.delete(region.name);
    }
  }

  alter(table: string, sql: string): void {
    const region = this.regions.get(this.routeOf(table)?.region ?? "");
    if (region === undefined) {
      const why = `Table '${table}' doesn't exist`;
      throw new MinisqlError("SQL", why, { errno: 1146, sqlState: "42S02" });
    }
    region.commit([sql], "master", region.seq + 1);
    const renamed = / TO (\w+)$/i.exec(sql)?.[1];
    if (renamed !== undefined) region.tables.splice(region.tables.indexOf(table), 1, renamed);
  }

  client(options: Partial<ConnectOptions> = {}): Client {
    const deps = {
      clock: this.clock,
      random: this.#random,
      network: this.network.host("client"),
    };
    const client = connect(deps, { masters: [MASTER], ...options });
    this.#clients.push(client);
    return client;
  }

  /** Makes another server the primary; the old one has died, or only does not know. */
  failOver(region: FakeRegion, rid: number, dies = true): void {
    const old = region.primary;
    if (dies) {
      this.server(old).crash();
      region.inSync = region.inSync.filter((each) => each !== old);
    }
    region.elect(rid);
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms, settle);
  }

  /** Moves time on until the condition holds. */
  async until(condition: () => boolean): Promise<void> {
    for (let waited = 0; waited < 120_000; waited += STEP_MS) {
      await settle();
      if (condition()) return;
      await this.pass(STEP_MS);
    }
    throw new Error("not so within 120 s of virtual time");
  }

  /** Moves time on until the promise is settled, and gives its outcome. */
  async outcome<T>(promise: Promise<T>, limitMs = 120_000): Promise<T> {
    let settled = false;
    promise.then(() => settled = true, () => settled = true);
    for (let waited = 0; waited < limitMs; waited += STEP_MS) {
      await settle();
      if (settled) return await promise;
      await this.pass(STEP_MS);
    }
    throw new Error(`not settled within ${limitMs} ms of virtual time`);
  }

  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.outcome(Promise.all([this.master, ...this.fakes].map((each) => each.close())));
  }
}

/** A test that is a story of a made-up cluster and its clients. */
export function clientStory(
  what: string,
  body: (cluster: FakeCluster) => Promise<void>,
  options: FakeClusterOptions = {},
): void {
  Deno.test(`client: ${what}`, async () => {
    const cluster = await FakeCluster.start(options);
    await body(cluster);
    await cluster.close();
  });
}
