/** A standing connection to one address: made on demand, greeted, and made again when it breaks. */
import { backoffDelay, type BackoffPolicy } from "../base/backoff.ts";
import type { Clock } from "../ports/clock.ts";
import type { Address, Network } from "../ports/network.ts";
import type { Random } from "../ports/random.ts";
import { MinisqlError } from "../protocol/errors.ts";
import { type Answer, PROTOCOL_VERSION, type Request } from "../protocol/messages.ts";
import { Caller } from "./caller.ts";
import { RPC_LIMITS, type RpcLimits } from "./limits.ts";

export interface ChannelDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
}

/** Who we say we are; the protocol version is ours to add. */
export type Greeting = Omit<Request<"hello">, "protocol">;

export interface ChannelOptions {
  readonly address: Address;
  /** What is said of us at each connection, as it is then. */
  readonly greeting: Greeting | (() => Greeting);
  /** What dialling and greeting may take together. */
  readonly connectMs?: number;
  readonly backoff?: BackoffPolicy;
  readonly limits?: Partial<RpcLimits>;
}

const CONNECT_MS = 5000;
const BACKOFF: BackoffPolicy = { initialMs: 50, limitMs: 3000 };

/** Whoever takes TLS only cannot say so to somebody who does not speak it. */
const HUNG_UP = "it hung up without a greeting; does it take TLS only?";

export interface Connection {
  readonly caller: Caller;
  readonly hello: Answer<"hello">;
}

export class Channel {
  readonly #deps: ChannelDeps;
  readonly #options: ChannelOptions;
  readonly #backoff: BackoffPolicy;
  #connecting: Promise<Connection> | null = null;
  #connection: Connection | null = null;
  #failures = 0;
  /** Why the last attempt failed; null after one that did not. */
  #failure: unknown = null;
  /** Before this moment no new attempt is made, so that a dead peer is not hammered. */
  #notBefore = 0;
  readonly #closed = new AbortController();

  constructor(deps: ChannelDeps, options: ChannelOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#backoff = options.backoff ?? BACKOFF;
  }

  get address(): Address {
    return this.#options.address;
  }

  /** The connection there is now, or null. */
  get current(): Connection | null {
    return this.#connection?.caller.usable ? this.#connection : null;
  }

  /**
   * A live connection: the one there is, or a new one. All who ask meanwhile share the attempt.
   * Raises UNAVAILABLE when the peer cannot be reached within `withinMs`, waiting out the
   * back-off included, and UNAUTHENTICATED when it turns us away.
   */
  async connect(withinMs: number = this.#connectMs, signal?: AbortSignal): Promise<Connection> {
    const current = this.current;
    if (current !== null) return current;
    this.#closed.signal.throwIfAborted();
    signal?.throwIfAborted();
    if (this.#connecting === null) {
      this.#connecting = this.#attempt().finally(() => this.#connecting = null);
      // Whoever asked may have given up by then.
      this.#connecting.catch(() => {});
    }
    return await this.#within(this.#connecting, withinMs, signal);
  }

  /** Ends the connection and makes no other. */
  close(): void {
    this.#closed.abort(this.#unavailable("the channel is closed"));
    this.#connection?.caller.close();
    this.#connection = null;
  }

  get #connectMs(): number {
    return this.#options.connectMs ?? CONNECT_MS;
  }

  async #attempt(): Promise<Connection> {
    const { clock, random } = this.#deps;
    const wait = this.#notBefore - clock.now();
    if (wait > 0) await clock.sleep(wait, this.#closed.signal);
    try {
      const connection = await this.#greet(this.#closed.signal);
      this.#failures = 0;
      this.#failure = null;
      this.#connection = connection;
      return connection;
    } catch (error) {
      const delay = backoffDelay(this.#backoff, this.#failures++, () => random.next());
      this.#notBefore = clock.now() + delay;
      this.#failure = error;
      throw error;
    }
  }

  async #greet(signal: AbortSignal): Promise<Connection> {
    const { clock, network } = this.#deps;
    const started = clock.now();
    const link = await network.dial(this.#options.address, this.#connectMs, signal);
    const caller = new Caller(link, { clock }, { ...RPC_LIMITS, ...this.#options.limits });
    try {
      const left = Math.max(1, this.#connectMs - (clock.now() - started));
      const { greeting: ours } = this.#options;
      const greeting = {
        protocol: PROTOCOL_VERSION,
        ...(typeof ours === "function" ? ours() : ours),
      };
      const hello = await caller.call("hello", greeting, { timeoutMs: left, signal });
      signal.throwIfAborted();
      return { caller, hello };
    } catch (error) {
      caller.close();
      signal.throwIfAborted();
      if (error instanceof MinisqlError && error.code === "UNAUTHENTICATED") throw error;
      const isLost = error instanceof MinisqlError && error.code === "OUTCOME_UNKNOWN";
      throw this.#unavailable(isLost ? HUNG_UP : (error as Error).message, error);
    }
  }

  #unavailable(why: string, cause?: unknown): MinisqlError {
    const { host, port } = this.#options.address;
    return new MinisqlError("UNAVAILABLE", `Cannot talk to ${host}:${port}: ${why}`, { cause });
  }

  /** The attempt goes on for others when one of those waiting has waited enough. */
  #within<T>(attempt: Promise<T>, ms: number, signal?: AbortSignal): Promise<T> {
    const late = `no connection within ${Math.round(ms)} ms`;
    return new Promise((resolve, reject) => {
      const disarm = this.#deps.clock.after(
        ms,
        // The reason for the last failure tells more than that another attempt has yet to be made.
        () => done(() => reject(this.#failure ?? this.#unavailable(late))),
      );
      const aborted = () => done(() => reject(signal?.reason));
      const done = (settle: () => void) => {
        disarm();
        signal?.removeEventListener("abort", aborted);
        settle();
      };
      if (signal?.aborted) return aborted();
      signal?.addEventListener("abort", aborted, { once: true });
      attempt.then((value) => done(() => resolve(value)), (error) => done(() => reject(error)));
    });
  }
}
