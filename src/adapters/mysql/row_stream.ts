/** A query's rows in batches, taken from the server no faster than they are read here. */
import { Deferred } from "../../base/deferred.ts";
import type { Fingerprint, RowStream } from "../../ports/engine.ts";
import type { Column, Row } from "../../protocol/values.ts";
import type { Sink } from "./results.ts";

/** Batches that wait for the reader; with so many the server has to wait. */
const BATCHES_MAX = 2;

/** The connection's valve. */
export interface Flow {
  pause(): void;
  resume(): void;
}

export type Kept = readonly (Fingerprint | null)[];

/** Runs the statement to its end, or until the signal ends it early; answers with what is kept. */
export type Start = (sink: Sink, left: AbortSignal) => Promise<Kept>;

export class MysqlRowStream implements RowStream {
  readonly columns: Promise<readonly Column[]>;
  readonly #told = new Deferred<readonly Column[]>();
  readonly #flow: Flow;
  readonly #batchRows: number;
  readonly #left = new AbortController();
  readonly #ended: Promise<void>;
  #kept: Kept = [];
  #batch: Row[] = [];
  #batches: (readonly Row[])[] = [];
  /** `discarding`: the statement is being ended, and what it still sends is dropped. */
  #state: "open" | "discarding" | "ended" = "open";
  #hasLeft = false;
  #failure: { readonly error: unknown } | null = null;
  #isPaused = false;
  #change = new Deferred<void>();

  constructor(flow: Flow, batchRows: number, start: Start) {
    this.#flow = flow;
    this.#batchRows = batchRows;
    this.columns = this.#told.promise;
    const sink: Sink = {
      columns: (columns) => this.#told.resolve(columns),
      row: (row) => this.#take(row),
      discard: () => this.#discard(),
    };
    this.#ended = start(sink, this.#left.signal).then(
      (kept) => this.#end(kept),
      (error) => this.#fail(error),
    );
  }

  async kept(): Promise<Kept> {
    await this.#ended;
    if (this.#failure !== null) throw this.#failure.error;
    return this.#kept;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Row[], void, void> {
    try {
      while (true) {
        const batch = await this.#next();
        if (batch === undefined) return;
        yield batch;
      }
    } finally {
      this.#leave();
      await this.#ended;
    }
  }

  async #next(): Promise<readonly Row[] | undefined> {
    while (true) {
      if (this.#failure !== null) throw this.#failure.error;
      const batch = this.#batches.shift();
      if (batch !== undefined) {
        this.#letIn();
        return batch;
      }
      if (this.#state === "ended") return undefined;
      await this.#change.promise;
      this.#change = new Deferred();
    }
  }

  #take(row: Row): void {
    if (this.#state !== "open") return;
    this.#batch.push(row);
    if (this.#batch.length >= this.#batchRows) this.#handOver();
    if (this.#batches.length < BATCHES_MAX || this.#isPaused) return;
    this.#isPaused = true;
    this.#flow.pause();
  }

  #handOver(): void {
    this.#batches.push(this.#batch);
    this.#batch = [];
    this.#change.resolve();
  }

  #letIn(): void {
    if (!this.#isPaused || this.#batches.length >= BATCHES_MAX) return;
    this.#isPaused = false;
    this.#flow.resume();
  }

  #end(kept: Kept): void {
    this.#kept = kept;
    if (this.#batch.length > 0) this.#handOver();
    this.#state = "ended";
    this.#told.resolve([]);
    this.#change.resolve();
  }

  #fail(error: unknown): void {
    if (!this.#hasLeft) this.#failure = { error };
    this.#discard();
    this.#state = "ended";
    this.#told.reject(error);
    this.#change.resolve();
  }

  /** The reader wants no more. */
  #leave(): void {
    this.#hasLeft = true;
    if (this.#state !== "open") return;
    this.#discard();
    this.#left.abort();
  }

  #discard(): void {
    this.#state = "discarding";
    this.#batch = [];
    this.#batches = [];
    this.#isPaused = false;
  }
}
