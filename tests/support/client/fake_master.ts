/** A made-up master: it tells where regions are, and takes orders, or not, as a test tells it. */
import type { MemoryNetwork } from "../../../src/adapters/memory_network.ts";
import { Deferred } from "../../../src/base/deferred.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import { MinisqlError } from "../../../src/protocol/errors.ts";
import type { CallContext } from "../../../src/protocol/handlers.ts";
import type { Answer, Request } from "../../../src/protocol/messages.ts";
import type { JobRecord, Route, ServerRef } from "../../../src/protocol/model.ts";
import { RpcServer } from "../../../src/rpc/server.ts";

/** What happens to one order: an error, or a link that breaks before or after it is carried out. */
export type OrderTrick = MinisqlError | "break_before" | "break_after";

export const MASTER: ServerRef = { rid: 1, host: "master", port: 9090, zone: "" };

/** Carries out what a master orders; the fake cluster does. */
export interface Orders {
  routeOf(table: string): Route | null;
  create(request: Request<"createTable">): void;
  drop(table: string): void;
  alter(table: string, sql: string): void;
  readonly tables: readonly string[];
  readonly servers: readonly ServerRef[];
}

export class FakeMaster {
  readonly asked: { readonly op: string; readonly request: unknown }[] = [];
  readonly tricks: OrderTrick[] = [];
  vendor: "mariadb" | "mysql" | "sqlite" = "sqlite";
  /** How many subscriptions are listened to. */
  subscribers = 0;
  readonly #clock: Clock;
  readonly #network: MemoryNetwork;
  readonly #orders: Orders;
  readonly #jobs: JobRecord[] = [];
  #news = new Deferred<void>();
  #server: RpcServer | null = null;

  constructor(orders: Orders, clock: Clock, network: MemoryNetwork) {
    this.#orders = orders;
    this.#clock = clock;
    this.#network = network;
  }

  of<T>(op: string): readonly T[] {
    return this.asked.filter((each) => each.op === op).map(({ request }) => request as T);
  }

  async start(): Promise<void> {
    const { host, port } = MASTER;
    const deps = { clock: this.#clock, network: this.#network.host(host) };
    this.#server = await RpcServer.start(deps, { host, port }, {
      hello: () => Promise.resolve({ protocol: 1, role: "master", version: "0", ready: true }),
      onDefect: (error) => {
        throw error;
      },
      handlers: {
        locate: (request) => {
          this.asked.push({ op: "locate", request });
          return answered(() => ({ routes: this.#routes(request.tables), term: 1 }));
        },
        subscribe: async ({ tables }, context) => {
          this.subscribers++;
          this.asked.push({ op: "subscribe", request: { tables } });
          try {
            await this.#feed(tables, context);
          } finally {
            this.subscribers--;
          }
          return {};
        },
        createTable: (request) => this.#obey("createTable", request, () => this.#create(request)),
        dropTable: (request) => this.#obey("dropTable", request, () => this.#drop(request)),
        alterTable: (request) =>
          this.#obey("alterTable", request, () => {
            this.#orders.alter(request.table, request.sql);
            return { job: "j1" };
          }),
        meta: () => answered(() => this.#meta()),
        jobs: () => answered(() => ({ jobs: this.#jobs })),
        servers: () => answered(() => this.#servers()),
        status: () => Promise.reject(new MinisqlError("UNAVAILABLE", "no status here")),
      },
    });
  }

  /** Subscribers hear how things are now. */
  tell(): void {
    this.#news.resolve();
    this.#news = new Deferred();
  }

  crash(): void {
    this.#network.crash(MASTER.host);
  }

  async close(): Promise<void> {
    await this.#server?.close(0);
  }

  #routes(tables: readonly string[]): readonly Route[] {
    const routes = new Map<string, Route>();
    for (const table of tables) {
      const route = this.#orders.routeOf(table);
      if (route === null) throw missing(table);
      routes.set(route.region, route);
    }
    return [...routes.values()];
  }

  async #feed(
    tables: readonly string[],
    context: CallContext & {
      event(event: { routes: readonly Route[]; gone: readonly string[] }): Promise<void>;
    },
  ): Promise<void> {
    const told = new Map<string, string>();
    const ended = new Promise<void>((resolve) =>
      context.signal.addEventListener("abort", () => resolve())
    );
    while (!context.signal.aborted) {
      const news = this.#news.promise;
      const changed = tables.filter((table) => {
        const words = JSON.stringify(this.#orders.routeOf(table));
        const isNew = told.get(table) !== words;
        told.set(table, words);
        return isNew;
      });
      const gone = changed.filter((table) => this.#orders.routeOf(table) === null);
      const routes = this.#routes(changed.filter((table) => !gone.includes(table)));
      if (changed.length > 0) await context.event({ routes, gone });
      await Promise.race([news, ended]);
    }
    throw context.signal.reason;
  }

  async #obey<T>(op: string, request: unknown, work: () => T): Promise<T> {
    this.asked.push({ op, request });
    const trick = this.tricks.shift();
    if (trick instanceof MinisqlError) throw trick;
    if (trick === "break_before") return await this.#break();
    const answer = work();
    if (trick === "break_after") return await this.#break();
    this.tell();
    return answer;
  }

  #break(): Promise<never> {
    this.#network.cut("client", MASTER.host);
    return new Promise(() => {});
  }

  #create(request: Request<"createTable">): Answer<"createTable"> {
    const there = this.#orders.routeOf(request.table);
    if (there !== null && request.ifNotExists === true) {
      return { job: null, region: there.region, replicas: [] };
    }
    if (there !== null) {
      const why = `Table '${request.table}' already exists`;
      throw new MinisqlError("TABLE_EXISTS", why, { errno: 1050, sqlState: "42S01" });
    }
    this.#orders.create(request);
    const { table } = request;
    const id = `j${this.#jobs.length}`;
    const created = this.#clock.now();
    this.#jobs.push({
      ...{ id, kind: "create_table", state: "done", subject: table, request, progress: null },
      ...{ created, updated: created },
    });
    return { job: id, region: this.#orders.routeOf(table)?.region ?? "", replicas: [] };
  }

  #drop({ table, ifExists }: Request<"dropTable">): Answer<"dropTable"> {
    if (this.#orders.routeOf(table) === null) {
      if (ifExists === true) return { job: null };
      const why = `Unknown table '${table}'`;
      throw new MinisqlError("NO_SUCH_TABLE", why, { errno: 1051, sqlState: "42S02" });
    }
    this.#orders.drop(table);
    return { job: "j" };
  }

  #meta(): Answer<"meta"> {
    return {
      tables: this.#orders.tables.map((name) => ({
        ...{ name, region: this.#orders.routeOf(name)?.region ?? "", state: "writable" },
        ...{ replicas: [], inSync: [], created: 0 },
      })),
    };
  }

  #servers(): Answer<"servers"> {
    const load = { reads: 0, writes: 0, rows: 0, bytes: 0, lag: 0, verifiedAgeMs: null };
    const engine = { vendor: this.vendor, version: "10.11.6-MariaDB", settings: {} };
    return {
      servers: this.#orders.servers.map((server) => ({
        ...server,
        ...{ identity: "0".repeat(32), engine, status: "online", load, created: 0, lastSeen: 0 },
      })),
    };
  }
}

// deno-lint-ignore require-await -- fails by a promise, as handlers do.
async function answered<T>(work: () => T): Promise<T> {
  return work();
}

function missing(table: string): MinisqlError {
  const why = `Table '${table}' doesn't exist`;
  return new MinisqlError("NO_SUCH_TABLE", why, { errno: 1146, sqlState: "42S02" });
}
