/**
 * Sees within a moment that somebody wrote round the cluster, also where nobody reads or writes:
 * the database's kept fingerprints, which its triggers keep up to date whoever writes, are compared
 * with what the log's last entry left. One tiny query a table; rows are only counted by the
 * scrubber, which is told where to look.
 */
import { pause } from "../../cluster/pause.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Fingerprint } from "../../ports/engine.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { ReadableReplica } from "../readable.ts";
import { isSameContent } from "./content.ts";

export interface SentryDeps {
  readonly clock: Clock;
  readonly looks: { after(table: string): Promise<Fingerprint | null> };
}

export interface SentryOptions {
  readonly replicas: () => readonly ReadableReplica[];
  /** A round past all tables takes so long, or longer where they are very many. */
  readonly roundMs: number;
  /** A copy is not what it was. It may be so for good reasons: whoever is told looks closely. */
  readonly suspect: (replica: ReadableReplica, table: string) => void;
}

/** Between two looks, at least. */
const STEP_MS = 10;

export class Sentry {
  readonly #deps: SentryDeps;
  readonly #options: SentryOptions;

  constructor(deps: SentryDeps, options: SentryOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Walks round and round until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const { replicas, roundMs, suspect } = this.#options;
    while (!signal.aborted) {
      const tables = replicas().flatMap((replica) =>
        replica.tables().map((table) => ({ replica, table }))
      );
      const stepMs = Math.max(STEP_MS, roundMs / Math.max(1, tables.length));
      if (tables.length === 0) await pause(clock, stepMs, signal);
      for (const { replica, table } of tables) {
        await pause(clock, stepMs, signal);
        if (signal.aborted) return;
        if (await this.#isAltered(replica, table)) suspect(replica, table);
      }
    }
  }

  /** Not where something is being committed, or was meanwhile: writes compare by themselves. */
  async #isAltered(replica: ReadableReplica, table: string): Promise<boolean> {
    const seq = replica.applied;
    // With no other copy there is nothing to put it right from.
    if (replica.peers().length === 0) return false;
    const isStill = () =>
      replica.refusal() === null && replica.applied === seq && replica.visible === seq;
    const then = replica.fingerprintAt(table, seq);
    if (!isStill() || then === null) return false;
    try {
      const now = await this.#deps.looks.after(table);
      return isStill() && now !== null && !isSameContent(now, then);
    } catch (error) {
      if (error instanceof MinisqlError) return false;
      throw error;
    }
  }
}
