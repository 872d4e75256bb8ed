/** Rows as an application takes them: as fast as it likes, and no faster than they come. */
import { Deferred } from "../base/deferred.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Column, Row } from "../protocol/values.ts";
import type { Outcome, Running } from "./answers.ts";
import type { QueryStream } from "./api.ts";

export class RowStream implements QueryStream {
  readonly columns: Promise<readonly Column[]>;
  readonly #running: Promise<Running>;
  readonly #outcome = new Deferred<Outcome>();
  #isTaken = false;

  constructor(running: Promise<Running>) {
    this.#running = running;
    this.columns = running.then(({ columns }) => columns);
    // Nobody need wait for either.
    this.columns.catch(() => {});
    this.#outcome.promise.catch(() => {});
    void this.#follow();
  }

  get outcome(): Promise<Outcome> {
    return this.#outcome.promise;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Row[], void, void> {
    if (this.#isTaken) {
      throw new MinisqlError("BAD_REQUEST", "Cannot read the rows again: they have been taken");
    }
    this.#isTaken = true;
    try {
      const { batches, outcome } = await this.#running;
      yield* batches;
      this.#outcome.resolve(await outcome);
    } finally {
      const why = "Cannot tell how the query ended: its rows were not all taken";
      if (!this.#outcome.settled) this.#outcome.reject(new MinisqlError("CANCELLED", why));
    }
  }

  /** How it failed is known without taking rows, and how it ended where there are none. */
  async #follow(): Promise<void> {
    try {
      const { columns, outcome } = await this.#running;
      const ended = await outcome;
      if (columns.length === 0) this.#outcome.resolve(ended);
    } catch (error) {
      if (!this.#outcome.settled) this.#outcome.reject(error);
    }
  }
}
