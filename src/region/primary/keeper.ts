/**
 * Keeps the in-sync set: who does not follow leaves it, who has caught up enters it, each by
 * compare-and-set on the region's node. It never shrinks below what a write needs: below that
 * nothing can be committed, so all of it still hold all there is.
 */
import { Deferred } from "../../base/deferred.ts";
import { pause } from "../../cluster/pause.ts";
import { minInSyncOf } from "../../cluster/route.ts";
import type { RegionState } from "../../protocol/model.ts";
import type { RegionCopy } from "../copy.ts";
import type { KnownState, RegionNode } from "../region_node.ts";
import type { Member, Quorum } from "./quorum.ts";
import type { Shipper } from "./shipper.ts";

export interface KeeperDeps {
  readonly copy: RegionCopy;
  readonly node: RegionNode;
  readonly quorum: Quorum;
  readonly self: Member;
  /** Where this primary's log ended when it took over: all of that may have been acknowledged. */
  readonly start: number;
  readonly shippers: () => ReadonlyMap<number, Shipper>;
  /** The node is not what it was thought to be: it must be read again. */
  readonly reread: () => void;
  /** It has looked at how things are, and done what is to be done. */
  readonly looked: () => void;
}

const RETRY_MS = 200;

export class Keeper {
  readonly #deps: KeeperDeps;
  #known: KnownState;
  /** Sent off, and not known whether it was ever made. */
  #inDoubt: RegionState | null = null;
  #news = new Deferred<void>();

  constructor(deps: KeeperDeps, known: KnownState) {
    this.#deps = deps;
    this.#known = known;
  }

  get known(): KnownState {
    return this.#known;
  }

