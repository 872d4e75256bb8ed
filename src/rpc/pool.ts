/** Channels by address: one connection a peer, shared by everybody in the process. */
import type { Address } from "../ports/network.ts";
import { Channel, type ChannelDeps, type ChannelOptions } from "./channel.ts";

export type PoolOptions = Omit<ChannelOptions, "address">;

export class Pool {
  readonly #deps: ChannelDeps;
  readonly #options: PoolOptions;
  readonly #channels = new Map<string, Channel>();
  #closed = false;

  constructor(deps: ChannelDeps, options: PoolOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  to(address: Address): Channel {
    const key = `${address.host}:${address.port}`;
    let channel = this.#channels.get(key);
    if (channel === undefined) {
      channel = new Channel(this.#deps, { ...this.#options, address });
      // Whoever comes too late gets one that makes no connection: nobody would end it.
      if (this.#closed) channel.close();
      else this.#channels.set(key, channel);
    }
    return channel;
  }

  /** Closes the channel to a peer that is no more. */
  forget(address: Address): void {
    const key = `${address.host}:${address.port}`;
    this.#channels.get(key)?.close();
    this.#channels.delete(key);
  }

  close(): void {
    this.#closed = true;
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }
}
