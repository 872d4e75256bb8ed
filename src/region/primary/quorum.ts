/**
 * What is committed: held on disk by every replica in sync. While a change of the set is under way
 * both the old and the new one must hold it. An acknowledgement counts for the process that gave it
 * and no other.
 */
import type { Infer } from "../../base/shape.ts";
import type { replicaShape } from "../../protocol/model.ts";
import { Watermark } from "../watermark.ts";

export type Member = Infer<typeof replicaShape>;

interface Held {
  readonly incarnation: string;
  readonly seq: number;
}

export class Quorum {
  readonly committed: Watermark;
  /**
   * What every replica in sync has said to hold in this epoch. Until then one of them may hold more
   * than this primary, of an epoch before it, and what that was is not known to be undone.
   */
  readonly agreed = new Watermark(-1);
  readonly #self: Member;
  readonly #held = new Map<number, Held>();
  #local: number;
  #members: readonly Member[];
  #proposed: readonly Member[] = [];
  #min: number;

  /** `committed` is known from before; everything after it must be acknowledged in this epoch. */
  constructor(self: Member, members: readonly Member[], min: number, committed: number) {
    this.#self = self;
    this.#members = members;
    this.#min = min;
    this.#local = committed;
    this.committed = new Watermark(committed);
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  get isChanging(): boolean {
    return this.#proposed.length > 0;
  }

  has({ rid, incarnation }: Member): boolean {
    return this.#members.some((each) => each.rid === rid && each.incarnation === incarnation);
  }

  /** A change of the set has been sent off: from now on both must hold what is committed. */
  propose(members: readonly Member[]): void {
    this.#proposed = members;
  }

  /** The set as it is known to be; what was proposed is settled. */
  settle(members: readonly Member[], min: number): void {
    this.#members = members;
    this.#min = min;
    this.#proposed = [];
    this.#advance();
  }

  /** This server's own log is on disk up to `seq`. */
  local(seq: number): void {
    this.#local = Math.max(this.#local, seq);
    this.#advance();
  }

  /** A replica holds everything up to `seq`, as this epoch's primary has it. */
  acknowledged({ rid, incarnation }: Member, seq: number): void {
    const held = this.#held.get(rid);
    if (held?.incarnation === incarnation && held.seq >= seq) return;
    this.#held.set(rid, { incarnation, seq });
    this.#advance();
  }

  /** What a replica holds; -1 where that is not known in this epoch, of this process. */
  heldBy({ rid, incarnation }: Member): number {
    if (rid === this.#self.rid && incarnation === this.#self.incarnation) return this.#local;
    const held = this.#held.get(rid);
    return held?.incarnation === incarnation ? held.seq : -1;
  }

  #advance(): void {
    if (this.#members.length < this.#min) return;
    let lowest = this.#local;
    for (const each of this.#members) lowest = Math.min(lowest, this.heldBy(each));
    for (const each of this.#proposed) lowest = Math.min(lowest, this.heldBy(each));
    this.agreed.raise(lowest);
    this.committed.raise(lowest);
  }
}
