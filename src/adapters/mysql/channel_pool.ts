/** A bounded number of connections for what an engine does by itself. */
import type { Clock } from "../../ports/clock.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Channel } from "./channel.ts";

interface PoolLimits {
  readonly poolMax: number;
  /** How long to wait for a connection that is free. */
  readonly maintainMs: number;
}

type Waiter = (place: "free" | "closed") => void;

/** Connections are opened as they are needed, lost ones are forgotten. */
export class ChannelPool {
  readonly #clock: Clock;
  readonly #limits: PoolLimits;
  readonly #open: () => Promise<Channel>;
  #free: Channel[] = [];
  #places: number;
  #waiters: Waiter[] = [];
  #isClosed = false;

  constructor(clock: Clock, limits: PoolLimits, open: () => Promise<Channel>) {
    this.#clock = clock;
    this.#limits = limits;
    this.#open = open;
    this.#places = limits.poolMax;
  }

  async use<T>(action: (channel: Channel) => Promise<T>): Promise<T> {
    await this.#enter();
    let channel: Channel | null = null;
    try {
      channel = await this.#taken();
      return await action(channel);
    } finally {
      if (channel !== null) await this.#giveBack(channel);
      this.#leave();
    }
  }

  /** Closes what is free: what broke one connection may have broken all, though it does not show. */
  async renew(): Promise<void> {
    await Promise.all(this.#free.splice(0).map((channel) => channel.close()));
  }

  /** Closes what is free now, and what is in use when it comes back. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#waiters.splice(0)) waiter("closed");
    await this.renew();
  }

  async #enter(): Promise<void> {
    if (this.#isClosed) throw closed();
    if (this.#places > 0) {
      this.#places--;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<"free" | "closed" | "late">();
    this.#waiters.push(resolve);
    const callOff = this.#clock.after(this.#limits.maintainMs, () => resolve("late"));
    const end = await promise;
    callOff();
    if (end === "free") return;
    this.#waiters = this.#waiters.filter((waiter) => waiter !== resolve);
    if (end === "closed") throw closed();
    throw new MinisqlError("UNAVAILABLE", "Cannot reach MySQL: its connections are all busy");
  }

  #leave(): void {
    const next = this.#waiters.shift();
    if (next === undefined) this.#places++;
    else next("free");
  }

  async #taken(): Promise<Channel> {
    while (true) {
      const channel = this.#free.pop();
      if (channel === undefined) return await this.#open();
      if (channel.isUsable) return channel;
      await channel.close();
    }
  }

  async #giveBack(channel: Channel): Promise<void> {
    if (channel.isUsable && !this.#isClosed) this.#free.push(channel);
    else await channel.close();
  }
}

function closed(): MinisqlError {
  return new MinisqlError("UNAVAILABLE", "Cannot use the engine: it was closed");
}
