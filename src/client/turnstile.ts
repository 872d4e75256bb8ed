/** One at a time, in the order of asking. */
import { Deferred } from "../base/deferred.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Deadline } from "./deadline.ts";

export class Turnstile {
  /** Resolves when all who have come have left; null while nobody is there. */
  #last: Promise<void> | null = null;

  /** Resolves when it is the caller's turn, with what ends it. Raises when the time is up before. */
  async enter(deadline: Deadline): Promise<() => void> {
    const before = this.#last;
    if (before === null) deadline.throwIfStopped();
    const turn = new Deferred<void>();
    // Whoever gives up while waiting still lets nobody pass before its turn would have come.
    const all = before === null ? turn.promise : before.then(() => turn.promise);
    this.#last = all;
    const leave = () => {
      turn.resolve();
      if (this.#last === all) this.#last = null;
    };
    if (before === null) return leave;
    try {
      await waitFor(before, deadline);
    } catch (error) {
      turn.resolve();
      throw error;
    }
    return leave;
  }
}

async function waitFor(before: Promise<void>, deadline: Deadline): Promise<void> {
  let isFree = false;
  await deadline.until(before.then(() => isFree = true));
  if (!isFree) throw late();
}

function late(): MinisqlError {
  const why = "Cannot begin the statement: the session was busy with another until the time was up";
  return new MinisqlError("TIMEOUT", why);
}
