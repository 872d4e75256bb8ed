/** Keeps the location cache fresh while a master is up: it tells of every change by itself. */
import { backoffDelay, type BackoffPolicy } from "../base/backoff.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { MasterClient } from "./master_client.ts";
import type { Routes } from "./routes.ts";

export interface RouteFeedDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly masters: MasterClient;
}

/** Tables that are found one after the other are subscribed to together. */
const GATHER_MS = 200;
/** Tables of one subscription. */
const TABLES_MAX = 1000;
/** With more small subscriptions than this, all are made anew as few large ones. */
const STRANDS_MAX = 8;
const BACKOFF: BackoffPolicy = { initialMs: 200, limitMs: 5000 };

/** One subscription; tables that come later are another's. */
interface Strand {
  readonly tables: readonly string[];
  readonly stop: AbortController;
}

export class RouteFeed {
  readonly #deps: RouteFeedDeps;
  readonly #routes: Routes;
  readonly #strands = new Set<Strand>();
  readonly #covered = new Set<string>();
  #closed = false;
  /** Calls off what is planned; null while nothing is. */
  #callOff: (() => void) | null = null;
  #failures = 0;

  constructor(deps: RouteFeedDeps, routes: Routes) {
    this.#deps = deps;
    this.#routes = routes;
  }

  /** There may be tables nobody listens for yet. */
  wake(): void {
    if (this.#closed || this.#callOff !== null) return;
    if (this.#routes.tables.every((table) => this.#covered.has(table))) return;
    const { clock, random } = this.#deps;
    const delay = this.#failures === 0
      ? GATHER_MS
      : backoffDelay(BACKOFF, this.#failures - 1, () => random.next());
    this.#callOff = clock.after(delay, () => {
      this.#callOff = null;
      this.#cover();
    });
  }

  close(): void {
    this.#closed = true;
    this.#callOff?.();
    for (const strand of this.#strands) strand.stop.abort(ended());
  }

  #cover(): void {
    if (this.#strands.size >= STRANDS_MAX) {
      for (const strand of this.#strands) this.#forget(strand);
    }
    const tables = this.#routes.tables.filter((table) => !this.#covered.has(table));
    for (let from = 0; from < tables.length; from += TABLES_MAX) {
      void this.#listen(tables.slice(from, from + TABLES_MAX));
    }
  }

  async #listen(tables: readonly string[]): Promise<void> {
    const strand = { tables, stop: new AbortController() };
    this.#strands.add(strand);
    for (const table of tables) this.#covered.add(table);
    try {
      await this.#deps.masters.listen("subscribe", { tables }, (event) => {
        this.#failures = 0;
        this.#routes.take(event);
      }, strand.stop.signal);
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
    }
    if (!this.#strands.has(strand)) return;
    // Nobody leads for now, or the link to whoever did is gone.
    this.#failures++;
    this.#forget(strand);
    this.wake();
  }

  #forget(strand: Strand): void {
    this.#strands.delete(strand);
    for (const table of strand.tables) this.#covered.delete(table);
    strand.stop.abort(ended());
  }
}

function ended(): MinisqlError {
  return new MinisqlError("CANCELLED", "Cannot listen any longer: nobody wants to know");
}
