/** What the master does by itself: it marks servers, replaces lost copies, and evens out the load. */
import { backoffDelay, type BackoffPolicy } from "../base/backoff.ts";
import type { Clock } from "../ports/clock.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { JobRecord } from "../protocol/model.ts";
import { balance, type Option } from "./balance.ts";
import { candidatesOf, isLeaving, takesRegions } from "./candidates.ts";
import { drainsOf, type DrainWork } from "./drain_work.ts";
import type { Jobs } from "./jobs.ts";
import type { Candidate } from "./placement.ts";
import { repairsNeeded } from "./repair.ts";
import { isInSync } from "./replica_steps.ts";
import type { Transfers } from "./transfers.ts";
import type { ClusterView } from "./view.ts";
import type { Visits } from "./visits.ts";
import type { ZkSyncManager } from "./zk_sync_manager.ts";

export interface UpkeepDeps {
  readonly clock: Clock;
  readonly view: ClusterView;
  readonly zk: ZkSyncManager;
  readonly jobs: Jobs;
  readonly transfers: Transfers;
  readonly drains: DrainWork;
  readonly visits: Visits;
}

export interface UpkeepOptions {
  /** A server that is away for so long is not waited for any longer. */
  readonly repairAfterMs: number;
  /** How often the load is looked at; null for never. */
  readonly balanceMs: number | null;
  /** Visits a second below which a server is never busy. */
  readonly balanceThreshold: number;
}

export const UPKEEP: UpkeepOptions = {
  repairAfterMs: 300_000,
  balanceMs: 60_000,
  balanceThreshold: 100,
};

/** Another attempt at a region whose repair has failed waits the longer, the more have. */
const AGAIN: BackoffPolicy = { initialMs: 10_000, limitMs: 600_000 };
/** Regions that a server is copied from, or copies, at a time. */
const TRANSFERS_MAX = 4;
/** A region that has been moved stays where it is for so many looks at the load. */
const COOL_DOWN_LOOKS = 10;

export class Upkeep {
  readonly #deps: UpkeepDeps;
  readonly #options: UpkeepOptions;
  readonly #awaySince = new Map<number, number>();
  /** Repairs of a region that have failed one after the other, and when the next may begin. */
  readonly #failed = new Map<string, { readonly times: number; readonly until: number }>();
  /** Until when a region is not moved again. */
  readonly #cooling = new Map<string, number>();
  #balancedAt: number;

  constructor(deps: UpkeepDeps, options: UpkeepOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#balancedAt = deps.clock.now();
  }

  /** One look at everything; what it begins goes on by itself. */
  async look(): Promise<void> {
    this.#noteAway();
    await this.#markServers();
    await this.#resumeDrains();
    await this.#repair();
    await this.#balance();
  }

  #noteAway(): void {
    const { view, clock } = this.#deps;
    const holders = new Set(view.regions.flatMap(({ state }) => state.replicas));
    for (const rid of this.#awaySince.keys()) {
      if (!holders.has(rid) || view.live(rid) !== null) this.#awaySince.delete(rid);
    }
    for (const rid of holders) {
      if (view.live(rid) !== null || this.#awaySince.has(rid)) continue;
      this.#awaySince.set(rid, clock.now());
    }
  }

