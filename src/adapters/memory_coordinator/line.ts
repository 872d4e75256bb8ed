/** How one client reaches the coordinator in memory, and what stands in the way just now. */
import type { Clock } from "../../ports/clock.ts";
import { HoldableClock } from "./holdable_clock.ts";
import { Pipe } from "./pipe.ts";

/** `cut`: connections break and new ones are refused. `silent`: nothing arrives, nobody is told. */
export type Reach = "up" | "cut" | "silent";

/** A connection: messages each way, until one side has enough of it. */
export interface Connection {
  readonly toService: Pipe;
  readonly toClient: Pipe;
  abandoned: boolean;
  /** Both sides see it end. What was on its way is lost. */
  cut(): void;
  /** The client turns away. What it has sent may still arrive. */
  abandon(): void;
}

export class Line {
  readonly name: string;
  /** The client's own time: its timers stand still while it is paused. */
  readonly clock: HoldableClock;
  readonly #serviceClock: Clock;
  readonly #connections = new Set<Connection>();
  /** What the client is told by its own side; it comes late to a paused one. */
  readonly #notices: Pipe;
  #waiting: (() => void)[] = [];
  #reach: Reach = "up";
  #delayMs: number;

  constructor(
    name: string,
    clocks: { readonly service: Clock; readonly client: Clock },
    delayMs: number,
  ) {
    this.name = name;
    this.clock = new HoldableClock(clocks.client);
    this.#serviceClock = clocks.service;
    this.#delayMs = delayMs;
    this.#notices = new Pipe(this.clock, () => ({ delayMs: 0, held: this.clock.held }));
  }

  set delayMs(ms: number) {
    this.#delayMs = ms;
  }

  set reach(reach: Reach) {
    this.#reach = reach;
    if (reach === "cut") { for (const connection of this.#connections) connection.cut(); }
    else this.#flush();
    if (reach === "up") {
      for (const action of this.#waiting.splice(0)) {
        this.#notices.send(action);
      }
    }
  }

  get paused(): boolean {
    return this.clock.held;
  }

  set paused(paused: boolean) {
    if (paused) {
      this.clock.hold();
    } else {
      // As in a process that goes on: first the timers that are due, then what has arrived.
      this.clock.release();
      this.#notices.flush();
      this.#flush();
    }
  }

  /** A connection, or null when it is refused. `onCut` is called if the client does not end it. */
  connect(onCut: () => void): Connection | null {
    if (this.#reach === "cut") return null;
    for (const old of this.#connections) {
      if (old.abandoned && old.toService.empty) this.#connections.delete(old);
    }
    const silent = () => this.#reach === "silent";
    const toService = new Pipe(
      this.#serviceClock,
      () => ({ delayMs: this.#delayMs, held: silent() }),
    );
    const toClient = new Pipe(
      this.#serviceClock,
      () => ({ delayMs: this.#delayMs, held: silent() || this.paused }),
    );
    const connection: Connection = {
      toService,
      toClient,
      abandoned: false,
      cut: () => {
        toService.close();
        toClient.close();
        const told = !connection.abandoned && this.#connections.delete(connection);
        if (told) this.#notices.send(onCut);
      },
      abandon: () => {
        toClient.close();
        connection.abandoned = true;
      },
    };
    this.#connections.add(connection);
    return connection;
  }

  /** Runs `action` once the service can be reached: the next time, if it cannot be now. */
  whenReachable(action: () => void): void {
    if (this.#reach === "cut") this.#waiting.push(action);
    else this.#notices.send(action);
  }

  #flush(): void {
    for (const connection of this.#connections) {
      connection.toService.flush();
      connection.toClient.flush();
    }
  }
}
