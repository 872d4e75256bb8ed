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
import type { MasterFinder } from "./master_finder.ts";
import { LINK_LIMITS } from "./servers.ts";

export interface MasterClientDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
}

export interface MasterClientOptions {
  /** Any of the cluster's masters; one that stands by says who leads. */
  readonly masters: readonly Address[];
  /** Where others are found when none of these leads. */
  readonly finder?: MasterFinder | null;
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

/** To find masters takes as long as to try one, and those found are few. */
const FOUND_ATTEMPTS = 3;

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

  /** What the one that leads has to say tells most, and that one cannot be reached least. */
  get weight(): number {
    if (this.isRefusal) return 2;
    return this.error.code === "NOT_MASTER" ? 1 : 0;
  }
}

/** What is asked of whichever master leads, once a connection to it is there. */
interface Question<T> {
  /** It may be asked again when it is not known whether it was heard. */
  readonly repeatable: boolean;
  readonly put: (caller: Caller, options: CallOptions) => Promise<T>;
}

const NONE_NAMED = new Failure(
  new MinisqlError("UNAVAILABLE", "Cannot reach a master: none is named"),
  false,
);

/** One question on its way round the masters. */
interface Asking<T> {
  readonly question: Question<T>;
  readonly end: number;
  readonly signal: AbortSignal | undefined;
  readonly asked: Set<string>;
}

export class MasterClient {
  readonly #deps: MasterClientDeps;
  readonly #masters: readonly Address[];
  readonly #finder: MasterFinder | null;
  readonly #pool: Pool;
  readonly #closed = new AbortController();
  /** Who led when last heard; asked first. */
  #leader: Address | null = null;

  constructor(deps: MasterClientDeps, options: MasterClientOptions) {
    this.#deps = deps;
    this.#masters = options.masters;
    this.#finder = options.finder ?? null;
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
    const attempts = this.#masters.length + 1 + (this.#finder === null ? 0 : FOUND_ATTEMPTS);
    const end = this.#deps.clock.now() + CONNECT_MS_MAX * attempts;
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
    const asking = { question, end, signal, asked: new Set<string>() };
    const leader = this.#leader === null ? [] : [this.#leader];
    const outcome = await this.#askAll([...leader, ...this.#masters], asking, NONE_NAMED);
    if (!(outcome instanceof Failure) || outcome.isRefusal || this.#finder === null) return outcome;
    const found = await this.#find(this.#finder, end, signal);
    if (found instanceof Failure) return outcome === NONE_NAMED ? found : outcome;
    return await this.#askAll(found, asking, outcome);
  }

  /** Asks those of them that were not asked yet, and whom they name. */
  async #askAll<T>(
    masters: readonly Address[],
    { question, end, signal, asked }: Asking<T>,
    before: Failure,
  ): Promise<T | Failure> {
    const waiting = [...masters];
    let last = before;
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
      if (outcome.weight >= last.weight) last = outcome;
      if (outcome.error.master !== undefined) waiting.unshift(outcome.error.master);
    }
    this.#leader = null;
    return last;
  }

  /** Masters that nobody named, or why none can be found. */
  async #find(
    finder: MasterFinder,
    end: number,
    signal?: AbortSignal,
  ): Promise<readonly Address[] | Failure> {
    const { clock } = this.#deps;
    const late = new AbortController();
    const disarm = clock.after(
      Math.max(1, end - clock.now()),
      () => late.abort(new MinisqlError("UNAVAILABLE", "Cannot find a master: no answer in time")),
    );
    const either = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]);
    try {
      return await finder.find(either);
    } catch (error) {
      if (signal?.aborted || !(error instanceof MinisqlError)) throw error;
      return new Failure(error, false);
    } finally {
      disarm();
    }
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
