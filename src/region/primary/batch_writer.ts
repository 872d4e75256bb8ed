/**
 * Writes of many clients in one transaction: what waits is run together, shipped as one entry and
 * committed at once. While one batch is being agreed on, the next one runs. A statement that fails
 * leaves its batch; one that takes long, or met a deadlock, is run by itself.
 */
import { Deferred } from "../../base/deferred.ts";
import { pause } from "../../cluster/pause.ts";
import type {
  EngineSession,
  Fingerprint,
  Flushed,
  Outcome,
  Statement,
} from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { type StatementResult, withoutConditions } from "../../protocol/values.ts";
import type { RegionCopy } from "../copy.ts";
import type { Gate } from "../gate.ts";
import type { SessionPool } from "../session_pool.ts";
import { type Accepted, plainWrite, type Ran, ranWrite, runWrite } from "../statement.ts";
import type { Numbered } from "./answered.ts";
import type { CommitLane, Place } from "./commit_lane.ts";

export interface Write {
  readonly verdict: Accepted;
  /** How long its text is. */
  readonly units: number;
  readonly lastInsertId: string | null;
  readonly foreignKeyChecks: boolean;
  readonly numbered: Numbered | null;
  readonly signal: AbortSignal;
  /** By the clock's time. */
  readonly deadline: number;
}

export interface Written {
  readonly result: StatementResult;
  readonly seq: number;
  readonly fingerprints: ReadonlyMap<string, Fingerprint>;
}

interface Job {
  readonly write: Write;
  readonly done: Deferred<Written>;
  /** Runs by itself, with all the time its caller gives it. */
  isAlone: boolean;
  deadlocks: number;
}

interface Run {
  readonly job: Job;
  readonly ran: Ran;
}

interface Batch {
  readonly runs: readonly Run[];
  /** Where they have been flushed already, and the lane was entered before. */
  readonly fingerprints: Flushed["fingerprints"];
  readonly place: Place | undefined;
}

/** A batch that has the region for itself. */
interface Alone {
  readonly statements: readonly Statement[];
  readonly place: Place;
  /** Others may come in. */
  readonly share: () => void;
  readonly leave: () => void;
}

export interface BatchWriterDeps {
  readonly copy: RegionCopy;
  readonly lane: CommitLane;
  /** Everybody who has a transaction open is inside; a schema change is inside alone. */
  readonly open: Gate;
  /** Whoever runs a statement is inside; one that must choose its own number is inside alone. */
  readonly inserts: Gate;
  readonly office: AbortSignal;
}

/** Batches that may be under way at once: one is agreed on while the next one runs. */
const BATCHES = 2;
/** Slow statements that may run by themselves at once. */
const ALONE = 16;
const DEADLOCKS_MAX = 3;

export class BatchWriter {
  readonly #deps: BatchWriterDeps;
  readonly #sessions: SessionPool;
  #waiting: Job[] = [];
  #alone: Job[] = [];
  #batches = 0;
  #running = 0;
  #news = new Deferred<void>();

  constructor(deps: BatchWriterDeps) {
    this.#deps = deps;
    this.#sessions = deps.copy.deps.sessions;
  }

  /** Resolves when the write is committed on every replica in sync. */
  write(write: Write): Promise<Written> {
    const { limits } = this.#deps.copy.deps;
    if (this.#waiting.length + this.#alone.length >= limits.writesWaiting) {
      const why = `Cannot take the write: ${limits.writesWaiting} wait already; try again later`;
      return Promise.reject(new MinisqlError("UNAVAILABLE", why));
    }
    const done = new Deferred<Written>();
    this.#waiting.push({ write, done, isAlone: false, deadlocks: 0 });
    this.#news.resolve();
    return done.promise;
  }

