/** A region's primary, for one epoch: it commits what clients write, until its time is over. */
import { orAborted } from "../../base/abort.ts";
import { Deferred } from "../../base/deferred.ts";
import { pause } from "../../cluster/pause.ts";
import { minInSyncOf } from "../../cluster/route.ts";
import type { SchemaOutcome } from "../../protocol/entry.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { type StatementResult, withoutConditions } from "../../protocol/values.ts";
import type { Applier } from "../applier.ts";
import { readSessions } from "../books.ts";
import type { RegionCopy } from "../copy.ts";
import type { Directory } from "../directory.ts";
import type { OutvotedPrimary } from "../dispute.ts";
import { Gate } from "../gate.ts";
import type { KnownState, RegionNode } from "../region_node.ts";
import { AnsweredWrites, type Numbered } from "./answered.ts";
import { BatchWriter, type Write, type Written } from "./batch_writer.ts";
import { CommitLane } from "./commit_lane.ts";
import { Confirmation } from "./confirmation.ts";
import { Keeper } from "./keeper.ts";
import { type Member, Quorum } from "./quorum.ts";
import { SchemaChanges, type SchemaRequest } from "./schema_changes.ts";
import { Shipper } from "./shipper.ts";
import { Transactions } from "./transactions.ts";

export interface PrimaryDeps {
  readonly copy: RegionCopy;
  readonly applier: Applier;
  readonly directory: Directory;
  readonly node: RegionNode;
  readonly self: Member;
  /** The one before, where this copy and most others have found it wrong. */
  readonly outvoted: OutvotedPrimary | null;
  readonly reread: () => void;
  readonly beforeSchema: () => Promise<void>;
}

export class Primary {
  readonly epoch: number;
  readonly quorum: Quorum;
  readonly transactions: Transactions;
  readonly #deps: PrimaryDeps;
  readonly #office = new AbortController();
  readonly #opened = new Deferred<void>();
  readonly #open = new Gate();
  readonly #answered: AnsweredWrites<unknown>;
  readonly #lane: CommitLane;
  readonly #writer: BatchWriter;
  readonly #schemas: SchemaChanges;
  readonly #keeper: Keeper;
  readonly #confirmation: Confirmation;
  readonly #shippers = new Map<number, { shipper: Shipper; stop: AbortController }>();
  readonly #over = new Deferred<void>();
  #isStalled = false;
  #failure: string | null = null;

