/** Long operations: recorded before they begin, so that the next master finishes what this one began. */
import { Deferred } from "../base/deferred.ts";
import type { CatalogChange } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { Reporter } from "../ports/reporter.ts";
import { CoordinatorError } from "../ports/coordinator.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { type JobProgress, jobProgress, type JobRecord } from "../protocol/model.ts";
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

/** A job's view of itself while it is done. */
export interface JobTask {
  /** Aborts when the reign ends, or when the job is cancelled; not while it is undone. */
  readonly signal: AbortSignal;
  readonly progress: JobProgress | null;
  /** Tells whoever looks how far it is. */
  show(progress: JobProgress): void;
  /** Records how far it is, and with it what else is to be so from now on. */
  keep(progress: JobProgress, changes?: readonly CatalogChange[]): Promise<void>;
  /** Replaces what was asked, and records it. */
  revise(request: JobRecord["request"], changes: readonly CatalogChange[]): Promise<void>;
}

/** What a kind of job does. Every step may have been done before, by this master or another. */
export interface JobWork {
  /** Jobs that have a turn in common are done one after the other, as they come. */
  readonly turns: (job: JobRecord) => readonly string[];
  readonly run: (job: JobRecord, task: JobTask) => Promise<JobEnd>;
  /** Takes back what was begun of a job that cannot be done. */
  readonly undo: (job: JobRecord, task: JobTask) => Promise<JobEnd>;
  /** Whether it may be called off while it runs. */
  readonly cancellable?: true;
}

export interface JobsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly view: ClusterView;
  readonly meta: MetaManager;
  readonly reporter: Reporter;
  /** A later term has begun: what this master has begun is the next one's to finish. */
  readonly onDeposed: (reason: string) => void;
}

/** What a job reserves when it is recorded, in the catalog and in memory. */
export interface Reservation {
  readonly changes: readonly CatalogChange[];
  readonly take: () => void;
  readonly giveBack: () => void;
}

/** The job cannot be done, although trouble of this kind passes as a rule. */
export class GiveUp extends MinisqlError {}

interface Running {
  readonly end: Promise<void>;
  readonly cancelled: AbortController;
  /** Resolves once it is recorded that the job is undone, or that it has ended. */
  readonly decided: Deferred<void>;
}

const RETRY_MS = 1000;
/** Of the jobs that have ended, so many are kept, for people who ask what became of theirs. */
const ENDED_KEPT = 100;
/** Of a random id; names stay readable and do not repeat. */
const NAME_DIGITS = 12;

export const NOTHING: JobEnd = { changes: [], done: () => {} };

export class Jobs {
  readonly #deps: JobsDeps;
  readonly #works: ReadonlyMap<JobRecord["kind"], JobWork>;
  readonly #signal: AbortSignal;
  readonly #running = new Map<string, Running>();
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

  /** Records a new job; in memory first, so that what comes meanwhile meets it. */
  async record(
    { kind, subject, request }: Pick<JobRecord, "kind" | "subject" | "request">,
    { changes, take, giveBack }: Reservation,
  ): Promise<JobRecord> {
    const { view, meta, random } = this.#deps;
    const now = this.#wallMs();
    const id = `j${random.id().slice(0, NAME_DIGITS)}`;
    const job: JobRecord = {
      ...{ id, kind, subject, request, state: "running", progress: null },
      ...{ created: now, updated: now },
    };
    take();
    view.putJob(job);
    try {
      await meta.write([{ change: "job.put", job }, ...changes]);
    } catch (error) {
      giveBack();
      view.dropJob(id);
      throw error;
    }
    return job;
  }

