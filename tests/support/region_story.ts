/** A whole cluster of real roles in virtual time, and a client of it, for stories of regions. */
import assert from "node:assert/strict";
import type { StoredRow } from "../../src/adapters/memory_engine/table.ts";
import type { Client, QueryOptions, QueryResult, Session } from "../../src/client/api.ts";
import { connect } from "../../src/client/connect.ts";
import type { RegionState } from "../../src/protocol/model.ts";
import type { Row } from "../../src/protocol/values.ts";
import type { RegionLimits } from "../../src/region/limits.ts";
import { RegionCluster } from "../../src/sim/region_cluster.ts";
import type { RegionHost } from "../../src/sim/region_host.ts";
import { World } from "../../src/sim/world.ts";
import { settle } from "./wait.ts";

export interface StoryOptions {
  readonly servers?: number;
  readonly masters?: number;
  readonly seed?: number;
  readonly limits?: Partial<RegionLimits>;
  /** As `RegionClusterOptions` have it. */
  readonly scrubMs?: number | null;
  /** What each statement takes in a database; 0.2. */
  readonly databaseMs?: number;
}

const LIMIT_MS = 60_000;
/** A table has so many copies, where there are as many servers. */
const COPIES = 3;

export class RegionStory {
  readonly world: World;
  readonly cluster: RegionCluster;
  readonly client: Client;

  private constructor(options: StoryOptions) {
    const { servers = 3, masters = 1, seed = 1, limits = {}, scrubMs, databaseMs = 0.2 } = options;
    this.world = new World({ seed, settle, sessionTimeoutMs: 4000, delayMs: [0.5, 1] });
    this.cluster = new RegionCluster(this.world, {
      ...{ masters, servers, sessions: 0, thinkMs: 0, limits },
      databaseMs: () => databaseMs,
      syncMs: 1,
      ...(scrubMs === undefined ? {} : { scrubMs }),
    });
    const { clock, random, network } = this.world;
    this.client = connect({ clock, random, network: network.host("client") }, {
      masters: this.cluster.masters.map(({ name }) => ({ host: name, port: 9090 })),
      cluster: "sim",
      timeoutMs: 20_000,
    });
  }

  /** Everybody is up, and the table `t (id, v)` is there, its copies in sync. */
  static async begin(options: StoryOptions = {}): Promise<RegionStory> {
    const story = new RegionStory(options);
    const { cluster } = story;
    for (const process of cluster.processes) cluster.start(process);
    await story.until("all have numbers", () => cluster.hosts.every(({ rid }) => rid !== null));
    // The master knows them all, so that none has to be added later.
    await story.world.advance(1000);
    await story.query("CREATE TABLE t (id INT PRIMARY KEY, v INT)");
    await story.allInSync();
    return story;
  }

  /** The region of the one table there is. */
  get region(): RegionState {
    const [region] = this.cluster.regions;
    assert.ok(region);
    return region;
  }

  get holders(): readonly RegionHost[] {
    return this.region.replicas.map((rid) => this.host(rid));
  }

  get primary(): RegionHost {
    return this.host(this.region.primary ?? 0);
  }

  get slaves(): readonly RegionHost[] {
    const { primary, isr } = this.region;
    return isr.filter(({ rid }) => rid !== primary).map(({ rid }) => this.host(rid));
  }

  get slave(): RegionHost {
    const [slave] = this.slaves;
    assert.ok(slave);
    return slave;
  }

  host(rid: number): RegionHost {
    const found = this.cluster.hosts.find((host) => host.rid === rid);
    assert.ok(found, `server ${rid}`);
    return found;
  }

  /** Moves time on until the promise is settled. */
  async outcome<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    promise.then(() => settled = true, () => settled = true);
    assert.ok(await this.world.until(() => settled, LIMIT_MS), "not settled in time");
    return await promise;
  }

  async until(what: string, condition: () => boolean, limitMs = LIMIT_MS): Promise<void> {
    assert.ok(await this.world.until(condition, limitMs), `not within ${limitMs} ms: ${what}`);
  }

  query(sql: string, options?: QueryOptions): Promise<QueryResult> {
    return this.outcome(this.client.query(sql, [], options));
  }

  say(session: Session, sql: string): Promise<QueryResult> {
    return this.outcome(session.query(sql));
  }

  /** How long a statement takes, in virtual milliseconds. */
  async timed(sql: string): Promise<number> {
    const started = this.world.clock.now();
    await this.query(sql);
    return this.world.clock.now() - started;
  }

  async rows(options?: QueryOptions): Promise<readonly Row[]> {
    return (await this.query("SELECT * FROM t ORDER BY id", options)).rows;
  }

  /** So many servers' copies are in sync, as the processes they are now. */
  async inSync(count: number): Promise<void> {
    await this.until(`${count} copies are in sync`, () => {
      const { isr, primary } = this.region;
      const live = isr.filter(({ rid, incarnation }) =>
        this.cluster.hosts.some((host) =>
          host.process.running && host.rid === rid && host.incarnation === incarnation
        )
      );
      return live.length === count && isr.length === count && primary !== null;
    });
  }

  allInSync(): Promise<void> {
    return this.inSync(Math.min(COPIES, this.cluster.hosts.length));
  }

  /** Every copy holds the same rows: in the databases themselves, read by nobody's code. */
  async allAlike(): Promise<void> {
    await this.allInSync();
    const { seq } = (await this.query("SELECT COUNT(*) FROM t", { read: "latest" })).receipt ??
      { seq: 0 };
    await this.until(
      "everybody has applied everything",
      () =>
        this.holders.every(({ server }) =>
          server?.replicas.all.every(({ copy }) => copy.applied.value >= seq)
        ),
    );
    const [first, ...others] = this.holders.map((host) => this.stored(host));
    for (const other of others) assert.deepEqual(other, first);
  }

  stored(host: RegionHost, table = "t"): readonly string[] {
    const rows = host.database.tables.get(table)?.rows ?? [];
    return [...rows].map((row: StoredRow) => JSON.stringify(row.cells)).sort();
  }

  /** Changes the row of this id behind everybody's back. */
  corrupt(host: RegionHost, id: number, v: number, isNoticed = true): void {
    host.tampered.add("t");
    host.database.corrupt("t", (rows) => ({
      remove: rows.find((row) => Number(row.cells[0]) === id),
      insert: [id, v],
    }), isNoticed);
  }

  /** Bits of the log flip while its server is down. */
  rot(host: RegionHost): void {
    host.isLogHurt = true;
    const [file = ""] = host.disk.names().filter((each) => each.endsWith(".log"));
    host.disk.flip(file, Math.floor(host.disk.bytes(file).length / 2), 1);
  }

  /** Nobody can write to the database of a server until the answer is called. */
  holdDatabase({ database: { lock } }: RegionHost): () => void {
    assert.ok(lock.take(), "somebody is writing");
    return () => lock.release();
  }

  /** Events of one kind that any server has told. */
  events(name: string): readonly Record<string, unknown>[] {
    return this.world.reporter.events.map(({ event }) => event as Record<string, unknown>)
      .filter(({ event }) => event === name);
  }

  async end(): Promise<void> {
    await this.outcome(this.client.close());
    for (const process of this.cluster.processes) process.stop();
    await this.world.advance(10_000);
    this.world.close();
  }
}

export function regionStory(
  what: string,
  body: (story: RegionStory) => Promise<void>,
  options: StoryOptions = {},
): void {
  Deno.test(`region: ${what}`, async () => {
    const story = await RegionStory.begin(options);
    await body(story);
    await story.end();
  });
}