  /** A server's node says what it is meant for, also after it has come back. */
  async #markServers(): Promise<void> {
    const { view, zk } = this.#deps;
    for (const { rid, status } of view.online) {
      const meant = isLeaving(view, rid) ? view.server(rid)?.status ?? status : "online";
      if (meant === status) continue;
      const marked = await zk.markServer(rid, meant);
      if (marked === null) continue;
      view.setOnline(view.online.map((live) => (live.rid === rid ? marked : live)));
    }
  }

  /** A drain that nobody works on any more is taken up anew. */
  async #resumeDrains(): Promise<void> {
    const { view, drains, jobs } = this.#deps;
    for (const server of view.servers) {
      if (server.status !== "draining") continue;
      const isWorkedOn = drainsOf(view, server.rid).some(({ id, state }) =>
        state === "running" || jobs.isUnderWay(id)
      );
      if (!isWorkedOn) await drains.begin(server);
    }
  }

  async #repair(): Promise<void> {
    const { view, clock, transfers } = this.#deps;
    const isOnline = (rid: number) => view.live(rid) !== null;
    const needs = repairsNeeded({
      regions: view.regions.map(({ state }) => state),
      isOnline,
      isLost: (rid) => this.#isLost(rid),
    });
    if (needs.length === 0) return;
    const { sources, targets } = this.#underWay();
    const candidates = candidatesOf(view);
    for (const { region, primary, instead, reason } of needs) {
      const isEarly = clock.now() < (this.#failed.get(region)?.until ?? 0);
      if (isEarly || sources.isFull(primary) || transfers.workOn(region) !== null) continue;
      const free = candidates.filter(({ rid }) => !targets.isFull(rid));
      const to = transfers.target(region, instead, free);
      if (to === null) continue;
      sources.add(primary);
      targets.add(to);
      this.#follow(region, await transfers.add({ region, to, instead, reason }));
    }
  }

  /** Whether a server is gone for as long as it is waited for; for one that was to go, at once. */
  #isLost(rid: number): boolean {
    const { view, clock } = this.#deps;
    if (view.live(rid) !== null) return false;
    if (isLeaving(view, rid)) return true;
    const since = this.#awaySince.get(rid);
    return since !== undefined && clock.now() - since >= this.#options.repairAfterMs;
  }

  /** How many regions are being copied from and to each server. */
  #underWay(): { readonly sources: Busy; readonly targets: Busy } {
    const { view, transfers } = this.#deps;
    const sources = new Busy();
    const targets = new Busy();
    for (const { request } of transfers.running) {
      const { region, to } = request as { readonly region: string; readonly to: number };
      const primary = view.region(region)?.state.primary ?? null;
      if (primary !== null) sources.add(primary);
      targets.add(to);
    }
    return { sources, targets };
  }

  #follow(region: string, job: JobRecord): void {
    const { clock, jobs } = this.#deps;
    const failed = (error: unknown) => {
      if (!(error instanceof MinisqlError)) return;
      const times = (this.#failed.get(region)?.times ?? 0) + 1;
      const until = clock.now() + backoffDelay(AGAIN, times - 1, () => 1);
      this.#failed.set(region, { times, until });
    };
    jobs.finish(job).then(() => this.#failed.delete(region), failed);
  }

  async #balance(): Promise<void> {
    const { clock, view, visits, transfers } = this.#deps;
    const { balanceMs, balanceThreshold } = this.#options;
    const now = clock.now();
    const sinceMs = now - this.#balancedAt;
    if (balanceMs === null || sinceMs < balanceMs) return;
    this.#balancedAt = now;
    const taken = visits.take();
    for (const [region, until] of this.#cooling) if (until <= now) this.#cooling.delete(region);
    // What is under way changes the load: the next look sees how.
    if (transfers.running.length > 0) return;
    const servers = view.online.flatMap(({ rid }) =>
      takesRegions(view, rid) ? [taken.get(rid) ?? { rid, visits: 0, regions: new Map() }] : []
    );
    const candidates = candidatesOf(view);
    const moves = balance({
      servers,
      threshold: balanceThreshold * sinceMs / 1000,
      option: (region, from, to) => this.#option(region, from, to, candidates),
    });
    for (const { region, from, to, what } of moves) {
      this.#cooling.set(region, now + COOL_DOWN_LOOKS * balanceMs);
      const reason = `server ${from} has far more to do than server ${to}`;
      const role = what === "role" ? { role: true } : {};
      await transfers.move({ region, from, to, reason, ...role });
    }
  }

  #option(
    region: string,
    from: number,
    to: number,
    candidates: readonly Candidate[],
  ): Option {
    const { view, transfers } = this.#deps;
    const state = view.region(region)?.state;
    if (state?.state !== "open" || transfers.workOn(region) !== null) return null;
    if (this.#cooling.has(region) || !state.replicas.includes(from)) return null;
    if (state.replicas.includes(to)) {
      return state.primary === from && isInSync(view, state, to) ? "role" : null;
    }
    const only = candidates.filter(({ rid }) => rid === to);
    return transfers.target(region, from, only) === null ? null : "copy";
  }
}

/** Servers that copy, each only so many regions at a time, lest its clients are slowed. */
class Busy {
  readonly #counts = new Map<number, number>();

  add(rid: number): void {
    this.#counts.set(rid, (this.#counts.get(rid) ?? 0) + 1);
  }

  isFull(rid: number): boolean {
    return (this.#counts.get(rid) ?? 0) >= TRANSFERS_MAX;
  }
}
