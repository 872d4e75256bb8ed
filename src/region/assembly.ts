/** A region server's parts, put together in the order in which one needs the other. */
import { Paths } from "../cluster/paths.ts";
import { TermGuard } from "../cluster/term_guard.ts";
import type { Session } from "../ports/coordinator.ts";
import type { Log } from "../ports/log.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { type Answer, PROTOCOL_VERSION, type Request } from "../protocol/messages.ts";
import { Pool } from "../rpc/pool.ts";
import { RpcServer } from "../rpc/server.ts";
import { CopySource } from "./copy/copy_source.ts";
import { Directory } from "./directory.ts";
import { EngineHealth } from "./engine_health.ts";
import { EventFeed } from "./event_feed.ts";
import { REGION_LIMITS, type RegionLimits } from "./limits.ts";
import { Gatherer } from "./gather/gatherer.ts";
import { lagOf, LoadMeter } from "./load_meter.ts";
import { Membership } from "./membership.ts";
import { connectTo } from "./peers.ts";
import { quarantineOf } from "./quarantine_files.ts";
import { READ_LIMITS } from "./read/limits.ts";
import { Poll } from "./read/poll.ts";
import { ReadService } from "./read/read_service.ts";
import { restAfter } from "./read/rest.ts";
import { Scrubber } from "./read/scrubber.ts";
import { Sentry } from "./read/sentry.ts";
import { Voter } from "./read/voter.ts";
import { SessionPool } from "./session_pool.ts";
import type { RegionServerDeps, RegionServerOptions } from "./region_server.ts";
import { replicaHandlers } from "./replica_handlers.ts";
import { Replicas } from "./replicas.ts";
import { StatementHandlers } from "./statement_handlers.ts";
import { TableOrders } from "./table_orders.ts";

/** What lives and dies with the server. */
export interface Parts {
  readonly log: Log;
  readonly pool: Pool;
  readonly sessions: SessionPool;
  readonly source: CopySource;
  readonly replicas: Replicas;
  readonly health: EngineHealth;
  readonly reads: ReadService;
  readonly gatherer: Gatherer;
  readonly voter: Voter;
  readonly scrubber: Scrubber;
  readonly sentry: Sentry;
  readonly orders: TableOrders;
  readonly server: RpcServer;
  readonly membership: Membership;
}

/** Sessions to write with that are kept open while nobody needs them. */
const SESSIONS_KEPT = 16;
const SCRUB_MS = 10 * 60_000;
const SENTRY_MS = 1000;

interface Reading {
  readonly poll: Poll;
  readonly reads: ReadService;
  readonly gatherer: Gatherer;
  readonly voter: Voter;
  readonly scrubber: Scrubber;
  readonly sentry: Sentry;
}

/** Answers with everything open and listening, and nothing running by itself yet but the copies. */
export async function assemble(
  deps: RegionServerDeps,
  options: RegionServerOptions,
  log: Log,
): Promise<Parts> {
  return await new Assembly(deps, options, log).make();
}

class Assembly {
  readonly #deps: RegionServerDeps;
  readonly #options: RegionServerOptions;
  readonly #log: Log;
  readonly #limits: RegionLimits;
  readonly #feed: EventFeed;
  readonly #terms = new TermGuard();
  readonly #paths: Paths;
  readonly #meter = new LoadMeter();
  readonly #sessions: SessionPool;
  #session: Session | null = null;
  #membership: Membership | null = null;
  #following = new AbortController();

  constructor(deps: RegionServerDeps, options: RegionServerOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#limits = { ...REGION_LIMITS, ...options.limits };
    this.#paths = new Paths(options.root);
    this.#sessions = new SessionPool(deps.engine, SESSIONS_KEPT);
    this.#feed = new EventFeed(() => this.#wallMs());
    this.#deps = { ...deps, reporter: this.#feed.over(deps.reporter) };
  }

