/** A network in memory, between named hosts: it delays, stalls, cuts and parts them when told to. */
import { Deferred } from "../base/deferred.ts";
import type { Clock } from "../ports/clock.ts";
import type { Address, Incoming, Link, Listener, Network } from "../ports/network.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { LINE_BYTES_MAX } from "../protocol/framing.ts";
import type { Random } from "../ports/random.ts";

export interface MemoryNetworkOptions {
  /** Each line takes between these, never overtaking the one before it. */
  readonly delayMs?: readonly [number, number];
  readonly queuedBytesMax?: number;
}

const QUEUED_BYTES_MAX = 64 * 1024 * 1024;
const QUEUED_BYTES_LOW = 256 * 1024;
const EPHEMERAL_PORT_MIN = 32_768;
const RESET = "connection reset by the peer";

type Accept = (link: Link) => void;

/**
 * Links are like TCP's: lines arrive in order and whole or the link breaks. What is sent into a
 * direction that is blocked waits, as if retransmitted, and arrives once the block is lifted; the
 * sender is not told. Only a cut, a crash or a close ends a link.
 */
export class MemoryNetwork {
  readonly clock: Clock;
  readonly #random: Random;
  readonly #options: Required<MemoryNetworkOptions>;
  readonly #listeners = new Map<string, Accept>();
  readonly #links = new Set<MemoryLink>();
  readonly #blocked = new Set<string>();
  readonly #frozen = new Set<string>();
  readonly #thawing = new Map<string, Deferred<void>>();
  /** How often each host has crashed. */
  readonly #lives = new Map<string, number>();
  readonly #slowMs = new Map<string, number>();
  #jitter = { share: 0, ms: 0 };
  #nextPort = EPHEMERAL_PORT_MIN;

