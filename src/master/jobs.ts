/** Long operations: recorded before they begin, so that the next master finishes what this one began. */
import type { Clock } from "../ports/clock.ts";
import type { Reporter } from "../ports/reporter.ts";
import { CoordinatorError } from "../ports/coordinator.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { JobRecord } from "../protocol/model.ts";
import type { MetaManager } from "./meta_manager.ts";
import type { ClusterView } from "./view.ts";

/** What a kind of job does. Every step may have been done before, by this master or another. */
export interface JobWork {
  readonly run: (job: JobRecord, signal: AbortSignal) => Promise<void>;
  /** Takes back what was begun of a job that cannot be done. */
  readonly undo: (job: JobRecord, signal: AbortSignal) => Promise<void>;
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

export class Jobs {
  readonly #deps: JobsDeps;
  readonly #works: ReadonlyMap<JobRecord["kind"], JobWork>;
  readonly #signal: AbortSignal;
  readonly #running = new Map<string, Promise<void>>();

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
    const running = this.#finish(job).finally(() => this.#running.delete(job.id));
    running.catch(() => {});
    this.#running.set(job.id, running);
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
      await this.#end(job, `This version cannot do ${job.kind}`);
      return;
    }
    const failure = await this.#insist(() => work.run(job, this.#signal));
    if (failure === null) return await this.#end(job, null);
    this.#deps.meta.event({
      event: "job.failed",
      job: job.id,
      subject: job.subject,
      reason: failure.message,
    });
    await this.#insist(() => work.undo(job, this.#signal));
    await this.#end(job, failure.message);
    throw failure;
  }

  /**
   * Trouble with catalog or coordination passes, or this master does: such work is begun again. The
   * answer is why it can never be done, or null when it is.
   */
  async #insist(work: () => Promise<void>): Promise<MinisqlError | null> {
    while (true) {
      this.#signal.throwIfAborted();
      try {
        await work();
        return null;
      } catch (error) {
        if (error instanceof MinisqlError && error.code === "STALE_EPOCH") {
          this.#deps.onDeposed(error.message);
          throw error;
        }
        if (error instanceof MinisqlError && !passes(error)) return error;
        if (!(error instanceof MinisqlError) && !(error instanceof CoordinatorError)) throw error;
      }
      await this.#deps.clock.sleep(RETRY_MS, this.#signal);
    }
  }

  async #end(job: JobRecord, error: string | null): Promise<void> {
    const updated = Math.floor(this.#deps.clock.wallMicros() / 1000);
    const ended: JobRecord = { ...job, state: error === null ? "done" : "failed", error, updated };
    await this.#insist(() => this.#deps.meta.write([{ change: "job.put", job: ended }]));
    this.#deps.view.putJob(ended);
  }
}

function passes(error: MinisqlError): boolean {
  return error.code === "UNAVAILABLE" || error.code === "OUTCOME_UNKNOWN" ||
    error.code === "TIMEOUT";
}
