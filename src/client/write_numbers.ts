/**
 * Numbers for writes. A server keeps the last number and result of each write session, so that a
 * write sent again is answered and not repeated; therefore a session has one write at a time.
 */
import type { Random } from "../ports/random.ts";

export interface WriteNumber {
  readonly session: string;
  readonly n: number;
}

/** More are made when more writes are under way at once, and forgotten afterwards. */
const IDLE_MAX = 256;

export class WriteNumbers {
  readonly #random: Random;
  /** The last numbers used in sessions that nobody is writing in; the latest one is used first. */
  readonly #idle: WriteNumber[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  take(): WriteNumber {
    const last = this.#idle.pop() ?? { session: this.#random.id(), n: 0 };
    return { session: last.session, n: last.n + 1 };
  }

  /**
   * Gives back the number of a write whose outcome is known. One that may still be on its way is
   * not given back: nothing must be sent in its session that it could get in the way of.
   */
  giveBack(number: WriteNumber): void {
    if (this.#idle.length < IDLE_MAX) this.#idle.push(number);
  }
}