  /** Why nothing can be committed now; null where it can. */
  get stalled(): string | null {
    const { quorum, shippers } = this.#deps;
    const min = minInSyncOf(this.#known.state);
    if (quorum.members.length < min) {
      return `${quorum.members.length} of at least ${min} replicas are in sync`;
    }
    const silent = quorum.members.filter((member) => this.#hasLeft(member));
    if (silent.length === 0 || quorum.members.some((each) => this.#isAwaited(each))) return null;
    const rids = silent.map(({ rid }) => rid).join(", ");
    const lostAt = shippers().get(silent[0]?.rid ?? 0)?.lostAt ?? null;
    return lostAt === null ? null : `server ${rids} does not answer, and no other copy is in sync`;
  }

  /** The node as it was read; what this primary has sent off is settled by it. */
  learn(known: KnownState): void {
    if (known.version <= this.#known.version) return;
    this.#known = known;
    this.#inDoubt = null;
    this.#deps.quorum.settle(known.state.isr, minInSyncOf(known.state));
    this.wake();
  }

  wake(): void {
    this.#news.resolve();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps.copy.deps;
    while (!signal.aborted) {
      const news = this.#news.settled ? this.#news = new Deferred() : this.#news;
      const wanted = this.#inDoubt ?? this.#wanted();
      const isMade = wanted === null || await this.#change(wanted, signal);
      this.#deps.looked();
      await pause(clock, isMade ? this.#nextLookMs() : RETRY_MS, signal, [news.promise]);
    }
  }

  /** False when it is to be tried again. */
  async #change(wanted: RegionState, signal: AbortSignal): Promise<boolean> {
    const { node, quorum, reread, copy } = this.#deps;
    if (node.session === null) return false;
    quorum.propose(wanted.isr);
    const before = this.#known;
    const outcome = await node.change(wanted, before.version, signal);
    if (outcome.kind === "done") {
      this.#tell(before.state, wanted);
      this.learn(outcome.known);
      return true;
    }
    // A later version has been read meanwhile, and has settled it.
    if (this.#known !== before) return false;
    if (outcome.kind === "unmade") {
      if (this.#inDoubt === null) quorum.settle(quorum.members, minInSyncOf(before.state));
    } else this.#inDoubt = wanted;
    if (outcome.kind === "unknown") {
      copy.deps.reporter.log("warning", `The in-sync set is in doubt: ${outcome.why}`);
    }
    reread();
    return false;
  }

  #tell(before: RegionState, now: RegionState): void {
    const had = before.isr.map(({ rid }) => rid);
    const has = now.isr.map(({ rid }) => rid);
    const came = has.filter((rid) => !had.includes(rid)).map((rid) => `${rid} is in sync again`);
    const left = had.filter((rid) => !has.includes(rid)).map((rid) => `${rid} has left`);
    this.#deps.copy.deps.reporter.event({
      event: "region.isr",
      region: now.region,
      epoch: now.epoch,
      isr: has,
      change: [...left, ...came].join(", ") || "a restarted server is in sync again",
    });
  }

  /** The state as it should be; null where it is so. */
  #wanted(): RegionState | null {
    const { state } = this.#known;
    const { quorum, self } = this.#deps;
    const staying = quorum.members.filter((member) => !this.#hasLeft(member));
    const entering = this.#caughtUp().filter(({ rid }) =>
      staying.every((each) => each.rid !== rid)
    );
    const isr = [...staying, ...entering];
    const joining = (state.joining ?? []).filter((rid) => isr.every((each) => each.rid !== rid));
    const next = { ...state, isr, joining };
    // With too few to go on nobody leaves: all who are in sync have everything, and whoever of them
    // is not cut off, as this primary may be, can take over. Who may yet be reached does not count.
    if (isr.filter((member) => !this.#isAwaited(member)).length < minInSyncOf(next)) {
      isr.push(...quorum.members.filter((each) => isr.every(({ rid }) => rid !== each.rid)));
    }
    // The others in the order in which they came: who came last has the most to catch up with.
    isr.sort((a, b) => Number(b.rid === self.rid) - Number(a.rid === self.rid));
    return sameMembers(isr, state.isr) && joining.length === (state.joining ?? []).length
      ? null
      : next;
  }

  #hasLeft(member: Member): boolean {
    const { self, shippers, copy } = this.#deps;
    if (member.rid === self.rid) return false;
    const shipper = shippers().get(member.rid);
    if (shipper === undefined || !this.#known.state.replicas.includes(member.rid)) return true;
    if (shipper.unfit !== null) return true;
    if (shipper.lostAt !== null) {
      if (shipper.isGone) return true;
      return copy.deps.clock.now() - shipper.lostAt >= this.#patience(shipper);
    }
    return shipper.incarnation !== member.incarnation;
  }

  /** It does not follow, and its time to be reached again is not over. */
  #isAwaited(member: Member): boolean {
    const shipper = this.#deps.shippers().get(member.rid);
    return (shipper?.lostAt ?? null) !== null && !this.#hasLeft(member);
  }

  /** Who has not followed this primary yet may have a server to find first. */
  #patience({ incarnation }: Shipper): number {
    const { ackMs, relinkMs } = this.#deps.copy.deps.limits;
    return incarnation === "" ? ackMs : relinkMs;
  }

  /**
   * Replicas that hold all that is committed, or was when this primary took over, in this epoch and
   * as the processes they are now.
   */
  #caughtUp(): readonly Member[] {
    const { shippers, quorum, start } = this.#deps;
    return [...shippers().values()].flatMap((shipper) => {
      const { rid, incarnation, isMatched, unfit, held } = shipper;
      const isComplete = held >= Math.max(start, quorum.committed.value);
      const isMember = this.#known.state.replicas.includes(rid);
      return isMatched && unfit === null && isComplete && isMember ? [{ rid, incarnation }] : [];
    });
  }

  /** When somebody who has just been lost will have been lost for long enough; null for never. */
  #nextLookMs(): number | null {
    const { shippers, copy } = this.#deps;
    const now = copy.deps.clock.now();
    const left = [...shippers().values()].flatMap((shipper) =>
      shipper.lostAt === null ? [] : [shipper.lostAt + this.#patience(shipper) - now]
    ).filter((ms) => ms > 0);
    // Never so short that the time does not move by it.
    return left.length === 0 ? null : Math.max(1, Math.min(...left));
  }
}

function sameMembers(one: readonly Member[], other: readonly Member[]): boolean {
  return one.length === other.length &&
    one.every(({ rid, incarnation }) =>
      other.some((each) => each.rid === rid && each.incarnation === incarnation)
    );
}
