/**
 * The catalog as the master uses it: written in the master's term, first of all places, and found
 * again by itself after it was lost. Events wait here until they can be kept.
 */
import { backoffDelay, type BackoffPolicy } from "../base/backoff.ts";
import { pause } from "../cluster/pause.ts";
import type { Catalog, CatalogChange, CatalogState } from "../ports/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import type { Reporter } from "../ports/reporter.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { ClusterEvent, RecordedEvent } from "../protocol/events.ts";
import type { ServerRecord } from "../protocol/model.ts";
import type { ClusterView } from "./view.ts";

export interface MetaDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly catalog: Catalog;
  readonly reporter: Reporter;
}

const RETRY: BackoffPolicy = { initialMs: 250, limitMs: 5000 };
/** Writes whose outcome is unknown are made again; they come out the same. */
const REPEATS_MAX = 3;
/** Events kept in memory while the catalog is away; older ones are only in the log then. */
const WAITING_EVENTS_MAX = 1000;
/** Events gather for so long before they are written together. */
const EVENTS_GATHER_MS = 100;
const EVENTS_KEPT = 100_000;
const EVENTS_PRUNE_EVERY = 1000;

export class MetaManager {
  readonly #deps: MetaDeps;
  readonly #view: ClusterView;
  readonly #term: number;
  /** Why the catalog cannot be used now; null while it can. */
  #lost: MinisqlError | null = new MinisqlError("UNAVAILABLE", "The catalog has not been read yet");
  #lostAt: number;
  /** Whether people have been told that it is lost. */
  #lossTold = false;
  #waiting: { readonly at: number; readonly event: ClusterEvent }[] = [];
  #gathering = false;
  #flushed: Promise<void> = Promise.resolve();
  #written = 0;
  /** Wakes the loop that looks for the catalog. */
  #wake = () => {};

  constructor(deps: MetaDeps, view: ClusterView, term: number) {
    this.#deps = deps;
    this.#view = view;
    this.#term = term;
    this.#lostAt = deps.clock.now();
  }

  get available(): boolean {
    return this.#lost === null;
  }

