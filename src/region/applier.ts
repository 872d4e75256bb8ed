/** Applies committed entries in order, as they become known to be committed. */
import { Deferred } from "../base/deferred.ts";
import { pause } from "../cluster/pause.ts";
import type { EngineSession } from "../ports/engine.ts";
import type { SchemaOutcome } from "../protocol/entry.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { applyChange, Difference } from "./apply.ts";
import { applySchema, applySchemaDone } from "./apply_schema.ts";
import type { ReadEntry, RegionCopy } from "./copy.ts";
import { DoubtedClaims } from "./doubted_claims.ts";

export interface ApplierOptions {
  /**
   * Decides what a difference means, by asking the other copies: true keeps what came out here.
   */
  readonly settle: (difference: Difference, signal: AbortSignal) => Promise<boolean>;
  /** The copy is found to be wrong: it is not applied to any more until it has been restored. */
  readonly onSpoilt: (reason: string) => void;
  /** Whether a copy that was changed beside the cluster could be put right by others. */
  readonly mayDistrust: () => boolean;
  readonly beforeSchema: () => Promise<void>;
}

const RETRY_MS = 200;

export class Applier {
  readonly #copy: RegionCopy;
  readonly #options: ApplierOptions;
  #committed = 0;
  #session: EngineSession | null = null;
  #news = new Deferred<void>();
  #stop: AbortController | null = null;
  #running: Promise<void> = Promise.resolve();
  #trusted = 0;
  readonly #doubted = new DoubtedClaims();
  /** Whether the last transaction was committed is not known. */
  #isUnsure = false;
  /** What the last schema change came to here, until its end has been noted. */
  schemaOutcome: { readonly job: string; readonly outcome: SchemaOutcome } | null = null;

  constructor(copy: RegionCopy, options: ApplierOptions) {
    this.#copy = copy;
    this.#options = options;
  }

  /** The highest position known to be committed. */
  get committed(): number {
    return this.#committed;
  }

  commitTo(seq: number): void {
    if (seq <= this.#committed) return;
    this.#committed = seq;
    this.#news.resolve();
  }

  /** The database has lost what it had committed behind this position; it comes from the log. */
  goBack(seq: number): void {
    this.#copy.goBack(seq);
    this.#isUnsure = true;
    this.#news.resolve();
  }

  /** Begins, or begins again. What is running already goes on. */
  start(): void {
    if (this.#stop !== null) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#running = this.#run(stop.signal);
  }

  /** Resolves when nothing is being applied any more. */
  async stop(): Promise<void> {
    this.#stop?.abort(new MinisqlError("CANCELLED", "Applying was stopped"));
    this.#stop = null;
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, reporter } = this.#copy.deps;
    let complained = "";
    while (!signal.aborted) {
      const news = this.#news.settled ? this.#news = new Deferred() : this.#news;
      try {
        await this.#makeSure();
        if (this.#copy.unfit === null) await this.#catchUp(signal);
        complained = "";
        await this.#letGo();
        await pause(clock, null, signal, [news.promise]);
      } catch (error) {
        if (error instanceof Difference) continue;
        // Also for whoever goes on, where it was told to stop just now.
        this.#isUnsure = true;
        if (signal.aborted) break;
        const why = (error as Error).message;
        if (complained !== why) reporter.log("warning", `Cannot apply: ${complained = why}`);
        await this.#letGo();
        await pause(clock, RETRY_MS, signal);
      }
    }
    await this.#letGo();
  }

  /** The engine is asked how far it is. */
  async #makeSure(): Promise<void> {
    if (!this.#isUnsure) return;
    const altered = await this.#copy.reload();
    this.#isUnsure = false;
    if (altered === null || !this.#options.mayDistrust()) return;
    this.#copy.distrust(altered);
    this.#options.onSpoilt(altered);
  }

  async #catchUp(signal: AbortSignal): Promise<void> {
    const copy = this.#copy;
    while (!signal.aborted && copy.unfit === null && !this.#isUnsure) {
      const from = copy.applied.value + 1;
      const to = Math.min(this.#committed, copy.last.seq);
      if (from > to) return;
      const entries = await this.#read(from, to);
      if (entries.length === 0) return;
      for (const entry of entries) {
        if (signal.aborted || this.#isUnsure) return;
        await this.#applyOrSettle(entry, signal);
      }
    }
  }

  async #read(from: number, to: number): Promise<readonly ReadEntry[]> {
    try {
      return await this.#copy.entries(from, to);
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      if (error.code !== "DIVERGED" && error.code !== "BEHIND") throw error;
      this.#copy.distrustLog(error.message);
      this.#options.onSpoilt(error.message);
      return [];
    }
  }

  async #applyOrSettle(entry: ReadEntry, signal: AbortSignal): Promise<void> {
    try {
      await this.#apply(entry, this.#trusted === entry.seq);
    } catch (error) {
      if (!(error instanceof Difference)) throw error;
      this.#copy.disputed = { seq: entry.seq, fingerprints: error.fingerprints };
      if (this.#doubted.explain(error)) {
        this.#trusted = entry.seq;
      } else if (await this.#options.settle(error, signal)) {
        this.#trusted = entry.seq;
        this.#doubted.learn(error);
      } else if (!signal.aborted) {
        this.#copy.distrust(error.message);
        this.#options.onSpoilt(error.message);
      }
      throw error;
    }
  }

  async #apply(entry: ReadEntry, isTrusted: boolean): Promise<void> {
    const copy = this.#copy;
    const { body } = entry;
    if (body.kind === "schema") {
      await this.#letGo();
      await this.#options.beforeSchema();
      this.schemaOutcome = { job: body.job, outcome: await applySchema(copy, { ...entry, body }) };
    } else if (body.kind === "schema_done") {
      await applySchemaDone(copy, { ...entry, body }, isTrusted);
      this.schemaOutcome = null;
    } else {
      if (this.#session?.usable !== true) this.#session = await copy.deps.sessions.take();
      const changed = await applyChange(copy, this.#session, { ...entry, body }, isTrusted);
      copy.noteApplied(entry, changed);
    }
  }

  async #letGo(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    if (session !== null) await this.#copy.deps.sessions.give(session).catch(() => {});
  }
}
