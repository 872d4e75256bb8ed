/** Calls to the active master, whichever of the masters that is just now. */
import { backoffDelay, type BackoffPolicy } from "../base/backoff.ts";
import type { Clock } from "../ports/clock.ts";
import type { Address, Network } from "../ports/network.ts";
import type { Random } from "../ports/random.ts";
import { MinisqlError } from "../protocol/errors.ts";
import {
  type Answer,
  type CallEvent,
  type CallName,
  callSpec,
  type EventsCall,
  type Request,
  type RowsCall,
} from "../protocol/messages.ts";
import type { Caller, CallOptions } from "../rpc/caller.ts";
import type { Greeting } from "../rpc/channel.ts";
import { Pool } from "../rpc/pool.ts";
import { LINK_LIMITS } from "./servers.ts";

export interface MasterClientDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
}

export interface MasterClientOptions {
  /** Any of the cluster's masters; one that stands by says who leads. */
  readonly masters: readonly Address[];
  readonly greeting: Greeting;
}

export interface MasterCallOptions {
  /** The call ends by then, waiting for an election included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type MasterCall = Exclude<CallName, RowsCall | EventsCall>;

const BACKOFF: BackoffPolicy = { initialMs: 50, limitMs: 1000 };
/** One master that cannot be reached must not use up the time for all of them… */
const CONNECT_MS_MAX = 2000;
/** …nor one that is held still, where asking another does no harm. */
const ANSWER_MS_MAX = 5000;

/** A master on its way out refuses for a moment; one that goes on refusing has a reason. */
const REFUSALS_MAX = 4;

/** Why no master gave an answer. */
class Failure {
  readonly error: MinisqlError;
  /** A master was reached and said so. */
  readonly isRefusal: boolean;

  constructor(error: MinisqlError, isRefusal: boolean) {
    this.error = error;
    this.isRefusal = isRefusal;
  }
}

/** What is asked of whichever master leads, once a connection to it is there. */
interface Question<T> {
  /** It may be asked again when it is not known whether it was heard. */
  readonly repeatable: boolean;
  readonly put: (caller: Caller, options: CallOptions) => Promise<T>;
}

export class MasterClient {
  readonly #deps: MasterClientDeps;
  readonly #masters: readonly Address[];
  readonly #pool: Pool;
  readonly #closed = new AbortController();
  /** Who led when last heard; asked first. */
  #leader: Address | null = null;

  constructor(deps: MasterClientDeps, options: MasterClientOptions) {
    this.#deps = deps;
    this.#masters = options.masters;
    this.#pool = new Pool(deps, { greeting: options.greeting, limits: LINK_LIMITS });
  }

  /**
   * Calls the active master. While none can be reached, or one is being elected, it is tried again
   * until the time is up; then the last reason is raised. What may have been carried out is never
   * sent again.
   */
  async call<N extends MasterCall>(
    op: N,
    request: Request<N>,
    options: MasterCallOptions,
  ): Promise<Answer<N>> {
    const { clock, random } = this.#deps;
    const end = clock.now() + options.timeoutMs;
    const closed = this.#closed.signal;
    const signal = options.signal === undefined
      ? closed
      : AbortSignal.any([closed, options.signal]);
    const question: Question<Answer<N>> = {
      repeatable: callSpec(op)?.repeatable === true,
      put: (caller, limits) => caller.call(op, request, limits),
    };
    let refusals = 0;
    for (let attempt = 0;; attempt++) {
      const outcome = await this.#round(question, end, signal);
      if (!(outcome instanceof Failure)) return outcome;
      if (outcome.isRefusal && ++refusals >= REFUSALS_MAX) throw outcome.error;
      const delay = backoffDelay(BACKOFF, attempt, () => random.next());
      if (clock.now() + delay >= end) throw outcome.error;
      await clock.sleep(delay, signal);
    }
  }

  /** Listens to the active master until that ends or is lost; raises why. */
  async listen<N extends EventsCall>(
    op: N,
    request: Request<N>,
    take: (event: CallEvent<N>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const listen = async (caller: Caller): Promise<null> => {
      for await (const event of caller.events(op, request, { signal })) take(event);
      return null;
    };
    const question = { repeatable: false, put: listen };
    const end = this.#deps.clock.now() + CONNECT_MS_MAX * (this.#masters.length + 1);
    const outcome = await this.#round(question, end, signal);
    if (outcome !== null) throw outcome.error;
  }

  /** Ends all calls. */
  close(): void {
    this.#closed.abort(
      new MinisqlError("UNAVAILABLE", "Cannot ask a master: the client is closed"),
    );
    this.#pool.close();
  }

  /** Asks each master once, the likeliest first; the answer, or why nobody gave one. */
  async #round<T>(
    question: Question<T>,
    end: number,
    signal?: AbortSignal,
  ): Promise<T | Failure> {
    const asked = new Set<string>();
    const waiting = [...(this.#leader === null ? [] : [this.#leader]), ...this.#masters];
    let last = new Failure(
      new MinisqlError("UNAVAILABLE", "Cannot reach a master: none is named"),
      false,
    );
    while (waiting.length > 0) {
      const address = waiting.shift() as Address;
      const key = `${address.host}:${address.port}`;
      if (asked.has(key)) continue;
      asked.add(key);
      const outcome = await this.#ask(address, question, end, signal);
      if (!(outcome instanceof Failure)) {
        this.#leader = address;
        return outcome;
      }
      // What the one that leads has to say tells more than that others do not.
      if (!last.isRefusal) last = outcome;
      if (outcome.error.master !== undefined) waiting.unshift(outcome.error.master);
    }
    this.#leader = null;
    return last;
  }

  /** The answer, or why another master, or this one later, may do better. Raises all else. */
  async #ask<T>(
    address: Address,
    { repeatable, put }: Question<T>,
    end: number,
    signal?: AbortSignal,
  ): Promise<T | Failure> {
    const left = () => Math.max(1, end - this.#deps.clock.now());
    const channel = this.#pool.to(address);
    let reached = false;
    try {
      const { caller } = await channel.connect(Math.min(CONNECT_MS_MAX, left()), signal);
      reached = true;
      const timeoutMs = repeatable ? Math.min(ANSWER_MS_MAX, left()) : left();
      return await put(caller, { timeoutMs, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      const { code } = error;
      if (code === "NOT_MASTER" || code === "UNAVAILABLE") {
        return new Failure(error, reached && code === "UNAVAILABLE");
      }
      if (repeatable && (code === "OUTCOME_UNKNOWN" || code === "TIMEOUT")) {
        return new Failure(error, false);
      }
      throw error;
    }
  }
}
