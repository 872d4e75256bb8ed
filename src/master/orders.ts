/** Orders and questions to region servers; orders carry the term of the master that gives them. */
import type { Pool } from "../rpc/pool.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { ClusterView } from "./view.ts";

type Order = "makeTable" | "removeTable" | "changeTable" | "handOver";
type Question = "replicas" | "verify" | "vote";

export interface OrderOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

const ORDER_MS = 30_000;
const CONNECT_MS = 3000;

export class Orders {
  readonly #pool: Pool;
  readonly #view: ClusterView;
  readonly #term: number;

  constructor(pool: Pool, view: ClusterView, term: number) {
    this.#pool = pool;
    this.#view = view;
    this.#term = term;
  }

  /** Raises UNAVAILABLE for a server that cannot be reached, else what the server raises. */
  async give<O extends Order>(
    rid: number,
    order: O,
    request: Omit<Request<O>, "term">,
    options: OrderOptions,
  ): Promise<Answer<O>> {
    const full = { term: this.#term, ...request } as Request<O>;
    return await this.#call(rid, order, full, options);
  }

  /** The same to several at once. Those that cannot be reached are passed over, no other refusal. */
  async giveEach<O extends Order>(
    rids: readonly number[],
    order: O,
    request: Omit<Request<O>, "term">,
    options: OrderOptions,
  ): Promise<readonly { readonly rid: number; readonly answer: Answer<O> }[]> {
    const outcomes = await Promise.allSettled(
      rids.map(async (rid) => ({ rid, answer: await this.give(rid, order, request, options) })),
    );
    options.signal.throwIfAborted();
    return outcomes.flatMap((outcome) => {
      if (outcome.status === "fulfilled") return [outcome.value];
      if (isAway(outcome.reason)) return [];
      throw outcome.reason;
    });
  }

  async ask<Q extends Question>(
    rid: number,
    question: Q,
    request: Request<Q>,
    options: OrderOptions,
  ): Promise<Answer<Q>> {
    return await this.#call(rid, question, request, options);
  }

  async #call<N extends Order | Question>(
    rid: number,
    op: N,
    request: Request<N>,
    { signal, timeoutMs = ORDER_MS }: OrderOptions,
  ): Promise<Answer<N>> {
    const live = this.#view.live(rid);
    if (live === null) {
      throw new MinisqlError("UNAVAILABLE", `Cannot reach server ${rid}: it is offline`);
    }
    const { caller } = await this.#pool.to(live).connect(CONNECT_MS, signal);
    return await caller.call(op as Order, request as Request<Order>, {
      timeoutMs,
      signal,
    }) as Answer<N>;
  }
}

function isAway(error: unknown): boolean {
  return error instanceof MinisqlError &&
    (error.code === "UNAVAILABLE" || error.code === "OUTCOME_UNKNOWN" || error.code === "TIMEOUT");
}
