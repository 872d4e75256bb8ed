/** One region on this server: follows its primary, or leads, as the region's node says. */
import { Deferred } from "../base/deferred.ts";
import { pause } from "../cluster/pause.ts";
import { CoordinatorError, type Session } from "../ports/coordinator.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { RegionState } from "../protocol/model.ts";
import { Applier } from "./applier.ts";
import type { Difference } from "./apply.ts";
import { Checkpoints } from "./checkpoints.ts";
import { type CopyDeps, RegionCopy } from "./copy.ts";
import { Copying } from "./copying.ts";
import type { Directory } from "./directory.ts";
import { type OutvotedPrimary, settleDispute } from "./dispute.ts";
import { Follower } from "./follower.ts";
import { Gate } from "./gate.ts";
import { FINDINGS, readAgain } from "./last_copy.ts";
import { peersAmong } from "./peers.ts";
import { Primary } from "./primary/primary.ts";
import type { OpenQuarantine } from "./quarantine_files.ts";
import type { KnownState, RegionNode } from "./region_node.ts";
import { callRoll } from "./roll_call.ts";
import { hasOthers, type Heir, nextTerm, resigned, stepOf, type Take } from "./succession.ts";
import { Suspicion } from "./suspicion.ts";
import { Watchman } from "./watchman.ts";

export interface ReplicaDeps extends CopyDeps {
  readonly directory: Directory;
  readonly node: RegionNode;
  readonly incarnation: string;
  readonly rid: () => number | null;
  readonly quarantine: (() => OpenQuarantine) | null;
  readonly throttle: (signal: AbortSignal) => Promise<void>;
  /** Positions from which somebody is copying this region. */
  readonly copiedFrom: () => number;
  readonly engineLost: () => string | null;
  /** Lets go of what would hold a schema change up. */
  readonly beforeSchema: () => Promise<void>;
}

const RETRY_MS = 200;

export class Replica {
  readonly region: string;
  readonly copy: RegionCopy;
  readonly copying: Copying;
  readonly applier: Applier;
  /** The last primary that this copy and a majority have found wrong. */
  outvoted: OutvotedPrimary | null = null;
  readonly #deps: ReplicaDeps;
  readonly #follower: Follower;
  readonly #watchman: Watchman;
  readonly #checkpoints: Checkpoints;
  readonly #stop = new AbortController();
  /** Roles change one at a time. */
  readonly #change = new Gate();
  #known: KnownState | null = null;
  #primary: Primary | null = null;
  /** The highest epoch this process has led in: none is led in twice. */
  #served = -1;
  readonly #suspicion = new Suspicion();
  /** How often the primary's rows were found wrong in this epoch, with no others to mend them from. */
  #findings = 0;
  #mustCountRows = false;
  #wake = new Deferred<void>();
  #running: Promise<void> = Promise.resolve();

