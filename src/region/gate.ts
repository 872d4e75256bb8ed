/**
 * Turns: many at once, or one alone. Who wants to be alone waits for those inside, and those who
 * come after wait for it. Whoever enters must leave.
 */
import { orAborted } from "../base/abort.ts";

interface Waiter {
  readonly alone: boolean;
  readonly enter: () => void;
}

export interface Turn {
  /** Others may come in beside who was alone. */
  share(): void;
  leave(): void;
}

export class Gate {
  #inside = 0;
  #isTaken = false;
  #waiting: Waiter[] = [];

  get inside(): number {
    return this.#inside;
  }

  /** Alone, at once; null where it is not free. */
  enterAloneNow(): Turn | null {
    if (this.#waiting.length > 0 || this.#isTaken || this.#inside > 0) return null;
    let isAlone = true;
    let hasLeft = false;
    this.#take(true);
    return {
      share: () => {
        if (!isAlone || hasLeft) return;
        isAlone = false;
        this.#inside++;
        this.#leave(true);
      },
      leave: () => {
        if (hasLeft) return;
        hasLeft = true;
        this.#leave(isAlone);
      },
    };
  }

  /** Resolves with what is to be called on leaving; rejects with the signal's reason. */
  async enter(signal: AbortSignal, alone = false): Promise<() => void> {
    const free = this.#waiting.length === 0 && !this.#isTaken && (!alone || this.#inside === 0);
    if (!free) await this.#queue(signal, alone);
    else this.#take(alone);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave(alone);
    };
  }

  async #queue(signal: AbortSignal, alone: boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let entered = false;
    const waiter: Waiter = {
      alone,
      enter: () => {
        entered = true;
        this.#take(alone);
        resolve();
      },
    };
    this.#waiting.push(waiter);
    try {
      await orAborted(promise, signal);
    } catch (error) {
      if (entered) this.#leave(alone);
      else {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        this.#admit();
      }
      throw error;
    }
  }

  #take(alone: boolean): void {
    if (alone) this.#isTaken = true;
    else this.#inside++;
  }

  #leave(alone: boolean): void {
    if (alone) this.#isTaken = false;
    else this.#inside--;
    this.#admit();
  }

  #admit(): void {
    while (!this.#isTaken) {
      const [next] = this.#waiting;
      if (next === undefined || (next.alone && this.#inside > 0)) return;
      this.#waiting.shift();
      next.enter();
    }
  }
}
