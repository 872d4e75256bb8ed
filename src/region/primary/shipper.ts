/**
 * Ships the log to one other replica: finds out where its log stands, has it cut off what parts
 * from this one, and sends entries as they come, several calls at a time. A link that breaks is
 * made again, for as long as this server is the region's primary.
 */
import { Deferred } from "../../base/deferred.ts";
import { pause } from "../../cluster/pause.ts";
import type { LogEntry } from "../../ports/log.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Answer } from "../../protocol/messages.ts";
import type { Caller } from "../../rpc/caller.ts";
import { differenceOf } from "../apply.ts";
import type { RegionCopy } from "../copy.ts";
import type { Directory } from "../directory.ts";
import { matchOf } from "../log_match.ts";
import type { Quorum } from "./quorum.ts";

export interface ShipperDeps {
  readonly copy: RegionCopy;
  readonly directory: Directory;
  readonly quorum: Quorum;
  readonly self: { readonly rid: number };
  readonly epoch: number;
  /** Why its copy is known to be wrong, whatever it thinks of it; null where it is not. */
  readonly wrong: string | null;
  /** Entries appended by this primary, whether or not they are on disk here. */
  readonly unsaved: (from: number) => readonly LogEntry[];
  /** Something about this replica has changed. */
  readonly changed: () => void;
  /** A replica knows of a newer epoch: this primary's time is over. */
  readonly deposed: (why: string) => void;
}

interface Followed {
  readonly caller: Caller;
  readonly incarnation: string;
}

const RETRY_MS = 100;
/** While a replica copies, it is looked at again so often. */
const LOOK_MS = 200;

export class Shipper {
  readonly rid: number;
  readonly #deps: ShipperDeps;
  #news = new Deferred<void>();
  #followed: Followed | null = null;
  #incarnation = "";
  #next = 0;
  #onWay = 0;
  #bytesOnWay = 0;
  #told = -1;
  #lostAt: number | null;
  #unfit: string | null = null;
  #wrong: string | null;
  /** Its log may be relied on, as it follows this one. */
  #isMatched = false;
  #applied = 0;

  constructor(rid: number, deps: ShipperDeps) {
    this.rid = rid;
    this.#deps = deps;
    this.#wrong = deps.wrong;
    this.#lostAt = deps.copy.deps.clock.now();
  }

  /** The process that follows, or did so last; empty before the first. */
  get incarnation(): string {
    return this.#incarnation;
  }

  /** Since when it does not follow; null while it does. */
  get lostAt(): number | null {
    return this.#lostAt;
  }

  /** Its server is known not to be in the cluster now. */
  get isGone(): boolean {
    const { directory } = this.#deps;
    return directory.isCurrent && directory.server(this.rid) === null;
  }

  /** Why its copy serves nothing; null where it serves. */
  get unfit(): string | null {
    return this.#unfit;
  }

  get isMatched(): boolean {
    return this.#isMatched;
  }

  get applied(): number {
    return this.#applied;
  }

  /** The position it is known to hold, of this epoch. */
  get held(): number {
    return this.#deps.quorum.heldBy({ rid: this.rid, incarnation: this.#incarnation });
  }

  /** There is something to send, or a commit to tell. */
  wake(): void {
    this.#news.resolve();
  }

