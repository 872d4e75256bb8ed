/** Registration, heartbeats and eviction of region servers. */
import { difference } from "../cluster/compatibility.ts";
import type { Clock } from "../ports/clock.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { LiveServer, Load, ServerRecord } from "../protocol/model.ts";
import type { CatalogChange } from "../ports/catalog.ts";
import { Heartbeats } from "./heartbeats.ts";
import type { MetaManager } from "./meta_manager.ts";
import type { ClusterView } from "./view.ts";
import type { Visits } from "./visits.ts";
import type { ZkSyncManager } from "./zk_sync_manager.ts";

export interface RegistryDeps {
  readonly clock: Clock;
  readonly view: ClusterView;
  readonly meta: MetaManager;
  readonly zk: ZkSyncManager;
  readonly visits: Visits;
  /** None of several servers that live is heard: another master may hear them. */
  readonly onDeaf: (reason: string) => void;
}

export interface RegistryOptions {
  readonly term: number;
  readonly heartbeatMs: number;
  readonly silenceMs: number;
}

const NO_LOAD: Load = { reads: 0, writes: 0, rows: 0, bytes: 0, lag: 0, verifiedAgeMs: null };

export class Registry {
  readonly heartbeats: Heartbeats;
  readonly #deps: RegistryDeps;
  readonly #options: RegistryOptions;
  /** Registrations under way by identity: a second one waits for the first. */
  readonly #underWay = new Map<string, Promise<unknown>>();
  /** Servers whose load has come in since it was last written to the catalog. */
  readonly #unsaved = new Set<number>();

  constructor(deps: RegistryDeps, options: RegistryOptions) {
    this.#deps = deps;
    this.#options = options;
    this.heartbeats = new Heartbeats(deps.clock, options);
  }