  constructor(deps: PrimaryDeps, known: KnownState) {
    this.#deps = deps;
    this.epoch = known.state.epoch;
    const { copy, node, self, reread } = deps;
    const { isr } = known.state;
    this.quorum = new Quorum(self, isr, minInSyncOf(known.state), copy.applied.value);
    const office = this.#office.signal;
    const fail = (why: string) => this.fail(why);
    this.#lane = new CommitLane({
      ...{ copy, office, fail, quorum: this.quorum, epoch: this.epoch },
      wake: () => this.#wakeShippers(),
    });
    const shared = { copy, office, lane: this.#lane, open: this.#open, inserts: new Gate() };
    this.#answered = new AnsweredWrites(copy.deps.limits.sessionsKept);
    this.#writer = new BatchWriter(shared);
    this.transactions = new Transactions(shared);
    this.#schemas = new SchemaChanges({
      ...{ ...shared, fail, answered: this.#answered, before: deps.beforeSchema },
    });
    this.#keeper = new Keeper({
      ...{ copy, node, self, reread, quorum: this.quorum, start: copy.last.seq },
      shippers: () => this.#shipperMap(),
      looked: () => this.#look(),
    }, known);
    this.#confirmation = new Confirmation(this.quorum, self, (rid) => this.#shipper(rid));
  }

  /** Why it has ended; null while it goes on. */
  get ended(): string | null {
    const { aborted, reason } = this.#office.signal;
    return aborted ? (reason as Error).message : null;
  }

  /** Resolves when it has ended and nothing of it goes on. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** What went wrong here so that it had to end; null where it was told to. */
  get failure(): string | null {
    return this.#failure;
  }

  get known(): KnownState {
    return this.#keeper.known;
  }

  get isOpen(): boolean {
    return this.#opened.settled && this.ended === null;
  }

  get members(): readonly Member[] {
    return this.quorum.members;
  }

  /** The position that replicas which may come back still need. */
  get neededFrom(): number {
    const held = [...this.#shippers.values()].map(({ shipper }) => shipper.held);
    return Math.min(this.#deps.copy.applied.value, ...held.filter((seq) => seq >= 0));
  }

  /** Whether another replica could take over with a copy that may be trusted. */
  get hasHeir(): boolean {
    return [...this.#shippers.values()].some(({ shipper: { rid, isMatched, unfit } }) =>
      isMatched && unfit === null && this.members.some((member) => member.rid === rid)
    );
  }

  /** All other replicas, if there are any, wait to be copied from here. */
  get isLastCopy(): boolean {
    return [...this.#shippers.values()].every(({ shipper: { unfit } }) => unfit !== null);
  }

  get isBehind(): boolean {
    return [...this.#shippers.values()].some(({ shipper }) => !shipper.isMatched);
  }

  /** Runs until it is over, in good order: nothing of it goes on when this resolves. */
  async run(): Promise<void> {
    const office = this.#office.signal;
    const { reporter } = this.#deps.copy.deps;
    // Before anybody asks who follows, there is somebody to follow up on each.
    this.#adjustShippers();
    const keeping = this.#keeper.run(office).catch((error) => this.fail((error as Error).message));
    try {
      await this.#takeOver(office);
      this.#opened.resolve();
      reporter.log("info", `Leads region ${this.#deps.copy.region} in epoch ${this.epoch}`);
      await this.#writer.run();
    } catch (error) {
      if (!office.aborted) this.fail((error as Error).message);
    } finally {
      this.#opened.reject(office.reason);
      await this.transactions.close("the primary has changed");
      for (const { stop } of this.#shippers.values()) stop.abort(office.reason);
      await keeping;
      this.#over.resolve();
    }
  }

  /** Ends it. What has been shipped and not acknowledged is answered as not known. */
  end(why: string): void {
    if (this.#office.signal.aborted) return;
    this.#office.abort(
      new MinisqlError("NOT_PRIMARY", `Cannot go on as the primary of epoch ${this.epoch}: ${why}`),
    );
  }

  /** The node as it was read. */
  learn(known: KnownState): void {
    const { state } = known;
    if (state.epoch > this.epoch || state.primary !== this.#deps.self.rid) {
      return this.end(`epoch ${state.epoch} has begun, with server ${state.primary ?? "none"}`);
    }
    this.#keeper.learn(known);
    this.#adjustShippers();
  }

  /** A statement that changes rows, committed when this resolves. */
  async write(write: Write): Promise<Written> {
    await this.#ready(write.signal);
    const { numbered } = write;
    if (numbered === null) return await orAborted(this.#writer.write(write), write.signal);
    const before = this.#answered.find(numbered);
    if (before !== null) {
      const result = JSON.parse(before.result) as StatementResult;
      return { result, seq: before.seq, fingerprints: new Map() };
    }
    const outcome = this.#answered.once(numbered, async () => {
      // Also when its caller has gone: who sends it again must find it under way until it has ended.
      const written = await this.#writer.write(write);
      this.#answered.note(numbered, written.seq, JSON.stringify(withoutConditions(written.result)));
      return written;
    });
    return await orAborted(outcome as Promise<Written>, write.signal);
  }

  /** Commits a client's transaction; the same number again is answered, not done again. */
  async commit(id: string, numbered: Numbered, signal: AbortSignal): Promise<{ seq: number }> {
    await this.#ready(signal);
    const before = this.#answered.find(numbered);
    if (before !== null) return { seq: before.seq };
    const outcome = this.#answered.once(numbered, async () => {
      const seq = await this.transactions.commit(id, numbered);
      this.#answered.note(numbered, seq, JSON.stringify({ affected: 0 }));
      return { seq };
    });
    return await orAborted(outcome as Promise<{ seq: number }>, signal);
  }

  async changeSchema(request: SchemaRequest): Promise<SchemaOutcome> {
    await this.#ready(request.signal);
    return await orAborted(this.#schemas.change(request), request.signal);
  }

  /** Resolves when writes and transactions may begin. Raises READ_ONLY while they may not. */
  async ready(signal: AbortSignal): Promise<void> {
    await this.#ready(signal);
  }

  /** Resolves when this primary has taken over all that was left to it, and may be copied from. */
  async opened(signal: AbortSignal): Promise<void> {
    if (!this.#opened.settled) await orAborted(this.#opened.promise, signal);
    this.#office.signal.throwIfAborted();
  }

  /** Does something while no schema is being changed. */
  async whileSchemasStay<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    this.#office.signal.throwIfAborted();
    const leave = await this.#open.enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Shows that no other primary has begun, and answers with all that was acknowledged before. */
  async confirm(withinMs: number, signal: AbortSignal): Promise<number> {
    await this.#opened.promise;
    const { copy } = this.#deps;
    const { clock, limits } = copy.deps;
    const committed = copy.visible;
    const until = clock.now() + withinMs;
    while (true) {
      this.#office.signal.throwIfAborted();
      signal.throwIfAborted();
      const left = until - clock.now();
      if (left <= 0) {
        throw new MinisqlError("UNAVAILABLE", "Cannot tell whether this is the primary");
      }
      if (await this.#confirmation.round(Math.min(left, limits.ackMs))) return committed;
      await pause(clock, Math.min(left, limits.pingMs), signal);
    }
  }

  /** Gives the role to another replica in sync, and ends; how long nothing could be written. */
  async handOver(to: number, signal: AbortSignal): Promise<{ epoch: number; pauseMs: number }> {
    await this.#ready(signal);
    const { copy, node } = this.#deps;
    const { clock, limits } = copy.deps;
    const target = this.quorum.members.find(({ rid }) => rid === to);
    const shipper = this.#shipper(to);
    if (target === undefined || shipper === null || to === this.#deps.self.rid) {
      throw new MinisqlError("UNAVAILABLE", `Cannot hand over to server ${to}: it is not in sync`);
    }
    const letGo = await this.#lane.close(signal);
    const started = clock.now();
    try {
      const reached = await this.quorum.committed.reach(
        copy.last.seq,
        clock,
        limits.ackMs,
        signal,
      );
      if (!reached) throw new MinisqlError("UNAVAILABLE", "Cannot hand over: replicas lag behind");
      const { state, version } = this.known;
      // It may have left while the others were waited for.
      if (!state.isr.some(({ rid }) => rid === to)) {
        throw new MinisqlError("UNAVAILABLE", `Cannot hand over to server ${to}: it has just left`);
      }
      const next = { ...state, epoch: this.epoch + 1, primary: to };
      const outcome = await node.change(next, version, signal);
      if (outcome.kind === "lost" || outcome.kind === "unmade") {
        this.#deps.reread();
        throw new MinisqlError("UNAVAILABLE", "Cannot hand over: the region has just changed");
      }
      this.end(`the role was given to server ${to}`);
      this.#deps.reread();
      return { epoch: this.epoch + 1, pauseMs: clock.now() - started };
    } finally {
      letGo();
    }
  }

  /** What earlier primaries have left: it is held by all in sync again before anything new is. */
  async #takeOver(office: AbortSignal): Promise<void> {
    const { copy, applier } = this.#deps;
    const { clock, limits } = copy.deps;
    const tail = copy.last.seq;
    this.quorum.local(tail);
    await this.#committed(tail, office);
    applier.start();
    try {
      applier.commitTo(tail);
      while (!await copy.applied.reach(tail, clock, limits.pingMs, office)) {
        office.throwIfAborted();
        if (copy.unfit !== null) throw new MinisqlError("DIVERGED", copy.unfit);
      }
    } finally {
      // Whoever comes next asks the database how far it is: nothing is to be committed meanwhile.
      await applier.stop();
    }
    office.throwIfAborted();
    this.#answered.load(await copy.use((session) => readSessions(session, copy.region)));
    await this.#schemas.finishLeftover(applier);
  }

  async #committed(tail: number, office: AbortSignal): Promise<void> {
    await this.quorum.agreed.reach(tail, this.#deps.copy.deps.clock, null, office);
    office.throwIfAborted();
  }

  async #ready(signal: AbortSignal): Promise<void> {
    await this.opened(signal);
    if (this.#isStalled) throw this.#readOnly();
  }

  #readOnly(): MinisqlError {
    const why = this.#keeper.stalled ?? "too few replicas are in sync";
    return new MinisqlError("READ_ONLY", `Cannot write to ${this.#deps.copy.region} now: ${why}`);
  }

  /** Ends it, since it cannot go on: somebody else is to lead. */
  fail(why: string): void {
    if (this.ended !== null) return;
    this.#failure ??= why;
    this.#deps.copy.deps.reporter.log("error", `Cannot go on as primary: ${why}`);
    this.end(why);
  }

  #look(): void {
    const isStalled = this.#keeper.stalled !== null;
    if (isStalled === this.#isStalled) return;
    this.#isStalled = isStalled;
    const { region, deps: { reporter } } = this.#deps.copy;
    if (!isStalled) return reporter.event({ event: "region.writable", region });
    reporter.event({ event: "region.read_only", region, reason: this.#keeper.stalled ?? "" });
    this.#writer.refuse(this.#readOnly());
  }

  #shipper(rid: number): Shipper | null {
    return this.#shippers.get(rid)?.shipper ?? null;
  }

  #shipperMap(): ReadonlyMap<number, Shipper> {
    return new Map([...this.#shippers].map(([rid, { shipper }]) => [rid, shipper]));
  }

  #wakeShippers(): void {
    for (const { shipper } of this.#shippers.values()) shipper.wake();
  }

  /** One for each other replica there is to be. */
  #adjustShippers(): void {
    const { self, copy, directory, outvoted } = this.#deps;
    const wanted = new Set(this.known.state.replicas.filter((rid) => rid !== self.rid));
    for (const [rid, { stop }] of [...this.#shippers]) {
      if (wanted.has(rid)) continue;
      stop.abort(new MinisqlError("CANCELLED", `Server ${rid} is no replica any more`));
      this.#shippers.delete(rid);
    }
    for (const rid of wanted) {
      if (this.#shippers.has(rid) || this.ended !== null) continue;
      const stop = new AbortController();
      const shipper = new Shipper(rid, {
        ...{ copy, directory, self, quorum: this.quorum, epoch: this.epoch },
        wrong: outvoted?.rid === rid ? outvoted.why : null,
        unsaved: (from) => this.#lane.unsaved(from),
        changed: () => this.#keeper.wake(),
        deposed: (why) => this.end(why),
      });
      this.#shippers.set(rid, { shipper, stop });
      void shipper.run(AbortSignal.any([stop.signal, this.#office.signal]))
        .catch((error) => this.fail((error as Error).message));
    }
  }
}
