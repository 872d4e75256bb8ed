/** The location cache: where each table is read and written now, as far as the client knows. */
import { Deferred } from "../base/deferred.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { CallEvent } from "../protocol/messages.ts";
import type { Route, ServerRef } from "../protocol/model.ts";
import type { Deadline } from "./deadline.ts";

/** A route as it was when asked for; what changes meanwhile makes it out of date. */
export interface Located {
  readonly route: Route;
  readonly version: number;
}

/** Where news of routes come from. Neither asks for longer than a moment. */
export interface RouteSources {
  /** Asks the master; raises `NO_SUCH_TABLE`, or `UNAVAILABLE` when the time is up. */
  locate(tables: readonly string[], deadline: Deadline): Promise<readonly Route[]>;
  /** The same within the moment that a failover leaves; null where nobody answers. */
  relocate(table: string): Promise<readonly Route[] | "gone" | null>;
  /** Asks the region's servers themselves, for when no master is up. */
  survey(last: Route, members: readonly ServerRef[]): Promise<Route | null>;
}

interface Entry {
  route: Route;
  version: number;
  /** Servers that have held it, for when nobody else can tell where it is now. */
  readonly members: Map<number, ServerRef>;
  /** Resolved at the next change. */
  changed: Deferred<void>;
  renewing: Promise<void> | null;
}

/** Of a region that has moved about, the servers that held it last. */
const MEMBERS_MAX = 16;

export class Routes {
  readonly #sources: RouteSources;
  readonly #regions = new Map<string, Entry>();
  readonly #regionOf = new Map<string, string>();
  readonly #onTables: () => void;
  readonly #onLeft: (server: ServerRef) => void;

  constructor(
    sources: RouteSources,
    listeners: {
      /** There are tables that were not known before. */
      readonly onTables: () => void;
      /** A server is no longer a region's primary, or holds it no longer. */
      readonly onLeft: (server: ServerRef) => void;
    },
  ) {
    this.#sources = sources;
    this.#onTables = listeners.onTables;
    this.#onLeft = listeners.onLeft;
  }

