/** Watches `/servers`: who lives. What a watch misses, a look every few seconds finds. */
import { unlessMissing } from "../cluster/nodes.ts";
import { pause } from "../cluster/pause.ts";
import type { Clock } from "../ports/clock.ts";
import type { LiveServer } from "../protocol/model.ts";
import type { ClusterView } from "./view.ts";
import type { ZkSyncManager } from "./zk_sync_manager.ts";

export interface ServersChange {
  readonly came: readonly LiveServer[];
  readonly left: readonly LiveServer[];
}

export interface RegionWatcherOptions {
  readonly rereadMs: number;
  readonly onChange: (change: ServersChange) => void;
}

export class RegionWatcher {
  readonly #zk: ZkSyncManager;
  readonly #view: ClusterView;
  readonly #clock: Clock;
  readonly #options: RegionWatcherOptions;

  constructor(
    deps: { readonly zk: ZkSyncManager; readonly view: ClusterView; readonly clock: Clock },
    options: RegionWatcherOptions,
  ) {
    this.#zk = deps.zk;
    this.#view = deps.view;
    this.#clock = deps.clock;
    this.#options = options;
  }

  /** The region servers that live, as far as is known now. */
  getOnlineRegions(): readonly LiveServer[] {
    return this.#view.online;
  }

  /** Reads the list once, whatever the watch says. */
  async refresh(): Promise<void> {
    const names = await this.#zk.session.children(this.#zk.paths.servers).catch(unlessMissing);
    const change = this.#view.setOnline(await this.#zk.servers(names ?? []));
    if (change.came.length + change.left.length > 0) this.#options.onChange(change);
  }

  /** Keeps the list until the signal aborts. Raises what the session raises. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const watched = await this.#zk.session.observeChildren(this.#zk.paths.servers);
      await this.refresh();
      await pause(this.#clock, this.#options.rereadMs, signal, [watched.changed]);
      watched.release();
    }
  }
}
