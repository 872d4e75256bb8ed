/** One direction of a connection in memory: in order, each message after its delay. */
import type { Clock } from "../../ports/clock.ts";

export interface PipeConditions {
  readonly delayMs: number;
  /** Nothing is delivered and nothing is lost: it waits for `flush`. */
  readonly held: boolean;
}

interface Message {
  readonly deliver: () => void;
  due: boolean;
}

export class Pipe {
  readonly #clock: Clock;
  readonly #conditions: () => PipeConditions;
  #queue: Message[] = [];
  #closed = false;

  constructor(clock: Clock, conditions: () => PipeConditions) {
    this.#clock = clock;
    this.#conditions = conditions;
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** Never delivers within the call, even without a delay. */
  send(deliver: () => void): void {
    if (this.#closed) return;
    const message = { deliver, due: false };
    this.#queue.push(message);
    const arrived = () => {
      message.due = true;
      this.flush();
    };
    const { delayMs } = this.#conditions();
    if (delayMs === 0) queueMicrotask(arrived);
    else this.#clock.after(delayMs, arrived);
  }

  /** Delivers what is due, unless it is held. */
  flush(): void {
    while (this.#queue[0]?.due && !this.#conditions().held) this.#queue.shift()?.deliver();
  }

  /** Loses what is on its way and all that is sent later. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
  }
}