  /** All tables in the cache. */
  get tables(): readonly string[] {
    return [...this.#regionOf.keys()];
  }

  /** All servers in the cache. */
  get servers(): readonly ServerRef[] {
    const servers = new Map<number, ServerRef>();
    for (const { route } of this.#regions.values()) {
      for (const server of serversOf(route)) servers.set(server.rid, server);
    }
    return [...servers.values()];
  }

  /** The regions of these tables, each once, in their order; from the master where not known. */
  async find(tables: readonly string[], deadline: Deadline): Promise<readonly Located[]> {
    const missing = tables.filter((table) => !this.#regionOf.has(table));
    if (missing.length > 0) {
      deadline.throwIfStopped();
      for (const route of await this.#sources.locate(missing, deadline)) this.#learn(route);
    }
    const regions = new Set(tables.map((table) => this.#regionOf.get(table)));
    return [...regions].map((region) => {
      const entry = this.#regions.get(region ?? "");
      // Dropped by somebody just after it was found.
      if (entry === undefined) throw noSuchTable(tables);
      return { route: entry.route, version: entry.version };
    });
  }

  /** A table's route as it is known, without asking anybody. */
  known(table: string): Route | null {
    return this.#regions.get(this.#regionOf.get(table) ?? "")?.route ?? null;
  }

  /**
   * Finds out how a route is that did not lead anywhere: from the master and from the servers it
   * names, whoever knows better first. All who ask meanwhile share the answer, and nothing is asked
   * about a route that has changed since it was taken.
   */
  async renew({ route, version }: Located, deadline: Deadline): Promise<void> {
    const entry = this.#regions.get(route.region);
    if (entry === undefined || entry.version !== version) return;
    entry.renewing ??= this.#renew(entry).finally(() => entry.renewing = null);
    await deadline.until(entry.renewing);
  }

  /** Waits until the route has changed since it was taken, but no longer than `ms`. */
  async change({ route, version }: Located, ms: number, deadline: Deadline): Promise<void> {
    const entry = this.#regions.get(route.region);
    if (entry === undefined || entry.version !== version) return;
    await deadline.until(entry.changed.promise, ms);
  }

  /**
   * A server said that it has no such table: asks the master whether the tables are elsewhere by
   * now. False where they are not, or nobody can tell.
   */
  async haveMoved(tables: readonly string[], deadline: Deadline): Promise<boolean> {
    const before = tables.map((table) => this.#regionOf.get(table));
    await deadline.until(Promise.all(tables.map((table) => this.#relocate(table))));
    return tables.some((table, at) => {
      const now = this.#regionOf.get(table);
      return now !== undefined && now !== before[at];
    });
  }

  /** Takes what a master tells of changes. */
  take({ routes, gone }: CallEvent<"subscribe">): void {
    for (const route of routes) this.#learn(route);
    this.forget(gone);
  }

  forget(tables: readonly string[]): void {
    for (const table of tables) {
      const region = this.#regionOf.get(table);
      this.#regionOf.delete(table);
      const entry = this.#regions.get(region ?? "");
      if (entry === undefined) continue;
      const left = entry.route.tables.filter((each) => this.#regionOf.get(each) === region);
      if (left.length === 0) this.#drop(entry);
    }
  }

  async #renew(entry: Entry): Promise<void> {
    const { route, changed } = entry;
    const [table = ""] = route.tables;
    const master = this.#relocate(table);
    const survey = this.#sources.survey(route, [...entry.members.values()]).then((found) => {
      if (found !== null && isNews(found, entry.route)) this.#put(found);
    });
    // Whoever knows something new ends the wait; the other may still add to it.
    await Promise.race([changed.promise, Promise.all([master, survey])]);
  }

  async #relocate(table: string): Promise<void> {
    const found = await this.#sources.relocate(table);
    if (found === "gone") this.forget([table]);
    else for (const route of found ?? []) this.#learn(route);
  }

  /** Takes a master's word, unless it is older than what is known. */
  #learn(route: Route): void {
    const known = this.#regions.get(route.region)?.route;
    if (known === undefined || route.epoch > known.epoch) return this.#put(route);
    // A primary holds office as long as its epoch lasts, whether the master sees it or not.
    if (route.epoch === known.epoch) {
      this.#put({ ...route, primary: route.primary ?? known.primary });
    }
  }

  #put(route: Route): void {
    const isNew = route.tables.some((table) => !this.#regionOf.has(table));
    const entry = this.#regions.get(route.region);
    for (const table of entry?.route.tables ?? []) {
      if (this.#regionOf.get(table) === route.region) this.#regionOf.delete(table);
    }
    if (entry === undefined) {
      this.#regions.set(route.region, {
        ...{ route, version: 1, renewing: null },
        members: new Map(),
        changed: new Deferred(),
      });
    } else if (JSON.stringify(entry.route) !== JSON.stringify(route)) {
      const before = entry.route;
      entry.route = route;
      this.#tell(entry);
      for (const server of leavers(before, route)) this.#onLeft(server);
    }
    this.#noteMembers(route);
    for (const table of route.tables) this.#regionOf.set(table, route.region);
    if (isNew) this.#onTables();
  }

  #tell(entry: Entry): void {
    entry.version++;
    entry.changed.resolve();
    entry.changed = new Deferred();
  }

  #noteMembers(route: Route): void {
    const members = this.#regions.get(route.region)?.members;
    if (members === undefined) return;
    for (const server of serversOf(route)) {
      members.delete(server.rid);
      members.set(server.rid, server);
    }
    for (const rid of [...members.keys()].slice(0, -MEMBERS_MAX)) members.delete(rid);
  }

  #drop(entry: Entry): void {
    this.#regions.delete(entry.route.region);
    this.#tell(entry);
  }
}

/** Whether a region's own servers know better. In one epoch there is one primary. */
function isNews(found: Route, known: Route): boolean {
  return found.epoch > known.epoch || found.epoch === known.epoch && known.primary === null;
}

export function serversOf({ primary, slaves }: Route): readonly ServerRef[] {
  return primary === null ? slaves : [primary, ...slaves];
}

function leavers(before: Route, after: Route): readonly ServerRef[] {
  const stay = new Set(serversOf(after).map(({ rid }) => rid));
  return serversOf(before).filter(({ rid }) =>
    !stay.has(rid) || rid === before.primary?.rid && rid !== after.primary?.rid
  );
}

function noSuchTable(tables: readonly string[]): MinisqlError {
  const names = tables.map((table) => `'${table}'`).join(", ");
  return new MinisqlError("NO_SUCH_TABLE", `Table ${names} doesn't exist`, {
    errno: 1146,
    sqlState: "42S02",
  });
}
