/** The master's memory: what catalog and coordination service say, joined and indexed. */
import { routeOf } from "../cluster/route.ts";
import type {
  JobRecord,
  LiveServer,
  Placement,
  RegionState,
  Route,
  ServerRecord,
  ServerRef,
  TableRecord,
} from "../protocol/model.ts";
import type { CatalogState } from "../ports/catalog.ts";

export interface KnownRegion {
  readonly state: RegionState;
  /** The node's version, for compare-and-set. */
  readonly version: number;
}

/** Told which tables have a new route, or are gone. */
export type RouteListener = (tables: ReadonlySet<string>) => void;

export class ClusterView {
  readonly #servers = new Map<number, ServerRecord>();
  readonly #online = new Map<number, LiveServer>();
  readonly #tables = new Map<string, TableRecord>();
  readonly #regions = new Map<string, KnownRegion>();
  readonly #tablesOf = new Map<string, Set<string>>();
  readonly #placements = new Map<string, Placement>();
  readonly #jobs = new Map<string, JobRecord>();
  readonly #listeners = new Set<RouteListener>();

  get servers(): readonly ServerRecord[] {
    return [...this.#servers.values()].sort((a, b) => a.rid - b.rid);
  }

  get tables(): readonly TableRecord[] {
    return [...this.#tables.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get regions(): readonly KnownRegion[] {
    return [...this.#regions.values()];
  }

  get jobs(): readonly JobRecord[] {
    return [...this.#jobs.values()];
  }

  /** The latest first. */
  get jobsEnded(): readonly JobRecord[] {
    return this.jobs.filter(({ state }) => state !== "running")
      .sort((a, b) => b.updated - a.updated || (a.id < b.id ? -1 : 1));
  }

  get placements(): readonly Placement[] {
    return [...this.#placements.values()];
  }

  server(rid: number): ServerRecord | null {
    return this.#servers.get(rid) ?? null;
  }

  live(rid: number): LiveServer | null {
    return this.#online.get(rid) ?? null;
  }

  get online(): readonly LiveServer[] {
    return [...this.#online.values()].sort((a, b) => a.rid - b.rid);
  }

  table(name: string): TableRecord | null {
    return this.#tables.get(name) ?? null;
  }

  region(name: string): KnownRegion | null {
    return this.#regions.get(name) ?? null;
  }

  job(id: string): JobRecord | null {
    return this.#jobs.get(id) ?? null;
  }

  tablesOf(region: string): readonly string[] {
    return [...this.#tablesOf.get(region) ?? []].sort();
  }

  placementsOf(region: string): readonly Placement[] {
    return this.placements.filter((each) => each.region === region);
  }

  /** Where a table is read and written now; null where there is no such table to be used. */
  route(table: string): Route | null {
    const record = this.#tables.get(table);
    if (record === undefined || record.state !== "ready") return null;
    return this.routeOfRegion(record.region);
  }

  routeOfRegion(region: string): Route | null {
    const known = this.#regions.get(region);
    if (known === undefined) return null;
    const refs = new Map<number, ServerRef>();
    for (const rid of known.state.replicas) {
      const live = this.#online.get(rid);
      if (live !== undefined) refs.set(rid, refOf(live));
    }
    return routeOf(known.state, this.tablesOf(region), refs);
  }

  /** Takes in all that the catalog holds. What this master knows better, it keeps. */
  load(state: CatalogState): void {
    for (const server of state.servers) {
      const known = this.#servers.get(server.rid);
      if (known === undefined || known.lastSeen < server.lastSeen) this.putServer(server);
    }
    for (const table of state.tables) this.#setTable(table);
    this.#changed(state.tables.map(({ name }) => name));
    for (const placement of state.placements) this.putPlacement(placement);
    for (const job of state.jobs) this.putJob(job);
  }

  putServer(server: ServerRecord): void {
    this.#servers.set(server.rid, server);
  }

  putTable(table: TableRecord): void {
    this.#setTable(table);
    this.#changed([table.name]);
  }

  #setTable(table: TableRecord): void {
    const before = this.#tables.get(table.name);
    if (before !== undefined && before.region !== table.region) this.#unlink(before);
    this.#tables.set(table.name, table);
    const siblings = this.#tablesOf.get(table.region) ?? new Set();
    this.#tablesOf.set(table.region, siblings.add(table.name));
  }

  dropTable(name: string): void {
    const table = this.#tables.get(name);
    if (table === undefined) return;
    this.#tables.delete(name);
    this.#unlink(table);
    this.#changed([name]);
  }

  putPlacement(placement: Placement): void {
    this.#placements.set(`${placement.region}/${placement.rid}`, placement);
  }

  dropPlacement(region: string, rid: number): void {
    this.#placements.delete(`${region}/${rid}`);
  }

  putJob(job: JobRecord): void {
    this.#jobs.set(job.id, job);
  }

  dropJob(id: string): void {
    this.#jobs.delete(id);
  }

  /** Takes a region's state unless a newer one is known already. */
  putRegion(state: RegionState, version: number): void {
    const known = this.#regions.get(state.region);
    if (known !== undefined && known.version >= version) return;
    this.#regions.set(state.region, { state, version });
    this.#changed(this.tablesOf(state.region));
  }

  dropRegion(name: string): void {
    this.#regions.delete(name);
    this.#changed(this.tablesOf(name));
  }

  /** Replaces the list of servers that live; tells whose coming or going it notices. */
  setOnline(
    live: readonly LiveServer[],
  ): { readonly came: LiveServer[]; readonly left: LiveServer[] } {
    const now = new Map(live.map((each) => [each.rid, each]));
    const left = this.online.filter(({ rid }) => !now.has(rid));
    const came = live.filter((each) => {
      const before = this.#online.get(each.rid);
      return before?.incarnation !== each.incarnation || before.status !== each.status;
    });
    this.#online.clear();
    for (const each of live) this.#online.set(each.rid, each);
    const touched = new Set([...came, ...left].map(({ rid }) => rid));
    if (touched.size > 0) this.#changed(this.#tablesOn(touched));
    return { came, left };
  }

  /** The answer takes the listener off again. */
  onRoutes(listener: RouteListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves at the next change of a route; `stop` lets go of it. */
  nextChange(): { readonly changed: Promise<void>; readonly stop: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.onRoutes(() => resolve());
    return { changed: promise, stop };
  }

  #tablesOn(rids: ReadonlySet<number>): string[] {
    return this.regions.flatMap(({ state }) =>
      state.replicas.some((rid) => rids.has(rid)) ? this.tablesOf(state.region) : []
    );
  }

  #unlink({ region, name }: TableRecord): void {
    const siblings = this.#tablesOf.get(region);
    siblings?.delete(name);
    if (siblings?.size === 0) this.#tablesOf.delete(region);
  }

  #changed(tables: readonly string[]): void {
    if (tables.length === 0) return;
    const names = new Set(tables);
    for (const listener of this.#listeners) listener(names);
  }
}

export function refOf({ rid, host, port, zone }: ServerRef): ServerRef {
  return { rid, host, port, zone };
}
