/** Each request to the active master to what handles it. */
import { mastersInQueue } from "../cluster/masters.ts";
import type { Clock } from "../ports/clock.ts";
import { CoordinatorError } from "../ports/coordinator.ts";
import type { Random } from "../ports/random.ts";
import type { MasterHandlers } from "../protocol/handlers.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import { takesRegions } from "./candidates.ts";
import type { Reign } from "./reign.ts";
import { serveSubscription } from "./subscriptions.ts";
import { alterTable, createTable, dropTable } from "./table_requests.ts";
import { cancelJob, drain, moveRegion } from "./transfer_requests.ts";
import { verdictOf } from "./verdict.ts";
import { verifyTables } from "./verify_tables.ts";

export interface DispatcherDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly cluster: string;
  readonly version: string;
  /** The reign, if this master leads for certain; else raises NOT_MASTER with where to go. */
  readonly reign: () => Reign;
  /** Hands over at once. */
  readonly stepDown: (reign: Reign) => Promise<void>;
}

const EVENTS_LIMIT = 100;

export class MasterDispatcher {
  readonly #deps: DispatcherDeps;

  constructor(deps: DispatcherDeps) {
    this.#deps = deps;
  }

  get handlers(): MasterHandlers {
    const reign = this.#deps.reign;
    return {
      register: (request) => reign().registry.register(request),
      heartbeat: (request) => answer(() => reign().registry.heartbeat(request)),
      locate: (request) => answer(() => locate(reign(), request)),
      subscribe: async ({ tables }, context) => {
        const current = reign();
        const signal = AbortSignal.any([context.signal, current.signal]);
        const { caller, within, event } = context;
        const during = { caller, within, signal, event: event.bind(context) };
        await serveSubscription(current.view, tables, during);
        return {};
      },
      ...this.#changes,
      meta: () => answer(() => listTables(reign())),
      masters: () => listMasters(reign()),
      servers: () => answer(() => listServers(reign())),
      regions: () => answer(() => listRegions(reign())),
      events: async ({ after = 0, limit = EVENTS_LIMIT }) => ({
        events: await reign().meta.events(after, limit),
      }),
      jobs: () => answer(() => listJobs(reign())),
      status: () => this.#status(reign()),
      stepDown: async () => {
        const current = reign();
        await this.#deps.stepDown(current);
        return { term: current.active.term };
      },
    };
  }

  /** What changes tables and their places. */
  get #changes() {
    const { reign } = this.#deps;
    return {
      createTable: async (request, context) =>
        await createTable(reign(), request, this.#deps, context),
      dropTable: async (request, context) => await dropTable(reign(), request, context),
      alterTable: async (request, context) => await alterTable(reign(), request, context),
      moveRegion: async (request) => await moveRegion(reign(), request),
      drain: async (request) => await drain(reign(), request),
      cancelJob: async (request) => await cancelJob(reign(), request),
      verifyTables: async (request, context) => await verifyTables(reign(), request, context),
    } satisfies Partial<MasterHandlers>;
  }

  async #status({ view, meta, active, zk, startedAt }: Reign): Promise<Answer<"status">> {
    const subjects = view.regions.flatMap(({ state }) => {
      const route = view.routeOfRegion(state.region);
      return route === null || route.tables.length === 0 ? [] : [{ route, region: state }];
    });
    const servers = view.online.length;
    const takers = view.online.filter(({ rid }) => takesRegions(view, rid)).length;
    const masters = await mastersInQueue(zk.session, zk.paths).catch(unavailable);
    return {
      verdict: verdictOf({ subjects, servers, takers, catalogLost: !meta.available }),
      cluster: this.#deps.cluster,
      version: this.#deps.version,
      master: active,
      masters: masters.length,
      servers: { online: servers, known: view.servers.length },
      tables: view.tables.length,
      catalog: meta.available ? "ok" : "lost",
      epochMax: Math.max(0, ...view.regions.map(({ state }) => state.epoch)),
      uptimeMs: this.#deps.clock.now() - startedAt,
    };
  }
}

/** Handlers that need not wait still answer by a promise, and fail by one. */
// deno-lint-ignore require-await -- see above.
async function answer<T>(work: () => T): Promise<T> {
  return work();
}

async function listMasters({ zk, active }: Reign): Promise<Answer<"masters">> {
  const queue = await mastersInQueue(zk.session, zk.paths).catch(unavailable);
  const others = queue.filter(({ id }) => id !== active.id);
  return {
    masters: [active, ...others.map((each) => ({ ...each, term: null, since: null }))],
  };
}

function unavailable(error: unknown): never {
  if (!(error instanceof CoordinatorError)) throw error;
  throw new MinisqlError("UNAVAILABLE", `Cannot list the masters: ${error.message}`);
}

function locate({ view, active }: Reign, { tables }: Request<"locate">): Answer<"locate"> {
  const routes = new Map<string, NonNullable<ReturnType<typeof view.route>>>();
  for (const table of tables) {
    const route = view.route(table);
    if (route === null) {
      throw new MinisqlError("NO_SUCH_TABLE", `Table '${table}' doesn't exist`, {
        errno: 1146,
        sqlState: "42S02",
      });
    }
    routes.set(route.region, route);
  }
  return { routes: [...routes.values()], term: active.term };
}

/**
 * A record says what a server was at last; that it lives is for the coordination service to say. Of
 * one that is drained that does not matter.
 */
function listServers({ view }: Reign): Answer<"servers"> {
  return {
    servers: view.servers.map((server) => {
      const isGone = server.status !== "drained" && view.live(server.rid) === null;
      return isGone ? { ...server, status: "offline" } : server;
    }),
  };
}

function listTables({ view }: Reign): Answer<"meta"> {
  return {
    tables: view.tables.map(({ name, region, created }) => {
      const state = view.region(region)?.state;
      return {
        ...{ name, region, created },
        state: view.route(name)?.state ?? "unavailable",
        replicas: state?.replicas ?? [],
        inSync: state?.isr.map(({ rid }) => rid) ?? [],
      };
    }),
  };
}

function listRegions({ view }: Reign): Answer<"regions"> {
  const regions = view.regions.map(({ state }) => ({
    ...state,
    tables: view.tablesOf(state.region),
  }));
  return { regions: regions.sort((a, b) => (a.region < b.region ? -1 : 1)) };
}

/** Running ones first, then the latest. */
function listJobs({ view }: Reign): Answer<"jobs"> {
  const rank = (state: string) => (state === "running" ? 0 : 1);
  const jobs = [...view.jobs].sort((a, b) =>
    rank(a.state) - rank(b.state) || b.created - a.created || (a.id < b.id ? -1 : 1)
  );
  return { jobs };
}
