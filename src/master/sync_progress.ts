/** How far a new replica's copy is, and whether it is going to be one at all. */
import { MinisqlError } from "../protocol/errors.ts";
import type { JobProgress } from "../protocol/model.ts";
import { GiveUp } from "./jobs.ts";
import type { WorkDeps } from "./work.ts";

/** A server that is away for so long while it copies is given up. */
const AWAY_MS = 30_000;
/** One that gets no further for so long is too. */
const STALL_MS = 600_000;
/** It is asked so often. */
const ASK_MS = 2000;
const ANSWER_MS = 5000;

export class SyncProgress {
  readonly #deps: WorkDeps;
  readonly #region: string;
  readonly #rid: number;
  #seenAt: number;
  #movedAt: number;
  #askedAt = -Infinity;
  /** What it said last, to tell whether it gets any further. */
  #said = "";
  #trouble = "it does not answer";
  #progress: JobProgress;

  constructor(deps: WorkDeps, region: string, rid: number) {
    this.#deps = deps;
    this.#region = region;
    this.#rid = rid;
    this.#seenAt = this.#movedAt = deps.clock.now();
    this.#progress = { phase: `server ${rid} is copying` };
  }

  /** Raises what makes it hopeless. */
  async look(signal: AbortSignal): Promise<JobProgress> {
    const { clock, view } = this.#deps;
    const now = clock.now();
    if (view.live(this.#rid) !== null) this.#seenAt = now;
    if (now - this.#seenAt > AWAY_MS) {
      throw new GiveUp("UNAVAILABLE", `Server ${this.#rid} is offline: it cannot copy the region`);
    }
    if (now - this.#askedAt >= ASK_MS) {
      this.#askedAt = now;
      await this.#ask(signal);
    }
    if (clock.now() - this.#movedAt > STALL_MS) {
      const why = `Server ${this.#rid} gets no further with its copy of ${this.#region}: ` +
        this.#trouble;
      throw new GiveUp("UNAVAILABLE", why);
    }
    return this.#progress;
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { orders, clock } = this.#deps;
    try {
      const options = { signal, timeoutMs: ANSWER_MS };
      const { replicas } = await orders.ask(
        this.#rid,
        "replicas",
        { region: this.#region },
        options,
      );
      const replica = replicas.find(({ region }) => region === this.#region);
      const said = JSON.stringify([replica?.role, replica?.applied, replica?.progress]);
      if (said !== this.#said) this.#movedAt = clock.now();
      this.#said = said;
      this.#trouble = replica?.trouble ?? `it is ${replica?.role ?? "not a replica"} and stays so`;
      const { done, of, what } = replica?.progress ?? {};
      this.#progress = done === undefined || of === undefined
        ? { phase: `server ${this.#rid} is copying` }
        : { phase: `server ${this.#rid}: ${what}`, done, of };
    } catch (error) {
      signal.throwIfAborted();
      // Whether it lives is seen elsewhere, and whether it gets any further is seen in time.
      if (!(error instanceof MinisqlError)) throw error;
    }
  }
}
