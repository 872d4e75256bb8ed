/** Copies a region anew from its primary, again and again until it is done or the primary changes. */
import { backoffDelay, type BackoffPolicy } from "../base/backoff.ts";
import { pause } from "../cluster/pause.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { ClusterEvent } from "../protocol/events.ts";
import type { Applier } from "./applier.ts";
import type { RegionCopy } from "./copy.ts";
import { type CopyProgress, copyRegion, type RegionCopied } from "./copy/copy_region.ts";
import type { Directory } from "./directory.ts";
import type { Leader } from "./follower.ts";
import type { OpenQuarantine } from "./quarantine_files.ts";

export interface CopyingDeps {
  readonly copy: RegionCopy;
  readonly applier: Applier;
  readonly directory: Directory;
  /** This server's number; null before it has been given it again. */
  readonly rid: () => number | null;
  /** Opens a place for what is replaced; null where nothing is kept aside. */
  readonly quarantine: (() => OpenQuarantine) | null;
  readonly throttle: (signal: AbortSignal) => Promise<void>;
  /** It has ended well, and the copy serves again. */
  readonly onRestored: () => void;
}

const RETRY: BackoffPolicy = { initialMs: 200, limitMs: 5000 };

export class Copying {
  readonly #deps: CopyingDeps;
  #running: { readonly leader: Leader; readonly stop: AbortController } | null = null;
  #ended: Promise<void> = Promise.resolve();
  #progress: CopyProgress | null = null;

  constructor(deps: CopyingDeps) {
    this.#deps = deps;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  get progress(): CopyProgress | null {
    return this.#progress;
  }

  /** Begins; one that is running for the same leader goes on. */
  start(leader: Leader, reason: string): void {
    const running = this.#running;
    if (running?.leader.epoch === leader.epoch && running.leader.rid === leader.rid) return;
    this.#deps.copy.distrust(reason);
    running?.stop.abort(new MinisqlError("CANCELLED", "The primary has changed"));
    const stop = new AbortController();
    const mine = { leader, stop };
    this.#running = mine;
    const before = this.#ended;
    this.#ended = (async () => {
      await before;
      await this.#run(leader, reason, stop.signal);
      if (this.#running === mine) this.#running = null;
      this.#progress = null;
    })();
  }

  async stop(): Promise<void> {
    this.#running?.stop.abort(new MinisqlError("CANCELLED", "Copying was stopped"));
    this.#running = null;
    await this.#ended;
  }

  async #run(leader: Leader, reason: string, signal: AbortSignal): Promise<void> {
    const { copy, applier } = this.#deps;
    const { region } = copy;
    this.#report((rid) => ({ event: "sync.started", region, rid, from: leader.rid, reason }));
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await applier.stop();
        await copy.spoil(reason);
        const done = await this.#copy(leader, signal);
        await this.#makeDurable(signal);
        await copy.restored();
        applier.start();
        this.#tell(done);
        return this.#deps.onRestored();
      } catch (error) {
        if (signal.aborted) return;
        await this.#rest((error as Error).message, attempt, signal);
      }
    }
  }

  /**
   * What was copied is in no log here, from which a database could get back what it loses. One that
   * cannot write it out has not lost it yet: it need not be copied again.
   */
  async #makeDurable(signal: AbortSignal): Promise<void> {
    const { engine } = this.#deps.copy.deps;
    for (let attempt = 0;; attempt++) {
      signal.throwIfAborted();
      try {
        return await engine.makeDurable();
      } catch (error) {
        const why = `what was copied could not be written out: ${(error as Error).message}`;
        await this.#rest(why, attempt, signal);
      }
    }
  }

  async #rest(why: string, attempt: number, signal: AbortSignal): Promise<void> {
    const { region, deps: { clock, random, reporter } } = this.#deps.copy;
    reporter.log("debug", `Cannot copy region ${region}: ${why}`);
    this.#report((rid) => ({ event: "sync.failed", region, rid, reason: why }));
    await pause(clock, backoffDelay(RETRY, attempt, () => random.next()), signal);
  }

  async #copy(leader: Leader, signal: AbortSignal): Promise<RegionCopied> {
    const aside = this.#deps.quarantine?.() ?? null;
    try {
      return await this.#copyFrom(leader, aside, signal);
    } finally {
      aside?.close();
    }
  }

  async #copyFrom(
    leader: Leader,
    aside: OpenQuarantine | null,
    signal: AbortSignal,
  ): Promise<RegionCopied> {
    const { copy, directory, throttle } = this.#deps;
    const { engine, clock, reporter, log, limits } = copy.deps;
    const channel = directory.channel(leader.rid);
    if (channel === null) {
      throw new MinisqlError(
        "UNAVAILABLE",
        `Cannot reach server ${leader.rid}: nobody knows where`,
      );
    }
    const { caller } = await channel.connect(limits.callMs, signal);
    return await copyRegion({ engine, clock, reporter, call: caller }, {
      ...{ region: copy.region, epoch: leader.epoch, tables: copy.tables, signal },
      ...{ quarantine: aside?.keep ?? null, throttle },
      onProgress: (progress) => this.#progress = progress,
      opened: async (position) => {
        const goesOn = copy.isLogWhole && log.first(copy.region) <= position.seq + 1 &&
          log.last(copy.region).seq >= position.seq &&
          log.epochAt(copy.region, position.seq) === position.epoch;
        if (!goesOn) await copy.resetLog(position);
      },
    });
  }

  #report(event: (rid: number) => ClusterEvent): void {
    const rid = this.#deps.rid();
    if (rid !== null) this.#deps.copy.deps.reporter.event(event(rid));
  }

  #tell({ rows, bytes, ms, perTable }: RegionCopied): void {
    const { region } = this.#deps.copy;
    this.#report((rid) => ({ event: "sync.finished", region, rid, rows, bytes, ms }));
    for (const { table, copied, removed } of perTable) {
      const changed = Math.max(copied, removed);
      if (changed === 0) continue;
      this.#report((rid) => ({ event: "copy.repaired", region, table, rid, rows: changed, ms }));
    }
  }
}