  /** Fails what has not begun: nothing of it has happened. */
  refuse(error: MinisqlError): void {
    for (const { done } of [...this.#waiting.splice(0), ...this.#alone.splice(0)]) {
      done.reject(error);
    }
  }

  async run(): Promise<void> {
    const { office, copy } = this.#deps;
    while (!office.aborted) {
      const news = this.#news.settled ? this.#news = new Deferred() : this.#news;
      while (this.#alone.length > 0 && this.#running < ALONE && !office.aborted) {
        const job = this.#alone.shift() as Job;
        this.#running++;
        void this.#runBatch([job], () => this.#running--);
      }
      if (this.#waiting.length > 0 && this.#batches < BATCHES) {
        this.#batches++;
        // The next batch begins when this one's statements have run.
        await this.#runBatch(this.#take(), () => this.#batches--);
      } else await pause(copy.deps.clock, null, office, [news.promise]);
    }
    this.refuse(office.reason as MinisqlError);
    while (this.#batches + this.#running > 0) {
      const news = this.#news = new Deferred();
      await news.promise;
    }
  }

  #take(): readonly Job[] {
    const { batchStatements, batchBytes } = this.#deps.copy.deps.limits;
    let units = 0;
    let count = 0;
    for (const { write } of this.#waiting) {
      units += write.units;
      if (count > 0 && (units > batchBytes || count >= batchStatements)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Resolves when the statements have run; `over` is called when all is committed or undone. */
  async #runBatch(jobs: readonly Job[], over: () => void): Promise<void> {
    const ended = () => {
      over();
      this.#news.resolve();
    };
    const { copy, open, office } = this.#deps;
    let session: EngineSession | null = null;
    const alone = this.#enterAlone(jobs);
    let leave = () => alone?.leave();
    const end = async () => {
      if (session !== null) await this.#sessions.give(session);
      leave();
      ended();
    };
    try {
      if (alone === null) leave = await open.enter(office);
      session = await this.#sessions.take();
      await session.begin("write");
      const batch = await this.#runAll(session, jobs, alone);
      if (batch.runs.length === 0) {
        await session.rollback();
        return await end();
      }
      alone?.share();
      void this.#commit(session, batch).finally(end);
    } catch (error) {
      this.#failAll(jobs, error);
      if (session?.usable) await session.rollback().catch(() => {});
      await end();
      if (!(error instanceof MinisqlError)) copy.deps.reporter.log("error", "A defect", { error });
    }
  }

  /**
   * Where nobody else is at work, nobody holds rows that are waited for in the lane, so it may be
   * entered before anything is run; then what is run is flushed in the same round trip.
   */
  #enterAlone(jobs: readonly Job[]): Alone | null {
    const { open, lane } = this.#deps;
    const turn = open.enterAloneNow();
    if (turn === null) return null;
    const place = lane.enterNow();
    const statements = jobs.flatMap((job) => this.#plain(job) ?? []);
    const leave = () => {
      place?.();
      turn.leave();
    };
    if (place !== null && statements.length === jobs.length) {
      return { statements, place, share: turn.share, leave };
    }
    leave();
    return null;
  }

  /** Those that ran well. The others have been answered, or moved to where they run alone. */
  async #runAll(
    session: EngineSession,
    jobs: readonly Job[],
    alone: Alone | null,
  ): Promise<Batch> {
    const runs: Run[] = [];
    const isShared = jobs.length > 1 || this.#waiting.length > 0;
    let fingerprints: Flushed["fingerprints"] = null;
    for (let at = 0; at < jobs.length;) {
      let outcomes: readonly (Ran | Error)[];
      if (alone !== null && at === 0) {
        ({ outcomes, fingerprints } = await this.#runAndFlush(session, jobs, alone));
      } else outcomes = await this.#runNext(session, jobs.slice(at), isShared);
      for (const outcome of outcomes) {
        const job = jobs[at++] as Job;
        if (!(outcome instanceof Error)) runs.push({ job, ran: outcome });
        else if (outcome !== outcomes.at(-1)) this.#failed(job, outcome);
        else if (!session.usable) throw outcome;
        else if (session.undone) {
          await session.rollback();
          this.#again([...runs.map((run) => run.job), ...jobs.slice(at)]);
          this.#deadlocked(job, outcome);
          return { runs: [], fingerprints: null, place: undefined };
        } else this.#failed(job, outcome);
      }
    }
    return { runs, fingerprints, place: alone?.place };
  }

  async #runAndFlush(
    session: EngineSession,
    jobs: readonly Job[],
    { statements }: Alone,
  ): Promise<Pick<Batch, "fingerprints"> & { readonly outcomes: readonly (Ran | Error)[] }> {
    const [only, ...others] = jobs;
    const { batchStatementMs } = this.#deps.copy.deps.limits;
    const { outcomes, fingerprints } = await session.runAllAndFlush(statements, {
      timeoutMs: batchStatementMs,
      // None of several is ended for its caller's sake: the others would have to wait for it.
      ...(only !== undefined && others.length === 0 ? { signal: only.write.signal } : {}),
    });
    return { outcomes: ranOf(jobs, statements, outcomes), fingerprints };
  }

  /** Runs the first of the jobs, and with it those behind it that can go along. */
  async #runNext(
    session: EngineSession,
    jobs: readonly Job[],
    isShared: boolean,
  ): Promise<readonly (Ran | Error)[]> {
    const plain: Statement[] = [];
    for (const job of jobs) {
      const statement = this.#plain(job);
      if (statement === null) break;
      plain.push(statement);
    }
    if (plain.length > 1) return await this.#runTogether(session, jobs, plain);
    try {
      return [await this.#runOne(session, jobs[0] as Job, isShared)];
    } catch (error) {
      return [error as Error];
    }
  }

  /** What to run for a job that can go along with others; null where it cannot. */
  #plain({ write, isAlone }: Job): Statement | null {
    const { clock, random, limits } = this.#deps.copy.deps;
    const { verdict, lastInsertId, foreignKeyChecks, signal, deadline } = write;
    const isInTime = deadline - clock.now() >= limits.batchStatementMs;
    if (isAlone || signal.aborted || !isInTime) return null;
    const wallMicros = clock.wallMicros();
    return plainWrite(verdict, { wallMicros, random, lastInsertId, foreignKeyChecks });
  }

