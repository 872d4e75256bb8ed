/**
 * Copies of a region on servers of their own, each with the embedded engine, that read, vote and
 * look after themselves over the real wire. How they came to hold the same is left out: writes are
 * made on each in turn, with their positions, as a log would have it.
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { MemoryNetwork } from "../../src/adapters/memory_network.ts";
import { MemoryReporter } from "../../src/adapters/memory_reporter.ts";
import { SeededRandom } from "../../src/adapters/seeded_random.ts";
import { ADD, ROW_CHECKSUM, WRITER } from "../../src/adapters/sqlite/functions_fingerprint.ts";
import { SqliteEngine } from "../../src/adapters/sqlite/engine.ts";
import { VirtualClock } from "../../src/adapters/virtual_clock.ts";
import type { Random } from "../../src/ports/random.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import type { CallContext, RowsContext } from "../../src/protocol/handlers.ts";
import type { Answer, Request } from "../../src/protocol/messages.ts";
import { prepareBooks } from "../../src/region/books.ts";
import { READ_LIMITS, type ReadLimits } from "../../src/region/read/limits.ts";
import { Poll } from "../../src/region/read/poll.ts";
import { ReadService } from "../../src/region/read/read_service.ts";
import { Scrubber, type ScrubberOptions } from "../../src/region/read/scrubber.ts";
import { Voter } from "../../src/region/read/voter.ts";
import type { Peer } from "../../src/region/readable.ts";
import { Channel } from "../../src/rpc/channel.ts";
import { RpcServer } from "../../src/rpc/server.ts";
import { classify } from "../../src/sql/classify.ts";
import { EPOCH, fillReplica, LIMIT, TestReplica } from "./read_replica.ts";
import { settle } from "./wait.ts";

const PORT = 9091;

export interface CopiesOptions {
  readonly copies: number;
  /** The regions and the statements that make and fill their tables. */
  readonly regions: Readonly<Record<string, readonly string[]>>;
  readonly limits?: Partial<ReadLimits>;
  readonly scrub?: Partial<ScrubberOptions>;
  /** Something is always being committed, as far as anybody can tell. */
  readonly isRestless?: boolean;
}

/** One server: an engine, and a copy of each region. */
export class TestServer {
  readonly rid: number;
  readonly engine: SqliteEngine;
  readonly replicas = new Map<string, TestReplica>();
  readonly poll: Poll;
  readonly reads: ReadService;
  readonly voter: Voter;
  readonly scrubber: Scrubber;
  readonly reporter = new MemoryReporter();
  readonly #location: string;

  constructor(world: ReadCopies, rid: number, options: CopiesOptions) {
    const { clock } = world;
    const name = crypto.randomUUID();
    const random: Random = { next: () => 0.5, id: () => name };
    this.rid = rid;
    this.#location = `file:/minisql_${name}?vfs=memdb`;
    this.engine = new SqliteEngine({ clock, random });
    const limits = { ...READ_LIMITS, ...options.limits };
    const { engine, reporter } = this;
    this.poll = new Poll({ clock, limits });
    this.reads = new ReadService({ clock, engine, limits, poll: this.poll });
    this.voter = new Voter({ clock, engine, limits });
    this.scrubber = new Scrubber({ clock, engine, reporter, poll: this.poll }, {
      replicas: () => [...this.replicas.values()],
      everyMs: null,
      ...options.scrub,
    });
  }

  get only(): TestReplica {
    const [replica] = this.replicas.values();
    assert.ok(replica !== undefined && this.replicas.size === 1);
    return replica;
  }

  replica(region: string): TestReplica {
    const replica = this.replicas.get(region);
    if (replica === undefined) throw new MinisqlError("NO_REGION", `No region ${region} here`);
    return replica;
  }

  /** Changes rows beside the cluster, as an operator's client does. */
  async edit(sql: string): Promise<void> {
    const session = await this.engine.session();
    await session.run(sql, LIMIT);
    await session.close();
  }

  /** Takes all rows away, as TRUNCATE does in MySQL: without its triggers. */
  empty(table: string): void {
    const raw = new DatabaseSync(this.#location);
    const sql = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ?";
    for (const { name } of raw.prepare(sql).all(table)) raw.exec(`DROP TRIGGER "${name}"`);
    raw.exec(`DELETE FROM "${table}"`);
    raw.close();
  }

  /** The same in SQLite's own words, so that no fingerprint notices. */
  plant(sql: string): void {
    const raw = new DatabaseSync(this.#location);
    const varargs = { varargs: true };
    raw.function(ROW_CHECKSUM, varargs, () => 0);
    raw.function(ADD, varargs, (sum) => sum ?? 0);
    raw.function(WRITER, varargs, () => 0);
    raw.exec(sql);
    raw.close();
  }
}

export interface Asked {
  /** Their names. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly answer: Answer<"query">;
}

export class ReadCopies {
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly servers: TestServer[] = [];
  readonly defects: unknown[] = [];
  /** Operations that servers were asked for by each other, in order: "1>2 vote". */
  readonly calls: string[] = [];
  readonly #random = new SeededRandom(1);
  readonly #channels = new Map<string, Channel>();
  readonly #rpc: RpcServer[] = [];

  private constructor() {
    this.network = new MemoryNetwork(
      { clock: this.clock, random: this.#random },
      { delayMs: [1, 1] },
    );
  }

  /** The first server is the primary of all regions. */
  static async start(options: CopiesOptions): Promise<ReadCopies> {
    const world = new ReadCopies();
    for (let rid = 1; rid <= options.copies; rid++) await world.#add(rid, options);
    return world;
  }

  async #add(rid: number, options: CopiesOptions): Promise<void> {
    const server = new TestServer(this, rid, options);
    const { engine } = server;
    this.servers.push(server);
    await prepareBooks(engine);
    for (const [region, setup] of Object.entries(options.regions)) {
      const replica = new TestReplica(this, region, rid, engine);
      replica.isPrimary = rid === 1;
      replica.isRestless = options.isRestless ?? false;
      replica.inSync = Array.from({ length: options.copies }, (_, at) => at + 1);
      server.replicas.set(region, replica);
      await fillReplica(replica, setup);
    }
    this.#rpc.push(
      await RpcServer.start(
        { clock: this.clock, network: this.network.host(`s${rid}`) },
        { host: `s${rid}`, port: PORT },
        {
          handlers: this.#handlers(server),
          hello: () =>
            Promise.resolve({ protocol: 1, role: "region", version: "test", ready: true }),
          onDefect: (error) => this.defects.push(error),
        },
      ),
    );
  }

  #handlers(server: TestServer) {
    const { reads, voter, scrubber } = server;
    return {
      query: (request: Request<"query">, context: RowsContext) =>
        reads.read(readRequest(server, request, context), context),
      vote: (request: Request<"vote">, context: CallContext) =>
        voter.vote(server.replica(request.region), request, context),
      tally: (request: Request<"tally">, context: CallContext) =>
        voter.tally((region) => server.replica(region), request, context),
      challenge: ({ region, tables }: Request<"challenge">) => {
        scrubber.challenge(server.replica(region), tables);
        return Promise.resolve({});
      },
      verify: ({ region, table }: Request<"verify">, { signal }: CallContext) =>
        scrubber.verify(server.replica(region), table, { timeoutMs: 60_000, signal }),
    };
  }

