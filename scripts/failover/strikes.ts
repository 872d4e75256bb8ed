/** Strikes the region server of the primary, again and again, and times what the writers see. */
import type { MinisqlRegion } from "../services/minisql.ts";
import type { Operator } from "../services/minisql_clients.ts";
import { delay, waitUntil } from "../services/wait.ts";
import type { Journal } from "./journal.ts";
import { TABLE } from "./writers.ts";

const LIMIT_MS = 60_000;
/** A stopped server is let go on so long after writes have gone on without it. */
const HELD_MS = 1000;
/** Between two strikes writes go on undisturbed for at least this, and up to twice as long. */
const QUIET_MS = 300;

export interface Strike {
  readonly server: string;
  /** Milliseconds from the strike to the first write acknowledged by another primary. */
  readonly outageMs: number;
  /** How long each writer's first write in the new epoch took. */
  readonly waitsMs: readonly number[];
  /** From when the server was back until all copies were in sync. */
  readonly healedMs: number;
}

export class Striker {
  readonly #operator: Operator;
  readonly #journal: Journal;
  readonly #stops: boolean;

  constructor({ operator, journal, stops }: {
    readonly operator: Operator;
    readonly journal: Journal;
    readonly stops: boolean;
  }) {
    this.#operator = operator;
    this.#journal = journal;
    this.#stops = stops;
  }

  async strike(): Promise<Strike> {
    const { epoch, primary } = await this.#operator.allInSync(TABLE);
    await delay(QUIET_MS * (1 + Math.random()));
    const { server } = await this.#operator.serverOf(primary ?? 0);
    const since = performance.now();
    if (this.#stops) server.pause();
    else await server.kill();
    try {
      const outageMs = await this.#resumed(epoch) - since;
      if (this.#stops) await delay(HELD_MS);
      const healedMs = await this.#heal(server);
      const waitsMs = this.#journal.waitsAfter(epoch);
      return { server: server.name, outageMs, waitsMs, healedMs };
    } finally {
      server.resume();
    }
  }

  async #heal(server: MinisqlRegion["server"]): Promise<number> {
    const since = performance.now();
    if (this.#stops) server.resume();
    else await server.start();
    await this.#operator.allInSync(TABLE);
    return performance.now() - since;
  }

  async #resumed(epoch: number): Promise<number> {
    const resumedAt = () => this.#journal.resumedAfter(epoch);
    await waitUntil(LIMIT_MS, () => resumedAt() !== null);
    const at = resumedAt();
    if (at === null) throw new Error(`No write was acknowledged after epoch ${epoch}`);
    return at;
  }
}
