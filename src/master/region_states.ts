/** Watches `/regions`: each region's epoch, primary and in-sync set, as their primaries change them. */
import { pause } from "../cluster/pause.ts";
import type { Clock } from "../ports/clock.ts";
import type { Observed } from "../ports/coordinator.ts";
import type { Reporter } from "../ports/reporter.ts";
import type { ClusterView } from "./view.ts";
import { readRegion, type ZkSyncManager } from "./zk_sync_manager.ts";

export interface RegionStatesDeps {
  readonly zk: ZkSyncManager;
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

export class RegionStates {
  readonly #deps: RegionStatesDeps;
  readonly #rereadMs: number;
  readonly #followed = new Map<string, AbortController>();

  constructor(deps: RegionStatesDeps, rereadMs: number) {
    this.#deps = deps;
    this.#rereadMs = rereadMs;
  }

  /** Follows every region there is until the signal aborts. Raises what the session raises. */
  async run(signal: AbortSignal): Promise<void> {
    const { zk, clock, view } = this.#deps;
    const failed = new AbortController();
    const either = AbortSignal.any([signal, failed.signal]);
    const follow = (names: readonly string[]) =>
      this.#compare(names, (error) => failed.abort(error));
    try {
      // Those that went before anybody watched are found to be gone.
      follow(view.regions.map(({ state }) => state.region));
      while (!signal.aborted) {
        failed.signal.throwIfAborted();
        const watched = await zk.session.observeChildren(zk.paths.regions);
        follow(watched.value);
        await pause(clock, this.#rereadMs, either, [watched.changed]);
        watched.release();
      }
    } finally {
      for (const abort of this.#followed.values()) abort.abort();
      this.#followed.clear();
    }
  }

  #compare(names: readonly string[], fail: (error: unknown) => void): void {
    const there = new Set(names);
    for (const [name, abort] of this.#followed) {
      if (there.has(name)) continue;
      abort.abort();
      this.#deps.view.dropRegion(name);
    }
    for (const name of names) {
      if (this.#followed.has(name)) continue;
      const abort = new AbortController();
      this.#followed.set(name, abort);
      this.#follow(name, abort.signal).catch(fail).finally(() => {
        if (this.#followed.get(name) === abort) this.#followed.delete(name);
      });
    }
  }

  /** Until the region's node is gone, or nobody wants to know any more. */
  async #follow(name: string, signal: AbortSignal): Promise<void> {
    const { zk, view, clock, reporter } = this.#deps;
    const path = zk.paths.region(name);
    let complained = "";
    while (!signal.aborted) {
      const watched: Observed<{ data: string; version: number } | null> = await zk.session.observe(
        path,
      );
      if (watched.value === null) {
        watched.release();
        return view.dropRegion(name);
      }
      const reading = readRegion(name, watched.value.data, path);
      if (reading.ok) view.putRegion(reading.value, watched.value.version);
      else if (complained !== reading.why) {
        reporter.log("error", complained = reading.why, { path });
      }
      // Each region is looked at again now and then, should a watch have been missed.
      await pause(clock, this.#rereadMs * 10, signal, [watched.changed]);
      watched.release();
    }
  }
}