  /**
   * Claims the catalog for this term and reads it, now and whenever it was lost, until the signal
   * aborts. `tried` is told after each attempt, whether it found the catalog or not. Raises
   * STALE_EPOCH when a later term has begun.
   */
  async keep(signal: AbortSignal, tried: (found: boolean) => void): Promise<void> {
    for (let attempt = 0; !signal.aborted;) {
      if (this.#lost !== null) {
        await this.#find();
        attempt = this.#lost === null ? 0 : attempt + 1;
        tried(this.#lost === null);
      }
      await this.#rest(this.#lost === null ? null : attempt, signal);
    }
  }

  /** Makes the changes, all or none. Raises UNAVAILABLE with the reason while the catalog is lost. */
  async write(changes: readonly CatalogChange[]): Promise<void> {
    await this.#use((catalog) => catalog.apply(this.#term, changes));
  }

  async nextRid(): Promise<number> {
    return await this.#use((catalog) => catalog.nextRid(this.#term));
  }

  async events(after: number, limit: number): Promise<readonly RecordedEvent[]> {
    return await this.#use((catalog) => catalog.events({ after, limit }));
  }

  /** Records a server: catalog first, then memory, where `merge` minds what has changed meanwhile. */
  async saveRegionInfo(
    server: ServerRecord,
    merge: (now: ServerRecord | null) => ServerRecord = () => server,
  ): Promise<void> {
    await this.write([{ change: "server.put", server }]);
    this.#view.putServer(merge(this.#view.server(server.rid)));
  }

  /** All region servers ever registered. */
  getAllRegions(): readonly ServerRecord[] {
    return this.#view.servers;
  }

  /**
   * Tells people, and keeps the event as soon as the catalog takes it. Never fails. `at` is when it
   * happened, in milliseconds since 1970: now, unless told.
   */
  event(event: ClusterEvent, at = Math.floor(this.#deps.clock.wallMicros() / 1000)): void {
    this.#deps.reporter.event(event);
    this.#waiting.push({ at, event });
    if (this.#waiting.length > WAITING_EVENTS_MAX) this.#waiting.shift();
    if (this.#gathering) return;
    this.#gathering = true;
    this.#deps.clock.after(EVENTS_GATHER_MS, () => void this.flushEvents());
  }

  /** A line for the log that is no event. */
  note(message: string): void {
    this.#deps.reporter.log("warning", message);
  }

  /** Writes the events that wait, if the catalog can be had. */
  async flushEvents(): Promise<void> {
    this.#gathering = false;
    // One batch after the other: events are kept in the order in which they happened.
    this.#flushed = this.#flushed.then(() => this.#flush());
    await this.#flushed;
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0 || this.#lost !== null) return;
    this.#waiting = [];
    const changes: CatalogChange[] = batch.map((each) => ({ change: "event.add", ...each }));
    this.#written += batch.length;
    if (this.#written >= EVENTS_PRUNE_EVERY) {
      this.#written = 0;
      changes.push({ change: "event.prune", keep: EVENTS_KEPT });
    }
    try {
      await this.write(changes);
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      this.#waiting = [...batch, ...this.#waiting].slice(-WAITING_EVENTS_MAX);
    }
  }

  async #find(): Promise<void> {
    const { catalog, clock } = this.#deps;
    try {
      await catalog.prepare();
      await catalog.claim(this.#term);
      const state = await catalog.load();
      this.#view.load(state);
      this.#report(state);
      this.#lost = null;
      if (this.#lossTold) {
        this.event({ event: "catalog.back", afterMs: clock.now() - this.#lostAt });
      } else void this.flushEvents();
      this.#lossTold = false;
    } catch (error) {
      if (!(error instanceof MinisqlError) || error.code === "STALE_EPOCH") throw error;
      if (!this.#lossTold || this.#lost?.message !== error.message) {
        this.#deps.reporter.event({ event: "catalog.lost", reason: error.message });
      }
      this.#lossTold = true;
      this.#lost = error;
    }
  }

  #report(state: CatalogState): void {
    for (const { table, key, reason } of state.faults) {
      const message = `Cannot read record ${key} of the catalog's ${table}: ${reason}`;
      this.#deps.reporter.log("error", message, { table, key });
    }
  }

  /** Until the catalog is lost, or it is time to look for it again, or the signal aborts. */
  async #rest(attempt: number | null, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const ms = attempt === null ? null : backoffDelay(RETRY, attempt, () => random.next());
    await pause(clock, ms, signal, [promise]);
  }

  async #use<T>(work: (catalog: Catalog) => Promise<T>): Promise<T> {
    if (this.#lost !== null) throw this.#refusal(this.#lost);
    for (let repeat = 1;; repeat++) {
      try {
        return await work(this.#deps.catalog);
      } catch (error) {
        if (!(error instanceof MinisqlError)) throw error;
        if (error.code === "OUTCOME_UNKNOWN" && repeat < REPEATS_MAX) continue;
        this.#lose(error);
        // Whatever became of this attempt, one before it may have been carried out.
        if (repeat > 1) throw new MinisqlError("OUTCOME_UNKNOWN", error.message, { cause: error });
        throw error.code === "UNAVAILABLE" ? this.#refusal(error) : error;
      }
    }
  }

  #lose(error: MinisqlError): void {
    if (this.#lost !== null) return;
    this.#lost = error;
    this.#lostAt = this.#deps.clock.now();
    this.#wake();
    // It is this master's time that is over then, and not the catalog that is lost.
    if (error.code === "STALE_EPOCH") return;
    this.#lossTold = true;
    this.event({ event: "catalog.lost", reason: error.message });
  }

  #refusal(cause: MinisqlError): MinisqlError {
    const why = `Cannot reach the catalog, so nothing is registered, created or dropped now ` +
      `(reads and writes go on): ${cause.message}`;
    return new MinisqlError("UNAVAILABLE", why, { cause });
  }
}