  private constructor(deps: ReplicaDeps, copy: RegionCopy) {
    this.#deps = deps;
    this.region = copy.region;
    this.copy = copy;
    this.applier = new Applier(copy, {
      settle: (difference, signal) => this.#settle(difference, signal),
      onSpoilt: (reason) => this.#diverged(reason),
      mayDistrust: () => this.#primary === null && hasOthers(this.state, deps.rid()),
      beforeSchema: deps.beforeSchema,
    });
    this.#follower = new Follower(copy, this.applier, deps.incarnation);
    this.#watchman = new Watchman({
      copy,
      directory: deps.directory,
      heardAt: () => this.#follower.heardAt,
      onSuspect: (epoch, why) => this.#suspect(epoch, why),
    });
    this.copying = new Copying({
      ...{ copy, applier: this.applier, directory: deps.directory },
      ...{ quarantine: deps.quarantine, throttle: deps.throttle },
      rid: deps.rid,
      onRestored: () => this.wake(),
    });
    this.#checkpoints = new Checkpoints(copy, deps.copiedFrom, () => this.#primary);
  }

  static async open(deps: ReplicaDeps, region: string): Promise<Replica> {
    return new Replica(deps, await RegionCopy.open(deps, region));
  }

  get primary(): Primary | null {
    return this.#primary;
  }

  get state(): RegionState | null {
    return this.#known?.state ?? null;
  }

  get epoch(): number {
    return Math.max(this.#follower.promised, this.state?.epoch ?? 0);
  }

  get committed(): number {
    return this.#primary?.quorum.committed.value ??
      Math.max(this.applier.committed, this.copy.applied.value);
  }

  get role(): "primary" | "slave" | "joining" | "syncing" {
    if (this.#primary !== null) return "primary";
    if (this.copying.isRunning) return "syncing";
    const rid = this.#deps.rid();
    return this.state?.isr.some((each) => each.rid === rid) ? "slave" : "joining";
  }

  start(): void {
    this.applier.start();
    const { signal } = this.#stop;
    this.#running = Promise.all([this.#run(signal), this.#checkpoints.run(signal)]).then(() => {});
  }

  /** Ends in good order. Its data stays. */
  async stop(): Promise<void> {
    this.#stop.abort(new MinisqlError("UNAVAILABLE", "This server is shutting down"));
    this.#watchman.stop();
    this.#primary?.end("this server is shutting down");
    await this.#running;
    // Whoever asked to be followed before is answered before anything is removed.
    (await this.#change.enter(new AbortController().signal, true))();
    await this.copying.stop();
    await this.applier.stop();
  }

  /** Looks at the region's node again, at once. */
  wake(): void {
    this.#wake.resolve();
  }

  async follow(request: Request<"follow">): Promise<Answer<"follow">> {
    const leave = await this.#change.enter(this.#stop.signal, true);
    try {
      // What comes late, from a primary of the past, ends no office.
      this.#follower.requireCurrent(request.epoch);
      if (this.#primary !== null && request.epoch > this.#primary.epoch) {
        this.#primary.end(`server ${request.from} leads in epoch ${request.epoch}`);
      }
      if (this.#primary !== null) await this.#leaveOffice(this.#primary);
      const { leader } = this.#follower;
      // A copy from a primary of the past is gone on with from the new one.
      if (leader !== null && leader.epoch < request.epoch) await this.copying.stop();
      const answer = await this.#follower.follow(request, this.copying.isRunning);
      this.#suspicion.drop();
      // Whoever leads now has it repaired.
      if (this.outvoted !== null && this.outvoted.epoch < request.epoch) this.outvoted = null;
      return answer;
    } finally {
      leave();
    }
  }

  rewind(request: Request<"rewind">): Promise<Answer<"rewind">> {
    return this.#follower.rewind(request);
  }

  replicate(request: Request<"replicate">): Promise<Answer<"replicate">> {
    return this.#follower.replicate(request);
  }

  resync({ epoch, from, reason }: Request<"resync">): Answer<"resync"> {
    const { leader } = this.#follower;
    if (leader?.epoch !== epoch || leader.rid !== from) {
      throw new MinisqlError("BEHIND", `Cannot copy from server ${from}: it is not followed`);
    }
    if (!this.copying.isRunning) this.#diverged(reason);
    this.copying.start(leader, reason);
    return {};
  }

  /** This copy has been shown to be wrong. It stops serving at once; the primary has it repaired. */
  lose(reason: string): void {
    if (this.#mustCountRows) return;
    if (this.#primary !== null && !this.#primary.hasHeir) {
      this.#findings += this.#primary.isLastCopy ? 1 : -this.#findings;
      this.#mustCountRows = this.#findings >= FINDINGS;
      if (this.#mustCountRows) {
        this.#primary.end(`its rows are to be counted anew: ${reason}`);
        return this.wake();
      }
      // Out of service it would be of less use than it is, with nothing to mend it from.
      const why = "it goes on serving, since no other copy could take its place";
      this.copy.deps.reporter.log("error", `A copy of ${this.region} is wrong: ${reason}; ${why}`);
      return;
    }
    this.copy.distrust(reason);
    this.#primary?.end(reason);
    this.wake();
  }

  /** A promise in no epoch yet, so that the region's log is known to be its own. */
  async adopt(): Promise<void> {
    await this.#follower.promise(this.#follower.promised);
    await this.copy.restored();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, reporter } = this.copy.deps;
    while (!signal.aborted) {
      const wake = this.#wake.settled ? this.#wake = new Deferred() : this.#wake;
      try {
        const session = this.#deps.node.session;
        if (session === null) {
          await pause(clock, this.copy.deps.limits.rereadMs, signal, [wake.promise]);
        } else await this.#look(session, wake, signal);
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof CoordinatorError) && !(error instanceof MinisqlError)) throw error;
        reporter.log("debug", `Region ${this.region}: ${error.message}`);
        await pause(clock, RETRY_MS, signal, [wake.promise]);
      }
    }
    if (this.#primary !== null) await this.#leaveOffice(this.#primary);
  }

  /** Reads the node, does what it asks for, and waits until there is something new. */
  async #look(session: Session, wake: Deferred<void>, signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.copy.deps;
    const watched = await session.observe(this.#deps.node.path);
    try {
      const known = watched.value === null ? null : this.#deps.node.read(watched.value);
      if (known !== null) await this.#obey(known, signal);
      else if (watched.value === null) this.#known = null;
      await pause(clock, limits.rereadMs, signal, [watched.changed, wake.promise, session.ended]);
    } finally {
      watched.release();
    }
  }

  async #obey(known: KnownState, signal: AbortSignal): Promise<void> {
    const rid = this.#deps.rid();
    if (rid === null) return;
    if (this.#known === null || known.version > this.#known.version) this.#known = known;
    const { state } = this.#known;
    if (this.#primary !== null) {
      this.#primary.learn(this.#known);
      if (this.#primary.ended === null) return;
      const leave = await this.#change.enter(signal, true);
      try {
        if (this.#primary !== null) await this.#leaveOffice(this.#primary);
      } finally {
        leave();
      }
      return this.wake();
    }
    this.#watchman.watch(state, rid);
    const heir: Heir = {
      self: { rid, incarnation: this.#deps.incarnation },
      promised: this.#follower.promised,
      unfit: this.#unfit,
      suspicion: this.#suspicion.of(state.epoch),
    };
    const step = stepOf(state, heir);
    // Who has been taken off the list of servers may be cut off from them all: it does not lead.
    if (step.kind === "take" && this.#deps.directory.misses(heir.self)) return;
    if (step.kind === "take") await this.#take(step, heir, this.#known, signal);
    else if (step.kind === "assume" && heir.unfit === null && state.epoch > this.#served) {
      await this.#assume(this.#known);
    } else if (step.kind === "assume") await this.#resign(this.#known, signal);
  }

  /** Why it is not to lead: a database that was away may not hold what it did. */
  get #unfit(): string | null {
    return this.copy.unfit ?? this.#deps.engineLost();
  }

  /** Tries to become the primary, when it is its turn. */
  async #take(step: Take, heir: Heir, known: KnownState, signal: AbortSignal): Promise<void> {
    const { state, version } = known;
    const { clock, limits, reporter } = this.copy.deps;
    const { directory, node } = this.#deps;
    if (step.turn > 0) {
      await pause(clock, step.turn * limits.staggerMs, signal);
      const now = node.session === null ? null : await node.session.get(node.path);
      if (now?.version !== version) return this.wake();
    }
    const roll = await callRoll(state, heir.self.rid, directory, limits.pingMs, signal);
    const isEarly = clock.now() - this.#suspicion.since < limits.standBackMs;
    if (roll.isAlone && heir.suspicion !== null && isEarly) return this.#suspicion.rest();
    if (signal.aborted || this.#unfit !== null) return;
    const next = nextTerm(state, heir, roll.answers);
    const outcome = await node.change(next, version, signal);
    // Of an outcome that is not known, the node itself will tell.
    if (outcome.kind !== "done") return this.wake();
    this.#known = outcome.known;
    const { region, epoch } = next;
    const [from, to, { seq }] = [state.primary, heir.self.rid, this.copy.last];
    reporter.event({ event: "region.failover", region, epoch, from, to, seq, reason: step.why });
    await this.#assume(outcome.known);
  }

  /** Becomes the primary of this state's epoch, unless something newer was promised meanwhile. */
  async #assume(known: KnownState): Promise<void> {
    const leave = await this.#change.enter(this.#stop.signal, true);
    try {
      const { epoch } = known.state;
      if (this.#primary !== null || epoch <= this.#served || this.copying.isRunning) return;
      if (epoch < this.#follower.promised) return;
      await this.#follower.promise(epoch);
      this.#served = epoch;
      this.#follower.release();
      this.#suspicion.drop();
      this.#watchman.stop();
      await this.applier.stop();
      const { directory, node, incarnation } = this.#deps;
      const primary = new Primary({
        ...{ copy: this.copy, applier: this.applier, directory, node },
        beforeSchema: this.#deps.beforeSchema,
        self: { rid: this.#deps.rid() ?? 0, incarnation },
        ...{ reread: () => this.wake(), outvoted: this.outvoted },
      }, known);
      this.outvoted = null;
      this.#findings = 0;
      this.#primary = primary;
      // A copy that was found to be wrong on the way here is not to lead.
      if (this.#unfit !== null) primary.end(this.#unfit);
      void primary.run().catch((error) => {
        this.copy.deps.reporter.log("error", "A defect of the primary", { error });
      }).finally(() => this.wake());
    } finally {
      leave();
    }
  }

  /** Whoever calls this holds the right to change roles. */
  async #leaveOffice(primary: Primary): Promise<void> {
    primary.end("its time is over");
    await primary.over;
    // What was agreed on and not committed here comes from the log.
    const [rid, signal] = [this.#deps.rid() ?? 0, this.#stop.signal];
    const altered = await readAgain(this.copy, { rid, isCounted: this.#mustCountRows, signal });
    this.#mustCountRows = false;
    // Of others in sync, who hold what it should be, one takes over, if not at once: where none is to
    // be reached, reads wait for it rather than that it is led astray.
    const hasHeirs = hasOthers(this.state, rid) && !primary.isLastCopy;
    if (altered !== null && hasHeirs) this.copy.distrust(altered);
    this.#primary = null;
    this.applier.start();
  }

  /** Gives up an office that it cannot go on with, so that others need not wait to suspect it. */
  async #resign({ state, version }: KnownState, signal: AbortSignal): Promise<void> {
    const next = resigned(state, this.#follower.promised);
    const outcome = await this.#deps.node.change(next, version, signal);
    if (outcome.kind === "done") this.#known = outcome.known;
    else await pause(this.copy.deps.clock, RETRY_MS, signal);
    this.wake();
  }

  #suspect(epoch: number, why: string): void {
    this.#suspicion.raise(epoch, why, this.copy.deps.clock.now());
    this.wake();
  }

  async #settle(difference: Difference, signal: AbortSignal): Promise<boolean> {
    const { directory, rid } = this.#deps;
    const peers = () => peersAmong(this.state?.replicas ?? [], rid() ?? 0, directory);
    const deps = { copy: this.copy, epoch: () => this.epoch, peers };
    const ruling = await settleDispute(deps, difference, signal);
    // Of what an earlier primary has written its successors know no better.
    const { epoch } = difference.position;
    const primary = epoch === this.epoch ? this.#leaderIn(epoch) : null;
    if (ruling.isRight && primary !== null && this.#primary === null) {
      const why = `server ${primary} was out-voted ${ruling.votes}: ${difference.message}`;
      this.copy.deps.reporter.log("warning", `Region ${this.region}: ${why}`);
      this.outvoted = { rid: primary, epoch, why };
      this.#suspect(epoch, why);
    }
    return ruling.isRight;
  }

  /** Whoever has asked to be followed may be known before the node tells of it. */
  #leaderIn(epoch: number): number | null {
    const { leader } = this.#follower;
    if (leader?.epoch === epoch) return leader.rid;
    return this.state?.epoch === epoch ? this.state.primary : null;
  }

  #diverged(reason: string): void {
    const [rid, { region, copy }] = [this.#deps.rid(), this];
    // Until it has been given its number again there is nobody to tell of, and nobody to tell.
    if (rid === null) return copy.deps.reporter.log("warning", `Region ${region}: ${reason}`);
    const seq = copy.applied.value;
    copy.deps.reporter.event({ event: "copy.diverged", region, rid, seq, votes: "", reason });
  }
}
