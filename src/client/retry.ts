/** Trying again: what is worth it by the table of errors, and when. */
import { backoffDelay, type BackoffPolicy } from "../base/backoff.ts";
import type { Random } from "../ports/random.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Deadline } from "./deadline.ts";
import type { Located, Routes } from "./routes.ts";

const BACKOFF: BackoffPolicy = { initialMs: 20, limitMs: 1000 };

export function isRetriable(error: unknown): error is MinisqlError {
  return error instanceof MinisqlError && error.retry !== "never";
}

/**
 * A server may have called off what was sent to it on a link that is lost by now, and answer so to
 * the same thing sent again. Nobody here has cancelled it, and it may be tried once more.
 */
export function unlessCancelledHere(error: unknown, deadline: Deadline): unknown {
  const isForeign = error instanceof MinisqlError && error.code === "CANCELLED" &&
    deadline.signal?.aborted !== true;
  if (!isForeign) return error;
  return new MinisqlError("OUTCOME_UNKNOWN", error.message, { cause: error });
}

/** A server has no such table: the client's route may be out of date, or the statement wrong. */
export function isAbsence(error: unknown): error is MinisqlError {
  return error instanceof MinisqlError &&
    (error.code === "NO_SUCH_TABLE" || error.code === "SQL" && error.errno === 1146);
}

/** One statement's attempts. */
export class Attempts {
  readonly #routes: Routes;
  readonly #random: Random;
  readonly #deadline: Deadline;
  #count = 0;
  #hasLookedForTables = false;

  constructor(routes: Routes, random: Random, deadline: Deadline) {
    this.#routes = routes;
    this.#random = random;
    this.#deadline = deadline;
  }

  /**
   * Before the next attempt: finds out where the regions are now, and waits, unless there is news
   * of one meanwhile. Raises `last` when there is no time for another attempt.
   */
  async next(located: readonly Located[], last: MinisqlError): Promise<void> {
    const deadline = this.#deadline;
    await Promise.all(located.map((each) => this.#routes.renew(each, deadline)));
    const delay = backoffDelay(BACKOFF, this.#count++, () => this.#random.next());
    if (delay >= deadline.left) throw last;
    // A part is waited anyhow, so that news that lead nowhere keep nobody busy.
    await deadline.pause(delay / 8);
    const news = located.map((each) => this.#routes.change(each, delay, deadline));
    await Promise.race([deadline.pause(delay), ...news]);
  }

  /** Whether tables that a server does not have are elsewhere by now; looked at once. */
  async haveMoved(tables: readonly string[], error: unknown): Promise<boolean> {
    if (!isAbsence(error) || this.#hasLookedForTables) return false;
    this.#hasLookedForTables = true;
    return await this.#routes.haveMoved(tables, this.#deadline);
  }
}
