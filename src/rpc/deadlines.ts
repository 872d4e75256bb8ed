/** Many deadlines on one timer: most calls end long before theirs, so setting one must cost little. */
import type { Clock } from "../ports/clock.ts";

export class Deadlines {
  readonly #clock: Clock;
  readonly #expired: (id: number) => void;
  readonly #at = new Map<number, number>();
  #armedFor = Infinity;
  #disarm = () => {};

  /** `expired` is told of each id whose time has come, once. */
  constructor(clock: Clock, expired: (id: number) => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  set(id: number, ms: number): void {
    const at = this.#clock.now() + ms;
    this.#at.set(id, at);
    if (at < this.#armedFor) this.#arm(at);
  }

  /** The timer stays: it finds nothing to do, or is set anew for the deadline that is next then. */
  clear(id: number): void {
    this.#at.delete(id);
  }

  close(): void {
    this.#at.clear();
    this.#disarm();
    this.#armedFor = Infinity;
  }

  #arm(at: number): void {
    this.#disarm();
    this.#armedFor = at;
    this.#disarm = this.#clock.after(at - this.#clock.now(), () => this.#look());
  }

  #look(): void {
    this.#armedFor = Infinity;
    const now = this.#clock.now();
    const due = [...this.#at].filter(([, at]) => at <= now);
    for (const [id] of due) this.#at.delete(id);
    for (const [id] of due) this.#expired(id);
    const next = Math.min(...this.#at.values());
    if (next < this.#armedFor) this.#arm(next);
  }
}