  async make(): Promise<Parts> {
    const { clock, random, engine, reporter } = this.#deps;
    const pool = this.#pool();
    const directory = new Directory({ clock, reporter, paths: this.#paths, pool });
    const source = new CopySource({ engine, clock, random, reporter });
    const health: EngineHealth = new EngineHealth({
      ...{ clock, engine, reporter, limits: this.#limits, rid: this.#rid },
      changed: (lost) => this.#engineChanged(replicas, lost),
      look: (session) => replicas.lookBack(session),
    });
    const replicas: Replicas = this.#replicas(directory, source, health);
    const reading = this.#reading(replicas, directory);
    const { incarnation } = this.#options;
    const orders = new TableOrders({ terms: this.#terms, replicas, incarnation });
    const server = await this.#server(replicas, reading, orders);
    const membership = this.#member(server, replicas, directory, health);
    this.#membership = membership;
    await replicas.start();
    const { reads, gatherer, voter, scrubber, sentry } = reading;
    const log = this.#log;
    const sessions = this.#sessions;
    return {
      log,
      pool,
      sessions,
      source,
      replicas,
      health,
      reads,
      gatherer,
      voter,
      scrubber,
      sentry,
      orders,
      server,
      membership,
    };
  }

  readonly #rid = (): number | null => this.#membership?.rid ?? null;

  #wallMs(): number {
    return Math.floor(this.#deps.clock.wallMicros() / 1000);
  }

  #pool(): Pool {
    const { clock, random, network } = this.#deps;
    const { cluster, incarnation, advertise, listen } = this.#options;
    const ours = { cluster, role: "region", name: `${advertise}:${listen.port}`, incarnation };
    return new Pool({ clock, random, network }, {
      greeting: () => {
        const rid = this.#rid();
        return { ...ours, role: "region", ...(rid === null ? {} : { rid }) };
      },
      connectMs: this.#limits.callMs,
      backoff: { initialMs: 20, limitMs: 1000 },
    });
  }

  #replicas(directory: Directory, source: CopySource, health: EngineHealth): Replicas {
    const { clock, random, engine, reporter, quarantine = null } = this.#deps;
    return new Replicas({
      ...{ clock, random, engine, reporter, log: this.#log, limits: this.#limits },
      sessions: this.#sessions,
      ...{ directory, source, paths: this.#paths, incarnation: this.#options.incarnation },
      rid: this.#rid,
      session: () => this.#session,
      quarantine: (region) => quarantineOf(quarantine, { clock, reporter }, region),
      throttle: () => Promise.resolve(),
      engineLost: () => health.lost,
    });
  }

  #engineChanged(replicas: Replicas, lost: string | null): void {
    if (lost !== null) {
      for (const { primary } of replicas.all) primary?.fail(`its database is lost: ${lost}`);
    }
    replicas.wake();
  }

  #reading(replicas: Replicas, directory: Directory): Reading {
    const { clock, engine, reporter } = this.#deps;
    const { scrubMs = SCRUB_MS } = this.#options;
    const limits = { ...READ_LIMITS, ...this.#options.reading };
    const poll = new Poll({ clock, limits });
    const reads = new ReadService({
      ...{ clock, engine, poll, limits },
      onRead: (regions, rows, bytes) => this.#meter.read(regions, rows, bytes),
    });
    const gatherer = new Gatherer({
      ...{ clock, engine, limits, reads, replica: (region) => replicas.view(region) },
      connect: (rid, wait) => connectTo(directory, rid, wait),
    });
    const voter = new Voter({ clock, engine, limits });
    const scrubber = new Scrubber({ clock, engine, poll, reporter }, {
      replicas: () => replicas.views,
      everyMs: scrubMs,
      rest: (tookMs) => restAfter(tookMs, { waiting: reads.waiting, lag: lagOf(replicas.all) }),
    });
    const sentry = new Sentry({ clock, looks: reads.looks }, {
      replicas: () => replicas.views,
      roundMs: SENTRY_MS,
      suspect: (replica, table) => scrubber.challenge(replica, [table]),
    });
    return { poll, reads, gatherer, voter, scrubber, sentry };
  }

  async #server(
    replicas: Replicas,
    { poll, reads, gatherer, voter, scrubber }: Reading,
    orders: TableOrders,
  ): Promise<RpcServer> {
    const { clock, network, reporter } = this.#deps;
    const { listen } = this.#options;
    const meter = this.#meter;
    const limits = this.#limits;
    const rid = this.#rid;
    const deps = { clock, limits, replicas, reads, gatherer, meter, rid };
    const statements = new StatementHandlers(deps);
    return await RpcServer.start({ clock, network }, listen, {
      handlers: {
        ...statements.handlers,
        ...gatherer.handlers,
        ...replicaHandlers({ replicas, orders, voter, poll, scrubber }),
      },
      hello: (request) => greet(request, this.#options, rid()),
      onDefect: (error, op) => reporter.log("error", `A defect in ${op}`, { error }),
    });
  }

  #member(
    server: RpcServer,
    replicas: Replicas,
    directory: Directory,
    health: EngineHealth,
  ): Membership {
    const { clock, random, network, coordinator, reporter, engine } = this.#deps;
    const { cluster, root, identity, incarnation, zone, advertise } = this.#options;
    const deps = { clock, random, network, coordinator, reporter, terms: this.#terms };
    return new Membership(deps, {
      ...{ cluster, identity, incarnation, zone, ...(root === undefined ? {} : { root }) },
      address: { host: advertise, port: server.address.port },
      engine: engine.info,
      load: () => this.#meter.take(replicas.all, this.#wallMs()),
      engineLost: () => health.lost,
      events: this.#feed,
      onMember: (_rid, session) => {
        if (session !== this.#session) {
          this.#following.abort();
          this.#following = new AbortController();
          this.#session = session;
          if (session !== null) void directory.follow(session, this.#following.signal);
        }
        replicas.wake();
      },
    });
  }
}

// deno-lint-ignore require-await -- a refusal is a rejection.
async function greet(
  request: Request<"hello">,
  { cluster, version }: RegionServerOptions,
  rid: number | null,
): Promise<Answer<"hello">> {
  if (request.protocol !== PROTOCOL_VERSION) {
    const why = `Cannot talk: this server speaks protocol ${PROTOCOL_VERSION}, ` +
      `not ${request.protocol}; use the same version of minisql on both sides`;
    throw new MinisqlError("UNAUTHENTICATED", why);
  }
  if (request.cluster !== cluster) {
    const why = `Cannot join: this is cluster ${cluster}, not ${request.cluster}`;
    throw new MinisqlError("UNAUTHENTICATED", why);
  }
  return { protocol: PROTOCOL_VERSION, role: "region", version, rid, ready: true };
}
