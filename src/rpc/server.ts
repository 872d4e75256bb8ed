/** A listening socket with a serving end for each link, and an end to all of them. */
import type { Clock } from "../ports/clock.ts";
import type { Address, Link, Listener, Network } from "../ports/network.ts";
import type { CallerInfo } from "../protocol/handlers.ts";
import { Serving, type ServingOptions } from "./serving.ts";

export interface RpcServerDeps {
  readonly clock: Clock;
  readonly network: Network;
}

export class RpcServer {
  readonly #listener: Listener;
  readonly #links = new Set<Serving>();

  private constructor(listener: Listener) {
    this.#listener = listener;
  }

  /** Listens, or rejects with UNAVAILABLE where the address is in use. */
  static async start(
    deps: RpcServerDeps,
    address: Address,
    options: ServingOptions,
  ): Promise<RpcServer> {
    const early: Link[] = [];
    let take = (link: Link): void => void early.push(link);
    const server = new RpcServer(await deps.network.listen(address, (link) => take(link)));
    take = (link) => {
      const serving = new Serving(link, deps, options);
      server.#links.add(serving);
      void serving.run().finally(() => server.#links.delete(serving));
    };
    early.forEach(take);
    return server;
  }

  get address(): Address {
    return this.#listener.address;
  }

  /** Who has said hello and is still there. */
  callers(): readonly CallerInfo[] {
    return [...this.#links].flatMap((serving) => serving.caller ?? []);
  }

  /** Takes no more links or calls, lets calls under way end within the limit, and closes. */
  async close(graceMs: number): Promise<void> {
    const stopped = this.#listener.close();
    await Promise.all([...this.#links].map((serving) => serving.drain(graceMs)));
    await stopped;
  }
}
