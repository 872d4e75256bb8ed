/** Strikes the region server of the primary, again and again, and times what the writers see. */
import type { Client } from "../../src/client/api.ts";
import { MinisqlError } from "../../src/protocol/errors.ts";
import type { RegionState } from "../../src/protocol/model.ts";
import type { MinisqlCluster, MinisqlRegion } from "../services/minisql.ts";
import { delay, waitUntil } from "../services/wait.ts";
import type { Journal } from "./journal.ts";
import { TABLE } from "./writers.ts";

const LIMIT_MS = 60_000;
const LOOK_TIMEOUT_MS = 2000;
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
  readonly #cluster: MinisqlCluster;
  readonly #operator: Client;
  readonly #journal: Journal;
  readonly #stops: boolean;

  constructor(
    cluster: MinisqlCluster,
    { operator, journal, stops }: {
      readonly operator: Client;
      readonly journal: Journal;
      readonly stops: boolean;
    },
  ) {
    this.#cluster = cluster;
    this.#operator = operator;
    this.#journal = journal;
    this.#stops = stops;
  }

  async strike(): Promise<Strike> {
    const { epoch, primary } = await this.allInSync();
    await delay(QUIET_MS * (1 + Math.random()));
    const { server } = await this.#regionOf(primary ?? 0);
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

  /** Waits until every server holds the table in sync; answers with its region. */
  async allInSync(): Promise<RegionState> {
    let found: RegionState | undefined;
    const isInSync = await waitUntil(LIMIT_MS, async () => {
      found = await this.#look();
      return found?.primary !== null && found?.isr.length === this.#cluster.regions.length;
    });
    if (isInSync && found !== undefined) return found;
    throw new Error(`Not all copies came to be in sync: ${JSON.stringify(found)}`);
  }

  async #heal(server: MinisqlRegion["server"]): Promise<number> {
    const since = performance.now();
    if (this.#stops) server.resume();
    else await server.start();
    await this.allInSync();
    return performance.now() - since;
  }

  async #resumed(epoch: number): Promise<number> {
    const resumedAt = () => this.#journal.resumedAfter(epoch);
    await waitUntil(LIMIT_MS, () => resumedAt() !== null);
    const at = resumedAt();
    if (at === null) throw new Error(`No write was acknowledged after epoch ${epoch}`);
    return at;
  }

  async #look(): Promise<RegionState | undefined> {
    try {
      const timeoutMs = LOOK_TIMEOUT_MS;
      const { regions } = await this.#operator.admin.master("regions", {}, { timeoutMs });
      return regions.find(({ tables }) => tables.includes(TABLE));
    } catch (error) {
      if (error instanceof MinisqlError) return undefined;
      throw error;
    }
  }

  async #regionOf(rid: number): Promise<MinisqlRegion> {
    const { servers } = await this.#operator.admin.master("servers", {});
    const port = servers.find((each) => each.rid === rid)?.port;
    const region = this.#cluster.regions.find(({ server }) => server.address.port === port);
    if (region === undefined) throw new Error(`No region server of this run has rid ${rid}`);
    return region;
  }
}
