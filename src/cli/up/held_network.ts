/**
 * The network of one member of a cluster in one process: it can be stopped without a word, as a
 * pulled cable or a stopped process does, and ended at once, as kill -9 does.
 */
import { Deferred } from "../../base/deferred.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Address, Incoming, Link, Listener, Network } from "../../ports/network.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import { formatAddress } from "../../cluster/address.ts";

export class HeldNetwork implements Network {
  readonly #inner: Network;
  readonly #clock: Clock;
  readonly #links = new Set<HeldLink>();
  readonly #listeners = new Set<Listener>();
  /** There while nothing passes. */
  #held: Deferred<void> | null = null;
  #ended = false;

  /** The clock is the member's own. */
  constructor(inner: Network, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  get held(): boolean {
    return this.#held !== null;
  }

  /** Nothing comes in or goes out, and nobody is told: what is sent waits. */
  hold(): void {
    this.#held ??= new Deferred();
  }

  /** What waited goes on its way. */
  release(): void {
    const held = this.#held;
    this.#held = null;
    for (const link of this.#links) link.flush();
    held?.resolve();
  }

  /** The member's process is no more: its peers see links break, it sees nothing. */
  async end(): Promise<void> {
    this.#ended = true;
    for (const link of this.#links) link.inner.close();
    this.#links.clear();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
  }

  async dial(address: Address, timeoutMs: number, signal?: AbortSignal): Promise<Link> {
    if (this.#held !== null) {
      await this.#clock.sleep(timeoutMs, signal);
      const where = formatAddress(address);
      const why = `Cannot reach ${where}: no answer within ${timeoutMs} ms`;
      throw new MinisqlError("UNAVAILABLE", why);
    }
    return this.#adopt(await this.passed(this.#inner.dial(address, timeoutMs, signal)));
  }

  async listen(address: Address, accept: (link: Link) => void): Promise<Listener> {
    const take = async (link: Link) => {
      if (this.#ended) return link.close();
      const mine = this.#adopt(link);
      await this.passed(Promise.resolve());
      accept(mine);
    };
    const listener = await this.passed(this.#inner.listen(address, (link) => void take(link)));
    this.#listeners.add(listener);
    return {
      address: listener.address,
      close: () => {
        this.#listeners.delete(listener);
        return this.passed(listener.close());
      },
    };
  }

  /** The outcome, once it can be seen here: later while held, never after the end. */
  async passed<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } finally {
      while (this.#held !== null && !this.#ended) await this.#held.promise;
      // A promise of its own, so that what waits for it can be forgotten.
      if (this.#ended) await new Promise<never>(() => {});
    }
  }

  forget(link: HeldLink): void {
    this.#links.delete(link);
  }

  #adopt(inner: Link): Link {
    const link = new HeldLink(this, inner);
    this.#links.add(link);
    return link;
  }
}

class HeldLink implements Link {
  readonly remote: Address;
  readonly closed: Promise<string>;
  readonly inner: Link;
  readonly #network: HeldNetwork;
  readonly #closed = new Deferred<string>();
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** Closed here while held: the other side learns of it later. */
  #closing = false;

  constructor(network: HeldNetwork, inner: Link) {
    this.#network = network;
    this.inner = inner;
    this.remote = inner.remote;
    this.closed = this.#closed.promise;
    void network.passed(inner.closed).then((why) => {
      network.forget(this);
      if (!this.#closed.settled) this.#closed.resolve(why);
    });
  }

  get queuedBytes(): number {
    return this.inner.queuedBytes + this.#waitingBytes;
  }

  send(line: string): void {
    if (this.#closing) return;
    if (!this.#network.held) return this.inner.send(line);
    this.#waiting.push(line);
    this.#waitingBytes += line.length + 1;
  }

  drained(): Promise<void> {
    return this.inner.drained();
  }

  async receive(): Promise<Incoming | null> {
    if (this.#closing) return null;
    const line = await this.#network.passed(this.inner.receive());
    return this.#closing ? null : line;
  }

  close(): void {
    if (!this.#network.held) return this.inner.close();
    this.#closing = true;
    if (!this.#closed.settled) this.#closed.resolve("closed by this side");
  }

  async finish(graceMs: number): Promise<void> {
    if (this.#network.held) this.close();
    else await this.#network.passed(this.inner.finish(graceMs));
  }

  /** Sends what has waited. */
  flush(): void {
    for (const line of this.#waiting.splice(0)) this.inner.send(line);
    this.#waitingBytes = 0;
    if (this.#closing) this.inner.close();
  }
}
