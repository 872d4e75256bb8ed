/** The region server: it keeps copies of regions in one database, leads some and follows others. */
import { pause } from "../cluster/pause.ts";
import type { Clock } from "../ports/clock.ts";
import type { Coordinator } from "../ports/coordinator.ts";
import type { Disk } from "../ports/disk.ts";
import type { Engine } from "../ports/engine.ts";
import type { Address, Network } from "../ports/network.ts";
import type { Random } from "../ports/random.ts";
import type { Reporter } from "../ports/reporter.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { prepareBooks } from "./books.ts";
import type { RegionLimits } from "./limits.ts";
import { assemble, type Parts } from "./assembly.ts";
import type { ReadLimits } from "./read/limits.ts";
import { openLog } from "./log/segment_log.ts";
import type { Replicas } from "./replicas.ts";
import { tidy } from "./tidying.ts";

export interface RegionServerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly coordinator: Coordinator;
  readonly reporter: Reporter;
  readonly engine: Engine;
  /** For the log. Stays the caller's, as the engine does, to be closed afterwards. */
  readonly disk: Disk;
  /** For what repairs set aside; nothing is kept where there is none. */
  readonly quarantine?: Disk;
}

export interface RegionServerOptions {
  readonly cluster: string;
  readonly root?: string;
  /** This server's own name, drawn once and kept with its data. */
  readonly identity: string;
  /** Drawn at every start of the process. */
  readonly incarnation: string;
  readonly zone: string;
  readonly listen: Address;
  /** The host that others reach it by. */
  readonly advertise: string;
  readonly version: string;
  /** How long the drain at the end may take. */
  readonly graceMs?: number;
  /** Every table is counted again so often; null for never. */
  readonly scrubMs?: number | null;
  readonly limits?: Partial<RegionLimits>;
  readonly reading?: Partial<ReadLimits>;
}

const GRACE_MS = 5000;
const FORSAKE_MS = 1000;

export class RegionServer {
  readonly address: Address;
  readonly replicas: Replicas;
  readonly #deps: RegionServerDeps;
  readonly #options: RegionServerOptions;
  readonly #parts: Parts;

  private constructor(deps: RegionServerDeps, options: RegionServerOptions, parts: Parts) {
    this.#deps = deps;
    this.#options = options;
    this.#parts = parts;
    this.replicas = parts.replicas;
    this.address = parts.server.address;
  }

  /**
   * Opens the log and every copy there is, and listens. Raises `UNSUPPORTED` for a log that is not
   * this program's, `UNAVAILABLE` where log, database or address cannot be had.
   */
  static async start(
    deps: RegionServerDeps,
    options: RegionServerOptions,
  ): Promise<RegionServer> {
    await prepareBooks(deps.engine);
    const log = await openLog(deps);
    for (const { segment, why, regions } of log.damage) {
      const hurt = regions.length === 0 ? "nothing needed is lost" : `hurt: ${regions.join(", ")}`;
      deps.reporter.log("error", `The log is damaged in ${segment}: ${why}; ${hurt}`);
    }
    const parts = await assemble(deps, options, log);
    return new RegionServer(deps, options, parts);
  }

  /** The number that the master has given; null before that. */
  get rid(): number | null {
    return this.#parts.membership.rid;
  }

  /** What its database is lost by; null while it lives. */
  get engineLost(): string | null {
    return this.#parts.health.lost;
  }

  /** Serves until the signal aborts, then ends in good order. Raises where it cannot go on. */
  async run(signal: AbortSignal): Promise<void> {
    const { membership, health, scrubber, sentry, orders, log } = this.#parts;
    const { clock, reporter } = this.#deps;
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const failed = log.failed.then((error) => {
      throw new MinisqlError("UNAVAILABLE", `Cannot go on: the log has failed: ${error.message}`, {
        cause: error,
      });
    });
    const work = [
      health.run(either),
      scrubber.run(either),
      sentry.run(either),
      this.#forsake(either),
      tidy({ clock, reporter, replicas: this.replicas, orders }, either),
    ];
    try {
      await Promise.race([membership.run(either), failed]);
    } finally {
      ending.abort(new MinisqlError("UNAVAILABLE", "This server is shutting down"));
      await this.#close();
      await Promise.all(work);
    }
  }

  /** Transactions end with the link of whoever began them. */
  async #forsake(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      await pause(clock, FORSAKE_MS, signal);
      const there = new Set(this.#parts.server.callers());
      for (const { primary } of this.replicas.all) {
        await primary?.transactions.forsake((caller) => there.has(caller));
      }
    }
  }

  async #close(): Promise<void> {
    const { server, reads, gatherer, voter, source, sessions, pool, log } = this.#parts;
    await this.replicas.stop();
    gatherer.close();
    await server.close(this.#options.graceMs ?? GRACE_MS);
    await Promise.all([reads.close(), voter.close(), source.close(), sessions.close()]);
    pool.close();
    await log.close();
  }
}