  /** Resolves when the replica has answered something that was sent after this call. */
  async confirm(timeoutMs: number): Promise<void> {
    const { copy, self, epoch, quorum } = this.#deps;
    if (this.#followed === null) {
      throw new MinisqlError("UNAVAILABLE", `Server ${this.rid} does not answer`);
    }
    const { caller, incarnation } = this.#followed;
    const before = this.#next - 1;
    await caller.call("replicate", {
      ...{ region: copy.region, epoch, from: self.rid, to: incarnation, entries: [] },
      previous: { epoch: copy.deps.log.epochAt(copy.region, before) ?? 0, seq: before },
      committed: quorum.committed.value,
    }, { timeoutMs });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, reporter } = this.#deps.copy.deps;
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof MinisqlError)) throw error;
        if (error.code === "STALE_EPOCH") this.#deps.deposed(error.message);
        reporter.log("debug", `Cannot ship to replica ${this.rid}: ${error.message}`);
        this.#lose(error.code === "TIMEOUT" ? -Infinity : clock.now());
        await pause(clock, RETRY_MS, signal, [this.#deps.directory.changed]);
      }
    }
  }

  #lose(at: number): void {
    this.#isMatched = false;
    this.#followed = null;
    if (this.#lostAt === null || at < this.#lostAt) this.#lostAt = at;
    this.#deps.changed();
  }

  /** From the first question to the first failure. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { copy, directory, self, epoch } = this.#deps;
    const { callMs } = copy.deps.limits;
    const channel = directory.channel(this.rid);
    if (channel === null) {
      throw new MinisqlError("UNAVAILABLE", `Server ${this.rid} is not there`);
    }
    const { caller } = await channel.connect(callMs, signal);
    while (!signal.aborted) {
      const answer = await caller.call(
        "follow",
        { region: copy.region, epoch, from: self.rid },
        { timeoutMs: callMs, signal },
      );
      this.#incarnation = answer.incarnation;
      const followed = { caller, incarnation: answer.incarnation };
      const match = await this.#match(followed, answer, signal);
      if (match !== null) await this.#ship(followed, answer, match, signal);
      else await pause(copy.deps.clock, LOOK_MS, signal, [caller.closed]);
    }
  }

  /** Where its log goes on from; null while it cannot, since rows are being copied first. */
  async #match(
    { caller, incarnation }: Followed,
    answer: Answer<"follow">,
    signal: AbortSignal,
  ): Promise<number | null> {
    const { copy, self, epoch } = this.#deps;
    const addressed = { region: copy.region, epoch, from: self.rid, to: incarnation };
    const options = { timeoutMs: copy.deps.limits.callMs, signal };
    this.#unfit = answer.unfit ?? this.#wrong;
    this.#challenge(caller, answer);
    const theirs = { base: answer.base, epochs: answer.epochs };
    const match = answer.epochs.length === 0 ? null : matchOf(copy.held, theirs);
    const isLogUsable = match !== null && (answer.unfit !== null || match >= answer.applied);
    if (this.#unfit !== null || !isLogUsable) {
      const reason = this.#unfit ?? "its log has parted from the primary's";
      this.#unfit = reason;
      if (!answer.syncing) await caller.call("resync", { ...addressed, reason }, options);
      this.#wrong = null;
    }
    if (!isLogUsable) return null;
    const last = answer.epochs.at(-1)?.seq ?? 0;
    if (last > match) await caller.call("rewind", { ...addressed, seq: match }, options);
    return match;
  }

  /**
   * It says that it holds something else than this copy did at that position. Which of the two is
   * wrong is for all copies to say: it is told to look at itself.
   */
  #challenge(caller: Caller, { applied, fingerprints }: Answer<"follow">): void {
    const { copy, epoch } = this.#deps;
    if (applied > copy.applied.value) return;
    const tables = Object.entries(fingerprints).flatMap(([table, theirs]) => {
      const mine = copy.history.at(table, applied);
      return mine === null || differenceOf(theirs, mine) === null ? [] : [table];
    });
    if (tables.length === 0) return;
    const { region, deps: { limits } } = copy;
    // Should it not be heard, the next vote or count finds the same.
    caller.call("challenge", { region, epoch, tables }, { timeoutMs: limits.callMs })
      .catch(() => {});
  }

  async #ship(
    followed: Followed,
    answer: Answer<"follow">,
    match: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { quorum, changed, copy } = this.#deps;
    const { clock, limits } = copy.deps;
    this.#followed = followed;
    this.#next = match + 1;
    this.#onWay = this.#bytesOnWay = 0;
    this.#told = -1;
    this.#applied = answer.applied;
    this.#isMatched = true;
    this.#lostAt = null;
    quorum.acknowledged({ rid: this.rid, incarnation: followed.incarnation }, match);
    changed();
    const broken = new AbortController();
    void followed.caller.closed.then((why) =>
      broken.abort(new MinisqlError("UNAVAILABLE", `Its link is gone: ${why}`))
    );
    const either = AbortSignal.any([signal, broken.signal]);
    let lookAt = clock.now() + limits.beatMs;
    while (!either.aborted) {
      const news = this.#news.settled ? this.#news = new Deferred() : this.#news;
      await this.#sendAll(followed, broken, either);
      await pause(clock, limits.beatMs, either, [news.promise]);
      if (!news.settled) this.#told = -1;
      if (this.#unfit === null || clock.now() < lookAt) continue;
      await this.#requireCopying(followed, either);
      lookAt = clock.now() + limits.beatMs;
    }
    either.throwIfAborted();
  }

  /** Its copy may have been made, and be found wrong again before anybody was told. */
  async #requireCopying({ caller }: Followed, signal: AbortSignal): Promise<void> {
    const { copy, self, epoch } = this.#deps;
    const request = { region: copy.region, epoch, from: self.rid };
    const options = { timeoutMs: copy.deps.limits.callMs, signal };
    const { unfit, syncing } = await caller.call("follow", request, options);
    if (unfit !== null && !syncing) throw new MinisqlError("DIVERGED", unfit);
  }

  /** Sends what there is, as far as may be on the way at once. */
  async #sendAll(
    followed: Followed,
    broken: AbortController,
    signal: AbortSignal,
  ): Promise<void> {
    const { limits } = this.#deps.copy.deps;
    while (!signal.aborted) {
      if (this.#onWay >= limits.entriesOnWay || this.#bytesOnWay >= limits.bytesOnWay) return;
      const entries = await this.#nextEntries();
      const committed = this.#deps.quorum.committed.value;
      if (entries.length === 0 && committed === this.#told) return;
      this.#send(followed, entries, committed, broken);
    }
  }

  async #nextEntries(): Promise<readonly LogEntry[]> {
    const { copy, unsaved } = this.#deps;
    const { region, deps: { log, limits } } = copy;
    if (this.#next > log.last(region).seq) return [];
    const fresh = unsaved(this.#next);
    if (fresh.length > 0) return bounded(fresh, limits.entriesOnWay, limits.bytesOnWay / 4);
    return await log.read(region, this.#next, {
      entries: limits.entriesOnWay,
      bytes: limits.bytesOnWay / 4,
    });
  }

  #send(
    { caller, incarnation }: Followed,
    entries: readonly LogEntry[],
    committed: number,
    broken: AbortController,
  ): void {
    const { copy, self, epoch, quorum } = this.#deps;
    const { log, limits } = copy.deps;
    const before = this.#next - 1;
    const previous = { epoch: log.epochAt(copy.region, before) ?? 0, seq: before };
    const bytes = entries.reduce((sum, { body }) => sum + body.length, 0);
    this.#next += entries.length;
    this.#onWay += entries.length;
    this.#bytesOnWay += bytes;
    this.#told = committed;
    const request = {
      ...{ region: copy.region, epoch, from: self.rid, to: incarnation, previous, committed },
      entries: entries.map(({ epoch, seq, body }) => ({ epoch, seq, body })),
    };
    caller.call("replicate", request, { timeoutMs: limits.ackMs }).then((answer) => {
      this.#onWay -= entries.length;
      this.#bytesOnWay -= bytes;
      this.#applied = answer.applied;
      if (answer.unfit !== null && this.#unfit === null) {
        broken.abort(new MinisqlError("DIVERGED", answer.unfit));
      }
      const isNews = this.#unfit !== null || !quorum.has({ rid: this.rid, incarnation });
      if (answer.unfit === null) this.#unfit = null;
      quorum.acknowledged({ rid: this.rid, incarnation }, before + entries.length);
      // Whoever is in sync stays so by acknowledging: in most calls there is nothing to look at.
      if (isNews) this.#deps.changed();
      if (this.#next <= log.last(copy.region).seq) this.wake();
    }, (error) => broken.abort(error));
  }
}

function bounded(
  entries: readonly LogEntry[],
  count: number,
  bytesMax: number,
): readonly LogEntry[] {
  let bytes = 0;
  for (let at = 0; at < entries.length && at < count; at++) {
    bytes += entries[at]?.body.length ?? 0;
    if (bytes > bytesMax && at > 0) return entries.slice(0, at);
  }
  return entries.slice(0, count);
}