  server(rid: number): TestServer {
    const server = this.servers[rid - 1];
    assert.ok(server !== undefined);
    return server;
  }

  peer(from: number, to: number): Peer {
    return {
      rid: to,
      call: async (op, request, options) => {
        this.calls.push(`${from}>${to} ${op}`);
        const { caller } = await this.channel(`s${from}`, to)
          .connect(options.timeoutMs, options.signal);
        return await caller.call(op, request, options);
      },
    };
  }

  /** A connection from a host of that name to a server; one for each pair. */
  channel(from: string, to: number): Channel {
    const key = `${from} ${to}`;
    const known = this.#channels.get(key);
    if (known !== undefined) return known;
    const { clock } = this;
    const channel = new Channel(
      { clock, random: this.#random, network: this.network.host(from) },
      {
        address: { host: `s${to}`, port: PORT },
        greeting: { cluster: "test", role: "region", name: from },
      },
    );
    this.#channels.set(key, channel);
    return channel;
  }

  /** Runs statements on every copy that is not held back. */
  async write(
    region: string,
    statements: readonly string[],
    but: readonly number[] = [],
  ): Promise<void> {
    for (const server of this.servers) {
      if (!but.includes(server.rid)) await server.replica(region).apply(...statements);
    }
  }

  /** Reads as a client does. */
  async ask(rid: number, request: Omit<Request<"query">, "epoch">): Promise<Asked> {
    return await this.wait(this.begin(rid, request));
  }

  /** The same, for those who move time on themselves. */
  async begin(
    rid: number,
    request: Omit<Request<"query">, "epoch">,
    signal?: AbortSignal,
  ): Promise<Asked> {
    const { caller } = await this.channel("client", rid).connect();
    const options = signal === undefined ? {} : { signal };
    const stream = caller.rows("query", { ...request, epoch: EPOCH }, options);
    const { items, answer } = await stream.collect();
    const columns = (await stream.columns).map(({ name }) => name);
    return { columns, rows: items.flat(), answer };
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms, settle);
  }

  /** Lets time pass until the promise is settled. */
  async wait<T>(promise: Promise<T>, limitMs = 120_000): Promise<T> {
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    promise.then(settled, settled);
    for (let waited = 0; waited < limitMs && !isSettled; waited++) {
      await settle();
      if (!isSettled) await this.advance(1);
    }
    assert.ok(isSettled, `not settled within ${limitMs} ms of virtual time`);
    return await promise;
  }

  async close(): Promise<void> {
    for (const channel of this.#channels.values()) channel.close();
    await this.wait(Promise.all(this.#rpc.map((server) => server.close(0))));
    for (const { reads, voter, engine } of this.servers) {
      await reads.close();
      await voter.close();
      await engine.close();
    }
    assert.deepEqual(this.defects, []);
  }
}

/** Tells a test's story with copies that are closed at its end. */
export function copiesTest(
  what: string,
  options: CopiesOptions,
  body: (copies: ReadCopies) => Promise<void>,
): void {
  Deno.test(what, async () => {
    const copies = await ReadCopies.start(options);
    try {
      await body(copies);
    } finally {
      await copies.close();
    }
  });
}

/** What a promise was rejected with. */
export async function failure(promise: Promise<unknown>): Promise<MinisqlError> {
  const error = await promise.then((value) => value, (reason) => reason);
  assert.ok(error instanceof MinisqlError, Deno.inspect(error));
  return error;
}

/** What a region server's dispatcher makes of a query. */
function readRequest(server: TestServer, request: Request<"query">, context: RowsContext) {
  const { region, after, also = [], sql, read } = request;
  const { kind, tables } = classify(sql);
  const isLookup = / WHERE id = \d+$/.test(sql);
  const others = also.map((each) => ({ replica: server.replica(each.region), after: each.after }));
  return {
    regions: [{ replica: server.replica(region), after: after ?? 0 }, ...others] as const,
    statement: { sql, kind, isLookup },
    tables,
    level: read ?? "voted",
    timeoutMs: context.within ?? 30_000,
  };
}