  constructor(
    deps: { readonly clock: Clock; readonly random: Random },
    options: MemoryNetworkOptions = {},
  ) {
    this.clock = deps.clock;
    this.#random = deps.random;
    this.#options = {
      delayMs: options.delayMs ?? [0, 0],
      queuedBytesMax: options.queuedBytesMax ?? QUEUED_BYTES_MAX,
    };
  }

  get queuedBytesMax(): number {
    return this.#options.queuedBytesMax;
  }

  /** The network as the processes of one host see it, until the host crashes. */
  host(name: string): Network {
    const life = this.#life(name);
    // A process that is no more neither gets an answer nor learns that it gets none.
    const alive = <T>(work: Promise<T>) =>
      work.finally(() => this.#life(name) === life ? undefined : new Promise<never>(() => {}));
    return {
      dial: (address, timeoutMs, signal) => alive(this.#dial(name, address, timeoutMs, signal)),
      listen: (address, accept) => alive(this.#listen(name, address, accept)),
    };
  }

  /** Stops everything from `from` to `to`; the other direction goes on. */
  block(from: string, to: string): void {
    this.#blocked.add(`${from}>${to}`);
  }

  unblock(from: string, to: string): void {
    if (!this.#blocked.delete(`${from}>${to}`)) return;
    for (const link of this.#links) if (link.goes(from, to)) link.pump();
  }

  /** Stops both directions. */
  part(one: string, other: string): void {
    this.block(one, other);
    this.block(other, one);
  }

  mend(one: string, other: string): void {
    this.unblock(one, other);
    this.unblock(other, one);
  }

  /** The host's processes stand still: nothing sent to them arrives until they go on. */
  freeze(host: string): void {
    this.#frozen.add(host);
  }

  thaw(host: string): void {
    if (!this.#frozen.delete(host)) return;
    this.#thawing.get(host)?.resolve();
    this.#thawing.delete(host);
    for (const link of this.#links) if (link.to === host) link.pump();
  }

  mendAll(): void {
    for (const pair of [...this.#blocked]) {
      const [from, to] = pair.split(">") as [string, string];
      this.unblock(from, to);
    }
    this.#slowMs.clear();
    this.jitter(0, 0);
  }

  /** Now and then a line is held up, and all behind it: a share of them, by up to so much. */
  jitter(share: number, ms: number): void {
    this.#jitter = { share, ms };
  }

  /** Adds so much to the delay of each line in this direction; 0 takes it off. */
  slow(from: string, to: string, ms: number): void {
    this.#slowMs.set(`${from}>${to}`, ms);
  }

  /** Breaks every link between two hosts. What is on its way is lost, and both sides are told. */
  cut(one: string, other: string): void {
    for (const link of [...this.#links]) {
      if (link.goes(one, other) || link.goes(other, one)) {
        link.reset(RESET);
      }
    }
  }

  /**
   * The host's processes are gone: its listeners vanish and its links break. Peers that it cannot
   * reach are not told, and find out for themselves: when they send something to a host that is up
   * again and knows nothing of the link.
   */
  crash(host: string): void {
    this.#lives.set(host, this.#life(host) + 1);
    for (const key of [...this.#listeners.keys()]) {
      if (key.startsWith(`${host}:`)) this.#listeners.delete(key);
    }
    for (const link of [...this.#links]) {
      if (link.from !== host) continue;
      link.vanish(!this.#blocked.has(`${host}>${link.to}`));
    }
  }

  isBlocked(from: string, to: string): boolean {
    return this.#frozen.has(to) || this.#blocked.has(`${from}>${to}`);
  }

  /** The host is up, and what it has to say gets there. */
  answers(host: string, to: string): boolean {
    if (this.isBlocked(host, to)) return false;
    return [...this.#listeners.keys()].some((key) => key.startsWith(`${host}:`));
  }

  delay(from: string, to: string): number {
    const [least, most] = this.#options.delayMs;
    const { share, ms } = this.#jitter;
    const jitter = share > 0 && this.#random.next() < share ? this.#random.next() * ms : 0;
    const extra = jitter + (this.#slowMs.get(`${from}>${to}`) ?? 0);
    return extra + least + (most > least ? this.#random.next() * (most - least) : 0);
  }

  forget(link: MemoryLink): void {
    this.#links.delete(link);
  }

  async #dial(
    from: string,
    address: Address,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Link> {
    const { host: to, port } = address;
    const started = this.clock.now();
    const there = this.delay(from, to) + this.delay(to, from);
    const lost = () => this.isBlocked(from, to) || this.isBlocked(to, from);
    const life = this.#life(from);
    await this.clock.sleep(lost() ? timeoutMs : Math.min(there, timeoutMs), signal);
    while (this.#frozen.has(from)) await this.#thaw(from);
    if (this.#life(from) !== life) return await new Promise(() => {});
    const why = lost() || this.clock.now() - started >= timeoutMs && there >= timeoutMs
      ? `no answer within ${timeoutMs} ms`
      : "connection refused";
    const accept = this.#listeners.get(`${to}:${port}`);
    if (why !== "connection refused" || accept === undefined) {
      throw new MinisqlError("UNAVAILABLE", `Cannot reach ${to}:${port}: ${why}`);
    }
    const near = new MemoryLink(this, from, to, address);
    const far = near.join({ host: from, port: this.#nextPort++ });
    this.#links.add(near).add(far);
    accept(far);
    return near;
  }

  #life(host: string): number {
    return this.#lives.get(host) ?? 0;
  }

  #thaw(host: string): Promise<void> {
    const waiting = this.#thawing.get(host) ?? new Deferred<void>();
    this.#thawing.set(host, waiting);
    return waiting.promise;
  }

  // deno-lint-ignore require-await -- a rejection, not an exception, is what callers expect.
  async #listen(host: string, address: Address, accept: Accept): Promise<Listener> {
    const port = address.port === 0 ? this.#nextPort++ : address.port;
    const key = `${host}:${port}`;
    if (this.#listeners.has(key)) {
      throw new MinisqlError("UNAVAILABLE", `Cannot listen on ${key}: the address is in use`);
    }
    this.#listeners.set(key, accept);
    const close = () => {
      if (this.#listeners.get(key) === accept) this.#listeners.delete(key);
      return Promise.resolve();
    };
    return { address: { host, port }, close };
  }
}

/** A line on its way, or the news that the sender has closed. */
interface Travelling {
  readonly line: string | null;
  readonly at: number;
}

/** One end of a link. Its queue holds what it has sent and the other end has not received. */
class MemoryLink implements Link {
  readonly remote: Address;
  readonly closed: Promise<string>;
  readonly from: string;
  readonly to: string;
  readonly #network: MemoryNetwork;
  readonly #ended = new Deferred<string>();
  readonly #inbox: Incoming[] = [];
  readonly #queue: Travelling[] = [];
  #peer!: MemoryLink;
  #queuedBytes = 0;
  #arrival: Deferred<void> | null = null;
  #drained: Deferred<void> | null = null;
  #stopTimer: (() => void) | null = null;
  #finishing = false;
  #vanished = false;
  #noMore = false;

  constructor(network: MemoryNetwork, from: string, to: string, remote: Address) {
    this.#network = network;
    this.from = from;
    this.to = to;
    this.remote = remote;
    this.closed = this.#ended.promise;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  goes(from: string, to: string): boolean {
    return this.from === from && this.to === to;
  }

  /** Makes the other end, which sees `remote` at this one. */
  join(remote: Address): MemoryLink {
    const peer = new MemoryLink(this.#network, this.to, this.from, remote);
    this.#peer = peer;
    peer.#peer = this;
    return peer;
  }

  send(line: string): void {
    if (this.#ended.settled || this.#finishing) return;
    this.#queuedBytes += line.length + 1;
    if (this.#queuedBytes > this.#network.queuedBytesMax) {
      return this.#end("the peer does not read", true);
    }
    this.#travel(line);
  }

  async drained(): Promise<void> {
    if (this.#queuedBytes <= QUEUED_BYTES_LOW || this.#ended.settled) return;
    this.#drained ??= new Deferred();
    await this.#drained.promise;
  }

  async receive(): Promise<Incoming | null> {
    while (this.#inbox.length === 0 || this.#finishing) {
      if (this.#ended.settled) return null;
      this.#arrival ??= new Deferred();
      await this.#arrival.promise;
    }
    const line = this.#inbox.shift() as Incoming;
    this.#peer.#received(line);
    return line;
  }

  close(): void {
    this.#end("closed by this side", true);
  }

  async finish(graceMs: number): Promise<void> {
    if (this.#ended.settled) return;
    this.#finishing = true;
    this.#inbox.length = 0;
    this.#travel(null);
    const stop = this.#network.clock.after(graceMs, () => this.close());
    await this.closed;
    stop();
  }

  /** Delivers what is due, and comes back when the next line is. */
  pump(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
    while (this.#queue.length > 0 && !this.#network.isBlocked(this.from, this.to)) {
      const { line, at } = this.#queue[0] as Travelling;
      const wait = at - this.#network.clock.now();
      if (wait > 0) {
        this.#stopTimer = this.#network.clock.after(wait, () => this.pump());
        return;
      }
      this.#queue.shift();
      this.#peer.#arrive(line);
    }
    if (this.#queue.length === 0 && this.#ended.settled) this.#network.forget(this);
  }

  /** Both ends learn at once; nothing on its way arrives. */
  reset(why: string): void {
    this.#end(why, false);
    this.#peer.#end(why, false);
  }

  /** This end's process is gone. The other end is told, if it can be. */
  vanish(told: boolean): void {
    const peer = this.#peer;
    this.#end("this process crashed", false);
    if (told) peer.#end(RESET, false);
    else this.#vanished = true;
  }

  #travel(line: string | null): void {
    const last = this.#queue.at(-1)?.at ?? 0;
    const at = this.#network.clock.now() + this.#network.delay(this.from, this.to);
    this.#queue.push({ line, at: Math.max(last, at) });
    // Even without a delay a line arrives in a later turn, as on a real network.
    if (this.#queue.length === 1) {
      const wait = Math.max(0, at - this.#network.clock.now());
      this.#stopTimer ??= this.#network.clock.after(wait, () => this.pump());
    }
  }

  #arrive(line: string | null): void {
    if (this.#vanished && this.#network.answers(this.from, this.to)) this.#peer.#end(RESET, false);
    if (this.#ended.settled) return;
    if (line === null) {
      this.#noMore = true;
      if (this.#inbox.length === 0) this.#end("closed by the peer", true);
      return;
    }
    if (this.#finishing) return;
    this.#inbox.push(line.length > LINE_BYTES_MAX ? { fault: "too_long" } : line);
    this.#wake();
  }

  /** The other end has taken a line that this end sent. */
  #received(line: Incoming): void {
    this.#queuedBytes -= typeof line === "string" ? line.length + 1 : 0;
    if (this.#queuedBytes <= QUEUED_BYTES_LOW) this.#release();
    const peer = this.#peer;
    if (peer.#noMore && peer.#inbox.length === 0) peer.#end("closed by the peer", true);
  }

  #wake(): void {
    this.#arrival?.resolve();
    this.#arrival = null;
  }

  #release(): void {
    this.#drained?.resolve();
    this.#drained = null;
  }

  /** Ends this end; `tell` sends the news after what is still on its way. */
  #end(why: string, tell: boolean): void {
    if (this.#ended.settled) return;
    this.#ended.resolve(why);
    this.#wake();
    this.#release();
    if (tell) {
      // What was sent before goes out first; the network lets go of this end once it has.
      if (!this.#finishing) this.#travel(null);
      return;
    }
    this.#stopTimer?.();
    this.#queue.length = 0;
    this.#network.forget(this);
  }
}
