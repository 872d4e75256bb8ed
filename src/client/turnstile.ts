/** One at a time, in the order of asking. */
import { Deferred } from "../base/deferred.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Deadline } from "./deadline.ts";

export class Turnstile {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is the caller's turn, with what ends it. Raises when the time is up before. */
  async enter(deadline: Deadline): Promise<() => void> {
    const before = this.#last;
    const turn = new Deferred<void>();
    // Whoever gives up while waiting still lets nobody pass before its turn would have come.
    this.#last = before.then(() => turn.promise);
    let isFree = false;
    try {
      await deadline.until(before.then(() => isFree = true));
      if (!isFree) throw late();
    } catch (error) {
      turn.resolve();
      throw error;
    }
    return () => turn.resolve();
  }
}

function late(): MinisqlError {
  const why = "Cannot begin the statement: the session was busy with another until the time was up";
  return new MinisqlError("TIMEOUT", why);
}
