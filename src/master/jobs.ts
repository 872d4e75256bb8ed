/** Long operations: recorded before they begin, so that the next master finishes what this one began. */
import type { CatalogChange } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Reporter } from "../ports/reporter.ts";
import { CoordinatorError } from "../ports/coordinator.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { JobRecord } from "../protocol/model.ts";
import type { MetaManager } from "./meta_manager.ts";
import type { ClusterView } from "./view.ts";

/** The last step of a job. */
export interface JobEnd {
  /**
   * Recorded in one piece with the end of the job. Were the job found running after them, the next
   * master would do it once more, perhaps to another table that has taken the name since.
   */
  readonly changes: readonly CatalogChange[];
  /** Takes them into memory. */
  readonly done: () => void;
}

/** What a kind of job does. Every step may have been done before, by this master or another. */
export interface JobWork {
  /** Jobs of one turn are done one after the other. */
  readonly turn: (job: JobRecord) => string;
  readonly run: (job: JobRecord, signal: AbortSignal) => Promise<JobEnd>;
  /** Takes back what was begun of a job that cannot be done. */
  readonly undo: (job: JobRecord, signal: AbortSignal) => Promise<JobEnd>;
}

export interface JobsDeps {
  readonly clock: Clock;
  readonly view: ClusterView;
  readonly meta: MetaManager;
  readonly reporter: Reporter;
  /** A later term has begun: what this master has begun is the next one's to finish. */
  readonly onDeposed: (reason: string) => void;
}

const RETRY_MS = 1000;
/** Of the jobs that have ended, so many are kept, for people who ask what became of theirs. */
const ENDED_KEPT = 100;

const NOTHING: JobEnd = { changes: [], done: () => {} };

export class Jobs {
  readonly #deps: JobsDeps;
  readonly #works: ReadonlyMap<JobRecord["kind"], JobWork>;
  readonly #signal: AbortSignal;
  readonly #running = new Map<string, Promise<void>>();
  /** The last job of each turn. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(
    deps: JobsDeps,
    works: ReadonlyMap<JobRecord["kind"], JobWork>,
    signal: AbortSignal,
  ) {
    this.#deps = deps;
    this.#works = works;
    this.#signal = signal;
  }

  /**
   * Does a recorded job to its end, once however often asked. Rejects with why it could not be
   * done, after what was begun has been taken back.
   */
  finish(job: JobRecord): Promise<void> {
    const known = this.#running.get(job.id);
    if (known !== undefined) return known;
    const turn = this.#works.get(job.kind)?.turn(job) ?? job.id;
    const before = this.#turns.get(turn)?.catch(() => {}) ?? Promise.resolve();
    const running = before.then(() => this.#finish(job)).finally(() => {
      this.#running.delete(job.id);
      if (this.#turns.get(turn) === running) this.#turns.delete(turn);
    });
    running.catch((error) => this.#report(job, error));
    this.#running.set(job.id, running);
    this.#turns.set(turn, running);
    return running;
  }

  /** Takes up every job that a master before this one left unfinished. */
  resume(): void {
    for (const job of this.#deps.view.jobs) {
      if (job.state !== "running") continue;
      this.#deps.reporter.log("info", `Going on with ${job.kind} of ${job.subject}`, {
        job: job.id,
      });
      void this.finish(job);
    }
  }

  async #finish(job: JobRecord): Promise<void> {
    const work = this.#works.get(job.kind);
    if (work === undefined) {
      return await this.#end(job, `This version cannot do ${job.kind}`, NOTHING);
    }
    const outcome = await this.#insist(job, () => work.run(job, this.#signal));
    if (!(outcome instanceof MinisqlError)) return await this.#end(job, null, outcome);
    const reason = outcome.message;
    this.#deps.meta.event({ event: "job.failed", job: job.id, subject: job.subject, reason });
    const undone = await this.#insist(job, () => work.undo(job, this.#signal));
    await this.#end(job, reason, undone instanceof MinisqlError ? NOTHING : undone);
    throw outcome;
  }

  /**
   * Trouble with catalog or coordination passes, or this master does: such work is begun again. The
   * answer is its outcome, or why it can never be done.
   */
  async #insist<T>(job: JobRecord, work: () => Promise<T>): Promise<T | MinisqlError> {
    for (let told = "";;) {
      this.#signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        this.#signal.throwIfAborted();
        if (error instanceof MinisqlError && error.code === "STALE_EPOCH") {
          this.#deps.onDeposed(error.message);
          throw error;
        }
        if (error instanceof MinisqlError && !passes(error)) return error;
        if (!(error instanceof MinisqlError) && !(error instanceof CoordinatorError)) throw error;
        if (told !== error.message) this.#tell(job, told = error.message);
      }
      await this.#deps.clock.sleep(RETRY_MS, this.#signal);
    }
  }

  async #end(job: JobRecord, error: string | null, { changes, done }: JobEnd): Promise<void> {
    const { view, meta, clock } = this.#deps;
    const updated = Math.floor(clock.wallMicros() / 1000);
    const ended: JobRecord = { ...job, state: error === null ? "done" : "failed", error, updated };
    const old = view.jobsEnded.slice(ENDED_KEPT - 1).map(({ id }) => id);
    const refused = await this.#insist(job, () =>
      meta.write([
        ...changes,
        { change: "job.put", job: ended },
        ...old.map((id) => ({ change: "job.delete", id }) as const),
      ]));
    if (refused instanceof MinisqlError) throw refused;
    done();
    view.putJob(ended);
    for (const id of old) view.dropJob(id);
  }

  #tell({ id, kind, subject }: JobRecord, why: string): void {
    this.#deps.reporter.log("warning", `Will try again to do ${kind} of ${subject}: ${why}`, {
      job: id,
    });
  }

  /** A defect that stops a job is not to go unnoticed where nobody waits for the job. */
  #report({ id, kind, subject }: JobRecord, error: unknown): void {
    if (error instanceof MinisqlError || this.#signal.aborted) return;
    this.#deps.reporter.log("error", `A defect in ${kind} of ${subject}`, { job: id, error });
  }
}

function passes(error: MinisqlError): boolean {
  return error.code === "UNAVAILABLE" || error.code === "OUTCOME_UNKNOWN" ||
    error.code === "TIMEOUT";
}
