/** Region servers and the one connection to each, and which of them had better be left alone. */
import type { Clock } from "../ports/clock.ts";
import type { Address } from "../ports/network.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Caller } from "../rpc/caller.ts";
import type { ChannelDeps, Greeting } from "../rpc/channel.ts";
import { Pool } from "../rpc/pool.ts";
import type { Deadline } from "./deadline.ts";

/** One server that does not answer must not use up the time for all of them. */
const CONNECT_MS_MAX = 2000;
/** A link that is silent for so long is asked for a sign of life, and given up without one. */
export const LINK_LIMITS = { pingAfterMs: 2000, pingAnswerMs: 8000 };
/** A server that could not be reached is asked last for so long. */
const SUSPECT_MS = 2000;
/** A server that the others go on without has so long to answer a ping. */
const PROBE_MS = 1000;

export class Servers {
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #suspectUntil = new Map<string, number>();

  constructor(deps: ChannelDeps, greeting: Greeting) {
    this.#clock = deps.clock;
    this.#pool = new Pool(deps, { greeting, limits: LINK_LIMITS });
  }

  /** The connection to a server. Raises `UNAVAILABLE`, and then nothing was sent. */
  async connect(address: Address, deadline: Deadline): Promise<Caller> {
    const channel = this.#pool.to(address);
    const { current } = channel;
    if (current !== null) return current.caller;
    deadline.throwIfStopped();
    try {
      const { timeoutMs, signal } = deadline.limits(CONNECT_MS_MAX);
      const { caller } = await channel.connect(timeoutMs, signal);
      this.#suspectUntil.delete(keyOf(address));
      return caller;
    } catch (error) {
      deadline.throwIfStopped();
      if (error instanceof MinisqlError && error.code === "UNAVAILABLE") this.suspect(address);
      throw error;
    }
  }

  /** It could not be reached, or its link was lost. */
  suspect(address: Address): void {
    this.#suspectUntil.set(keyOf(address), this.#clock.now() + SUSPECT_MS);
  }

  isSuspect(address: Address): boolean {
    // Mostly there are none, and every read asks.
    if (this.#suspectUntil.size === 0) return false;
    const until = this.#suspectUntil.get(keyOf(address));
    if (until === undefined) return false;
    if (until > this.#clock.now()) return true;
    this.#suspectUntil.delete(keyOf(address));
    return false;
  }

  /**
   * A server has left a region, maybe by dying in silence: its link is given up soon unless it
   * answers, so that calls under way there can go on elsewhere.
   */
  probe(address: Address): void {
    const caller = this.#pool.to(address).current?.caller;
    if (caller === undefined || caller.underWay === 0) return;
    caller.call("ping", {}, { timeoutMs: PROBE_MS }).catch(() => caller.close());
  }

  close(): void {
    this.#pool.close();
  }
}

function keyOf({ host, port }: Address): string {
  return `${host}:${port}`;
}