  /**
   * Does a recorded job to its end, once however often asked. Rejects with why it could not be
   * done, after what was begun has been taken back.
   */
  finish(job: JobRecord): Promise<void> {
    const known = this.#running.get(job.id);
    if (known !== undefined) return known.end;
    const turns = this.#works.get(job.kind)?.turns(job) ?? [];
    const before = turns.map((turn) => this.#turns.get(turn)?.catch(() => {}));
    const cancelled = new AbortController();
    const decided = new Deferred<void>();
    const end = Promise.all(before).then(() => this.#finish(job, cancelled.signal, decided))
      .finally(() => {
        decided.resolve();
        this.#running.delete(job.id);
        for (const turn of turns) if (this.#turns.get(turn) === end) this.#turns.delete(turn);
      });
    end.catch((error) => this.#report(job, error));
    this.#running.set(job.id, { end, cancelled, decided });
    for (const turn of turns) this.#turns.set(turn, end);
    return end;
  }

  /** Whether a job is being done, or its end is being recorded. */
  isUnderWay(id: string): boolean {
    return this.#running.has(id);
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

  /**
   * Calls a job off. Resolves once that is recorded, or the job has ended in some other way; with
   * false where it can only go forward.
   */
  async cancel({ id, kind }: JobRecord, why = "It was cancelled"): Promise<boolean> {
    const running = this.#running.get(id);
    const job = this.#deps.view.job(id);
    if (running === undefined || job?.state !== "running") return false;
    const isSettled = progressOf(job)?.settled === true;
    if (isSettled || this.#works.get(kind)?.cancellable !== true) return false;
    running.cancelled.abort(new GiveUp("CANCELLED", why));
    await running.decided.promise;
    return true;
  }

  async #finish(job: JobRecord, cancelled: AbortSignal, decided: Deferred<void>): Promise<void> {
    const work = this.#works.get(job.kind);
    if (work === undefined) {
      return await this.#end(job, "failed", `This version cannot do ${job.kind}`, NOTHING);
    }
    const outcome = progressOf(job)?.undoing === undefined
      ? await this.#insist(job, (task) => work.run(job, task), cancelled)
      : new GiveUp("CANCELLED", job.error ?? "It was cancelled");
    if (!(outcome instanceof MinisqlError)) return await this.#end(job, "done", null, outcome);
    const state = await this.#decide(job, outcome);
    decided.resolve();
    const undone = await this.#insist(job, (task) => work.undo(job, task));
    const end = undone instanceof MinisqlError ? NOTHING : undone;
    await this.#end(job, state, outcome.message, end);
    throw outcome;
  }

  /** Records that the job is undone from here on, unless it is so already. */
  async #decide(job: JobRecord, { code, message }: MinisqlError): Promise<"cancelled" | "failed"> {
    const { view, meta } = this.#deps;
    const latest = view.job(job.id) ?? job;
    const progress = progressOf(latest) ?? { phase: "" };
    if (progress.undoing !== undefined) return progress.undoing;
    const how = code === "CANCELLED" ? "cancelled" : "failed";
    if (how === "failed") {
      meta.event({ event: "job.failed", job: job.id, subject: job.subject, reason: message });
    }
    const undoing = { ...latest, error: message, progress: { ...progress, undoing: how } };
    await this.#insist(job, () => this.#put(undoing, []));
    return how;
  }

  /**
   * Trouble with catalog or coordination passes, or this master does: such work is begun again. The
   * answer is its outcome, or why it can never be done.
   */
  async #insist<T>(
    job: JobRecord,
    work: (task: JobTask) => Promise<T>,
    cancelled?: AbortSignal,
  ): Promise<T | MinisqlError> {
    const signal = cancelled === undefined
      ? this.#signal
      : AbortSignal.any([this.#signal, cancelled]);
    const task = this.#task(job, signal);
    for (let told = "";;) {
      try {
        signal.throwIfAborted();
        return await work(task);
      } catch (error) {
        this.#signal.throwIfAborted();
        if (cancelled?.aborted) return cancelled.reason;
        if (error instanceof MinisqlError && error.code === "STALE_EPOCH") {
          this.#deps.onDeposed(error.message);
          throw error;
        }
        if (error instanceof MinisqlError && !passes(error)) return error;
        if (!(error instanceof MinisqlError) && !(error instanceof CoordinatorError)) throw error;
        if (told !== error.message) this.#tell(job, told = error.message);
      }
      await this.#deps.clock.sleep(RETRY_MS, signal).catch(() => {});
    }
  }

  #task({ id }: JobRecord, signal: AbortSignal): JobTask {
    const { view } = this.#deps;
    const current = () => {
      const job = view.job(id);
      if (job === null) throw new GiveUp("CANCELLED", `Cannot go on: job ${id} is no more`);
      return job;
    };
    // That it is being undone is never forgotten on the way.
    const at = (progress: JobProgress): JobRecord => {
      const undoing = progressOf(current())?.undoing;
      return {
        ...current(),
        progress: undoing === undefined ? progress : { ...progress, undoing },
      };
    };
    return {
      signal,
      get progress() {
        return progressOf(current());
      },
      show: (progress) => view.putJob(at(progress)),
      keep: (progress, changes = []) => this.#put(at(progress), changes),
      revise: (request, changes) => this.#put({ ...current(), request }, changes),
    };
  }

  async #put(job: JobRecord, changes: readonly CatalogChange[]): Promise<void> {
    const updated = { ...job, updated: this.#wallMs() };
    await this.#deps.meta.write([...changes, { change: "job.put", job: updated }]);
    this.#deps.view.putJob(updated);
  }

  async #end(
    { id }: JobRecord,
    state: JobRecord["state"],
    error: string | null,
    { changes, done }: JobEnd,
  ): Promise<void> {
    const { view, meta } = this.#deps;
    const job = view.job(id);
    if (job === null) return;
    const ended: JobRecord = { ...job, state, error, updated: this.#wallMs() };
    const old = view.jobsEnded.slice(ENDED_KEPT - 1).map((each) => each.id);
    const refused = await this.#insist(job, async () => {
      // An attempt whose answer was lost may have been made, and is found when the catalog is back.
      if (view.job(id)?.state !== "running") return;
      await meta.write([
        ...changes,
        { change: "job.put", job: ended },
        ...old.map((each) => ({ change: "job.delete", id: each }) as const),
      ]);
    });
    if (refused instanceof MinisqlError) throw refused;
    done();
    view.putJob(ended);
    for (const each of old) view.dropJob(each);
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

  #wallMs(): number {
    return Math.floor(this.#deps.clock.wallMicros() / 1000);
  }
}

export function progressOf({ progress }: JobRecord): JobProgress | null {
  return jobProgress.fits(progress) ? progress : null;
}

function passes(error: MinisqlError): boolean {
  if (error instanceof GiveUp) return false;
  return error.retry !== "never" || error.code === "TIMEOUT" || error.code === "CANCELLED";
}
