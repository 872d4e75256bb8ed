/** A coordination service in memory, for a cluster in one process, for tests and the simulator. */
import type { Clock } from "../../ports/clock.ts";
import type { Coordinator } from "../../ports/coordinator.ts";
import { openSession } from "../coordinator/opening.ts";
import { Ambushes } from "./ambushes.ts";
import { CoordinatorFaults } from "./faults.ts";
import { Line } from "./line.ts";
import type { TreeView } from "./node_tree.ts";
import { CoordinationService, type Keeping } from "./service.ts";
import { MemoryTransport } from "./transport.ts";

const SESSION_TIMEOUT_MS = 4000;

export interface MemoryCoordinatorOptions {
  /** Silence after which a session ends. */
  readonly sessionTimeoutMs?: number;
  /** What a message takes, each way. */
  readonly delayMs?: number;
  /** For a tree that is to outlive this process. */
  readonly keeping?: Keeping;
}

export class MemoryCoordinator {
  readonly faults: CoordinatorFaults;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #delayMs: number;
  readonly #service: CoordinationService;
  readonly #ambushes = new Ambushes();
  readonly #lines = new Map<string, Line>();

  constructor(deps: { readonly clock: Clock }, options: MemoryCoordinatorOptions = {}) {
    this.#clock = deps.clock;
    this.#timeoutMs = options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS;
    this.#delayMs = options.delayMs ?? 0;
    this.#service = new CoordinationService(deps.clock, options.keeping);
    this.faults = new CoordinatorFaults({
      service: this.#service,
      ambushes: this.#ambushes,
      lines: this.#lines,
    });
  }

  /** The tree as it is now, whoever may be cut off from it. */
  get tree(): TreeView {
    return this.#service.tree;
  }

  /** A client known to `faults` by its name. `clock` is its own, where that is not the service's. */
  client(name = `client-${this.#lines.size + 1}`, clock: Clock = this.#clock): Coordinator {
    const line = this.#lineOf(name, clock);
    const parts = { service: this.#service, ambushes: this.#ambushes, line };
    return {
      open: (signal) =>
        openSession(
          line.clock,
          (listener) => new MemoryTransport(parts, this.#timeoutMs, listener),
          { limitMs: this.#timeoutMs, signal },
        ),
    };
  }

  #lineOf(name: string, clock: Clock): Line {
    const known = this.#lines.get(name);
    if (known !== undefined) return known;
    const line = new Line(name, { service: this.#clock, client: clock }, this.#delayMs);
    if (this.faults.serviceIsAway) line.reach = "cut";
    this.#lines.set(name, line);
    return line;
  }
}