  /** None of them is ended for its caller's sake: so many others would have to wait for it. */
  async #runTogether(
    session: EngineSession,
    jobs: readonly Job[],
    plain: readonly Statement[],
  ): Promise<readonly (Ran | Error)[]> {
    const { copy, inserts, office } = this.#deps;
    const leave = await inserts.enter(office);
    try {
      const timeoutMs = copy.deps.limits.batchStatementMs;
      return ranOf(jobs, plain, await session.runAll(plain, { timeoutMs }));
    } finally {
      leave();
    }
  }

  async #runOne(session: EngineSession, job: Job, isShared: boolean): Promise<Ran> {
    const { copy, inserts } = this.#deps;
    const { clock, random, limits } = copy.deps;
    const { verdict, lastInsertId, foreignKeyChecks, signal } = job.write;
    signal.throwIfAborted();
    const leave = await inserts.enter(signal, verdict.context.includes("insert_id_beforehand"));
    try {
      return await runWrite(session, verdict, {
        wallMicros: clock.wallMicros(),
        ...{ random, lastInsertId, foreignKeyChecks, signal },
        timeoutMs: isShared && !job.isAlone
          ? Math.min(limits.batchStatementMs, this.#left(job))
          : this.#left(job),
        table: (name) => copy.schema(name),
      });
    } finally {
      leave();
    }
  }

  /** A statement that was slow among others gets all the time it has, by itself. */
  #failed(job: Job, error: Error): void {
    const isSlow = error instanceof MinisqlError && error.code === "TIMEOUT" &&
      !job.isAlone && this.#left(job) > 1 && !job.write.signal.aborted;
    if (isSlow) this.#runAlone(job);
    else job.done.reject(error);
  }

  #left(job: Job): number {
    return Math.max(1, job.write.deadline - this.#deps.copy.deps.clock.now());
  }

  async #commit(session: EngineSession, { runs, ...flushed }: Batch): Promise<void> {
    try {
      const { seq, fingerprints, ended } = await this.#deps.lane.commit({
        ...{ session, ...flushed },
        statements: runs.map(({ ran }) => ran.logged),
        answered: runs.flatMap(({ job, ran }) => {
          const { numbered } = job.write;
          return numbered === null ? [] : [{ ...numbered, result: withoutConditions(ran.result) }];
        }),
      });
      for (const { job, ran } of runs) job.done.resolve({ result: ran.result, seq, fingerprints });
      await ended;
    } catch (error) {
      const isUndone = session.undone;
      if (session.usable) await session.rollback().catch(() => {});
      if (isUndone) this.#again(runs.map(({ job }) => job));
      else this.#failAll(runs.map(({ job }) => job), error);
    }
  }

  #runAlone(job: Job): void {
    job.isAlone = true;
    this.#alone.push(job);
    this.#news.resolve();
  }

  /** Their transaction was undone through no fault of theirs. */
  #again(jobs: readonly Job[]): void {
    this.#waiting.unshift(...jobs.filter(({ done }) => !done.settled));
    this.#news.resolve();
  }

  #deadlocked(job: Job, error: unknown): void {
    job.deadlocks++;
    if (job.deadlocks > DEADLOCKS_MAX) job.done.reject(error);
    else this.#runAlone(job);
  }

  #failAll(jobs: readonly Job[], error: unknown): void {
    for (const { done } of jobs) if (!done.settled) done.reject(error);
  }
}

function ranOf(
  jobs: readonly Job[],
  statements: readonly Statement[],
  outcomes: readonly Outcome[],
): readonly (Ran | Error)[] {
  return outcomes.map((outcome, at) => {
    if (outcome instanceof MinisqlError) return outcome;
    return ranWrite((jobs[at] as Job).write.verdict, statements[at] as Statement, outcome);
  });
}