  async register(request: Request<"register">): Promise<Answer<"register">> {
    const before = this.#underWay.get(request.identity);
    const turn = (before ?? Promise.resolve()).catch(() => {}).then(() => this.#register(request));
    this.#underWay.set(request.identity, turn);
    try {
      return await turn;
    } finally {
      if (this.#underWay.get(request.identity) === turn) this.#underWay.delete(request.identity);
    }
  }

  heartbeat(request: Request<"heartbeat">): Answer<"heartbeat"> {
    const { rid, incarnation } = request;
    // Which regions were visited is of use now, and not for the record.
    const { regions: _visited, ...load } = request.load;
    const server = this.#deps.view.server(rid);
    if (server === null || this.heartbeats.incarnation(rid) !== incarnation) {
      const why = `Cannot take the heartbeat of server ${rid}: it is not registered; register anew`;
      throw new MinisqlError("STALE_EPOCH", why);
    }
    const lost = request.engine === "lost" ? request.reason ?? "no reason given" : null;
    this.heartbeats.note(rid, incarnation, load, lost);
    this.#deps.visits.note(rid, request.load);
    for (const { at, event } of request.events ?? []) this.#deps.meta.event(event, at);
    this.#deps.view.putServer({ ...server, load, lastSeen: this.#wallMs() });
    this.#unsaved.add(rid);
    return { term: this.#options.term };
  }

  /** A server seen in `/servers` that this master has not heard yet has the full time to be heard. */
  expect(live: LiveServer): void {
    if (this.heartbeats.incarnation(live.rid) !== null) return;
    const load = this.#deps.view.server(live.rid)?.load ?? NO_LOAD;
    this.heartbeats.expect(live.rid, live.incarnation, load);
  }

  /** Evicts whoever has been silent for too long. */
  async evictOverdue(): Promise<void> {
    const { heartbeats } = this;
    // Without the catalog nobody can register, and who has not cannot send heartbeats.
    if (!this.#deps.meta.available) heartbeats.expectAgain();
    const overdue = heartbeats.overdue();
    if (heartbeats.deaf) {
      const count = heartbeats.size;
      if (overdue.length < count) return;
      return this.#deps.onDeaf(`it hears none of the ${count} region servers that live`);
    }
    for (const { rid, reason } of overdue) await this.#evict(rid, reason);
  }

  /** Writes the loads that came in since the last time, all at once. */
  async saveLoads(): Promise<void> {
    const changes = [...this.#unsaved].flatMap((rid): CatalogChange[] => {
      const server = this.#deps.view.server(rid);
      return server === null ? [] : [{ change: "server.put", server }];
    });
    if (changes.length === 0 || !this.#deps.meta.available) return;
    this.#unsaved.clear();
    await this.#deps.meta.write(changes);
  }

  async #register(request: Request<"register">): Promise<Answer<"register">> {
    const { view, meta } = this.#deps;
    const known = view.servers.find(({ identity }) => identity === request.identity);
    this.#refuseTwin(request, known);
    this.#refuseStranger(request, known);
    const now = this.#wallMs();
    const { identity, host, port, zone, engine, incarnation } = request;
    const server: ServerRecord = {
      ...{ identity, host, port, zone, engine },
      rid: known?.rid ?? await meta.nextRid(),
      status: meantFor(known),
      load: known?.load ?? NO_LOAD,
      created: known?.created ?? now,
      lastSeen: now,
    };
    await this.#save(server);
    const { rid } = server;
    this.heartbeats.note(rid, incarnation, server.load, null);
    const returned = known === undefined ? {} : { returned: true };
    meta.event({ event: "server.joined", rid, host, port, zone, ...returned });
    const { term, heartbeatMs, silenceMs } = this.#options;
    return { rid, term, heartbeatMs, silenceMs };
  }

  /** Two processes with one identity would each take the other's place for ever. */
  #refuseTwin(request: Request<"register">, known: ServerRecord | undefined): void {
    if (known === undefined) return;
    const live = this.#deps.view.live(known.rid);
    if (live === null || live.incarnation === request.incarnation) return;
    if (live.host === request.host && live.port === request.port) return;
    if (this.heartbeats.incarnation(known.rid) !== live.incarnation) return;
    const where = `${live.host}:${live.port}`;
    throw this.#refused(
      request,
      `its identity is in use at ${where}; was the data folder copied? Start it with an empty one`,
    );
  }

  /** A server that comes back changed must not go on replicating with those it now differs from. */
  #refuseStranger(request: Request<"register">, known: ServerRecord | undefined): void {
    if (known === undefined) return;
    const { view } = this.#deps;
    for (const { state } of view.regions) {
      if (!state.replicas.includes(known.rid)) continue;
      for (const peer of state.replicas) {
        const other = peer === known.rid ? null : view.live(peer);
        const why = other === null ? null : difference(request.engine, other.engine);
        if (why === null) continue;
        const tables = view.tablesOf(state.region).join(", ");
        throw this.#refused(request, `it shares ${tables} with server ${peer}, yet its ${why}`);
      }
    }
  }

  #refused({ host, port }: Request<"register">, reason: string): MinisqlError {
    this.#deps.meta.event({ event: "server.refused", host, port, reason });
    return new MinisqlError("FORBIDDEN", `Cannot register ${host}:${port}: ${reason}`);
  }

  async #evict(rid: number, reason: string): Promise<void> {
    const { view, meta, zk } = this.#deps;
    const server = view.server(rid);
    if (server !== null && meta.available) {
      // That it is to be emptied holds for it also when it comes back.
      const status = meantFor(server) === "online" ? "offline" : server.status;
      await this.#save({ ...server, status });
    }
    await zk.deleteServer(rid);
    // Last of all: until it is done, it is to be done again.
    this.heartbeats.forget(rid);
    view.setOnline(view.online.filter((live) => live.rid !== rid));
    const { host, port } = server ?? { host: "unknown", port: 1 };
    meta.event({ event: "server.evicted", rid, host, port, reason });
  }

  /** Catalog first, then memory; what the server is meant for may have changed in between. */
  async #save(server: ServerRecord): Promise<void> {
    const { view, meta } = this.#deps;
    const before = meantFor(view.server(server.rid));
    await meta.saveRegionInfo(server, (now) => {
      const meant = meantFor(now);
      return meant === before ? server : { ...server, status: meant };
    });
  }

  #wallMs(): number {
    return Math.floor(this.#deps.clock.wallMicros() / 1000);
  }
}

/** What a server is meant for, whether it lives or not. */
function meantFor(server: ServerRecord | null | undefined): "online" | "draining" | "drained" {
  return server?.status === "draining" || server?.status === "drained" ? server.status : "online";
}
