/**
 * Watches whether a region's primary lives: by a link to it, which breaks with its process, and by
 * its node, which goes with its session. A suspicion is no proof, and need not be: whoever takes
 * over makes sure by its epoch that the old primary commits nothing more.
 */
import { pause } from "../cluster/pause.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { RegionState } from "../protocol/model.ts";
import type { RegionCopy } from "./copy.ts";
import type { Directory } from "./directory.ts";

export interface WatchmanDeps {
  readonly copy: RegionCopy;
  readonly directory: Directory;
  /** When this replica last heard from its primary. */
  readonly heardAt: () => number;
  readonly onSuspect: (epoch: number, why: string) => void;
}

const RETRY_MS = 200;

export class Watchman {
  readonly #deps: WatchmanDeps;
  #watching: { readonly key: string; readonly stop: AbortController } | null = null;

  constructor(deps: WatchmanDeps) {
    this.#deps = deps;
  }

  /** Watches the primary of this state from now on, and nobody where there is none. */
  watch(state: RegionState | null, self: number): void {
    const primary = state?.primary ?? null;
    const isOther = state?.state === "open" && primary !== null && primary !== self;
    const key = isOther ? `${primary} ${state.epoch}` : "";
    if (this.#watching?.key === key) return;
    this.#watching?.stop.abort(new MinisqlError("CANCELLED", "Another primary is watched"));
    this.#watching = null;
    if (!isOther) return;
    const stop = new AbortController();
    this.#watching = { key, stop };
    void this.#run(state, primary, stop.signal);
  }

  stop(): void {
    this.watch(null, 0);
  }

  async #run(state: RegionState, primary: number, signal: AbortSignal): Promise<void> {
    const { copy: { deps: { clock } }, directory, onSuspect } = this.#deps;
    while (!signal.aborted) {
      const why = await this.#look(state, primary, signal);
      if (signal.aborted) return;
      // A link that broke is looked into at once; what was found wrong, again a little later.
      if (why === "") continue;
      if (why !== null) onSuspect(state.epoch, why);
      await pause(clock, RETRY_MS, signal, [directory.changed]);
    }
  }

  /** A link that is only stalled does not break: the primary has something to say every so often. */
  async #whileHeard(signal: AbortSignal, sooner: readonly Promise<unknown>[]): Promise<void> {
    const { copy: { deps: { clock, limits } }, heardAt } = this.#deps;
    let isOver = false;
    const over = () => isOver = true;
    for (const each of sooner) each.then(over, over);
    const since = clock.now();
    while (!isOver && !signal.aborted) {
      const quiet = clock.now() - Math.max(since, heardAt());
      if (quiet >= limits.silentMs) return;
      // Never so short that the time does not move by it.
      await pause(clock, Math.max(1, limits.silentMs - quiet), signal, sooner);
    }
  }

  /**
   * Resolves when something is wrong, with what; with null when it is to be looked at again a little
   * later, and with nothing said when at once.
   */
  async #look(state: RegionState, primary: number, signal: AbortSignal): Promise<string | null> {
    const { copy: { region, deps: { clock, limits } }, directory } = this.#deps;
    const server = directory.server(primary);
    if (server === null) return directory.isCurrent ? "its node is gone" : null;
    const served = state.isr.find(({ rid }) => rid === primary)?.incarnation;
    if (served !== server.incarnation && directory.isCurrent) return "its process has ended";
    const channel = directory.channel(primary);
    if (channel === null) return null;
    try {
      const { caller } = await channel.connect(limits.pingMs, signal);
      const { replicas } = await caller.call("replicas", { region }, {
        timeoutMs: limits.ackMs,
        signal,
      });
      const [theirs] = replicas;
      if (theirs === undefined) return "it holds no such region any more";
      if (theirs.role !== "primary" && theirs.epoch <= state.epoch) {
        // It may be about to take its office; a moment later it is asked again.
        await pause(clock, limits.pingMs, signal, [directory.changed]);
        const [later] = (await caller.call("replicas", { region }, {
          timeoutMs: limits.ackMs,
          signal,
        })).replicas;
        if (later?.role !== "primary") return `it is ${later?.role ?? "nothing"} and does not lead`;
      }
      await this.#whileHeard(signal, [caller.closed, directory.changed]);
      return "";
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      return error.code === "UNAVAILABLE" || error.code === "TIMEOUT" ||
          error.code === "OUTCOME_UNKNOWN"
        ? `it does not answer: ${error.message}`
        : null;
    }
  }
}
