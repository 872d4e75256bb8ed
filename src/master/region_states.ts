/** Watches `/regions`: each region's epoch, primary and in-sync set, as their primaries change them. */
import { readNode } from "../cluster/nodes.ts";
import { pause } from "../cluster/pause.ts";
import type { Clock } from "../ports/clock.ts";
import type { Observed } from "../ports/coordinator.ts";
import type { Reporter } from "../ports/reporter.ts";
import { regionStateShape } from "../protocol/model.ts";
import type { ClusterView } from "./view.ts";
import type { ZkSyncManager } from "./zk_sync_manager.ts";

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
    const { zk, clock } = this.#deps;
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => {});
    try {
      while (!signal.aborted) {
        const watched = await zk.session.observeChildren(zk.paths.regions);
        this.#compare(watched.value, (error) => failed.reject(error));
        const change = pause(clock, this.#rereadMs, signal, [watched.changed]);
        await Promise.race([change, failed.promise]);
        watched.release();
      }
    } finally {
      for (const abort of this.#followed.values()) abort.abort();
      this.#followed.clear();
    }
  }

  #compare(names: readonly string[], fail: (error: unknown) => void): void {
    const there = new Set(names);
    for (const [name, abort] of this.#followed) if (!there.has(name)) abort.abort();
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
      const reading = readNode(regionStateShape, watched.value.data, path);
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
