/**
 * The follower's side of shipping. Whoever asks in the name of an epoch must have the highest one
 * promised here; the promise is on disk before anything is acknowledged in it.
 */
import type { LogPosition } from "../ports/log.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { Applier } from "./applier.ts";
import type { RegionCopy } from "./copy.ts";

export interface Leader {
  readonly epoch: number;
  readonly rid: number;
}

export class Follower {
  readonly #copy: RegionCopy;
  readonly #applier: Applier;
  readonly #incarnation: string;
  #leader: Leader | null = null;
  #heardAt = -Infinity;
  /** Resolves when all that was appended before is on disk; never rejects. */
  #stored: Promise<unknown> = Promise.resolve();

  constructor(copy: RegionCopy, applier: Applier, incarnation: string) {
    this.#copy = copy;
    this.#applier = applier;
    this.#incarnation = incarnation;
  }

  /** Whom this replica follows; null before anybody has asked it to. */
  get leader(): Leader | null {
    return this.#leader;
  }

  /** When the leader was last heard, by the clock. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** The highest epoch this replica has promised to, from disk. */
  get promised(): number {
    const word = this.#copy.deps.log.promised(this.#copy.region);
    return word === null ? 0 : Number(word);
  }

  /** Promises that nothing of an older epoch is taken any more; on disk when it resolves. */
  async promise(epoch: number): Promise<void> {
    this.requireCurrent(epoch);
    if (epoch > this.promised || this.#copy.deps.log.promised(this.#copy.region) === null) {
      await this.#copy.deps.log.promise(this.#copy.region, String(epoch));
    }
  }

  /** This replica leads itself from now on, or nobody does. */
  release(): void {
    this.#leader = null;
  }

  async follow(
    { epoch, from }: Request<"follow">,
    syncing: boolean,
  ): Promise<Answer<"follow">> {
    await this.promise(epoch);
    this.requireCurrent(epoch);
    this.#leader = { epoch, rid: from };
    this.#heardAt = this.#copy.deps.clock.now();
    await this.#stored;
    const copy = this.#copy;
    const held = copy.isLogWhole ? copy.held : { base: 0, epochs: [] };
    const fingerprints = Object.fromEntries(
      copy.tables.flatMap((table) => {
        const known = copy.history.latest(table);
        return known === null ? [] : [[table, known]];
      }),
    );
    return {
      incarnation: this.#incarnation,
      applied: copy.applied.value,
      ...held,
      unfit: copy.unfit,
      syncing,
      fingerprints: copy.unfit === null ? fingerprints : {},
    };
  }

  async rewind(request: Request<"rewind">): Promise<Answer<"rewind">> {
    this.#requireLeader(request);
    const copy = this.#copy;
    if (copy.unfit === null && request.seq < copy.applied.value) {
      throw new MinisqlError(
        "DIVERGED",
        `Cannot cut the log to ${request.seq}: ${copy.applied.value} is applied already`,
      );
    }
    await this.#stored;
    const { region, deps: { log } } = copy;
    // Copying, as it was told to a moment ago, it may have begun its log anew somewhere else.
    const [first, last] = [log.first(region), log.last(region).seq];
    if (request.seq < first - 1 || request.seq > last) {
      const why = `its log goes from ${first} to ${last} now`;
      throw new MinisqlError("BEHIND", `Cannot cut the log to ${request.seq}: ${why}`);
    }
    await log.truncate(region, request.seq);
    return {};
  }

  /** Takes entries. All checks are made before anything is waited for, so calls keep their order. */
  async replicate(request: Request<"replicate">): Promise<Answer<"replicate">> {
    this.#requireLeader(request);
    const { region, deps: { log } } = this.#copy;
    const last = log.last(region);
    const { previous, entries, committed } = request;
    if (previous.seq !== last.seq || previous.epoch !== last.epoch) {
      throw new MinisqlError(
        "BEHIND",
        `Cannot append after ${words(previous)}: the log of ${region} ends at ${words(last)}`,
      );
    }
    requireOrder(previous, entries);
    const stored = entries.length === 0
      ? this.#stored
      : log.append(entries.map((each) => ({ ...each, region })));
    const to = previous.seq + entries.length;
    this.#stored = stored.catch(() => {});
    await stored;
    // Meanwhile a newer epoch may have begun here, and cut off what was just stored.
    this.#requireLeader(request);
    if (log.last(region).seq < to) {
      throw new MinisqlError(
        "BEHIND",
        `Cannot acknowledge ${to}: the log of ${region} has not stored it`,
      );
    }
    this.#applier.commitTo(Math.min(committed, to));
    return { last: to, applied: this.#copy.applied.value, unfit: this.#copy.unfit };
  }

  /** Raises STALE_EPOCH for what was begun before what has been promised. */
  requireCurrent(epoch: number): void {
    const promised = Math.max(this.promised, this.#leader?.epoch ?? 0);
    if (epoch >= promised) return;
    throw new MinisqlError(
      "STALE_EPOCH",
      `Cannot take orders of epoch ${epoch} in region ${this.#copy.region}: ${promised} has begun`,
    );
  }

  #requireLeader({ epoch, from, to }: { epoch: number; from: number; to: string }): void {
    this.requireCurrent(epoch);
    if (to !== this.#incarnation) {
      throw new MinisqlError("BEHIND", `Cannot take what is meant for process ${to}: it has ended`);
    }
    if (this.#leader?.epoch === epoch && this.#leader.rid === from) {
      this.#heardAt = this.#copy.deps.clock.now();
      return;
    }
    throw new MinisqlError(
      "BEHIND",
      `Cannot take entries: server ${from} has not asked to be followed`,
    );
  }
}

function requireOrder(previous: LogPosition, entries: readonly LogPosition[]): void {
  let { epoch, seq } = previous;
  for (const each of entries) {
    if (each.seq !== seq + 1 || each.epoch < epoch) {
      throw new MinisqlError("BAD_REQUEST", `Entry ${words(each)} does not follow ${seq}`);
    }
    ({ epoch, seq } = each);
  }
}

function words({ epoch, seq }: LogPosition): string {
  return `${seq} of epoch ${epoch}`;
}
