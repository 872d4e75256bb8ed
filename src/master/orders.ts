/** Orders to region servers, each carrying the term of the master that gives it. */
import type { Pool } from "../rpc/pool.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { ClusterView } from "./view.ts";

type Order = "makeTable" | "removeTable";

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
    signal: AbortSignal,
  ): Promise<Answer<O>> {
    const live = this.#view.live(rid);
    if (live === null) {
      throw new MinisqlError("UNAVAILABLE", `Cannot give server ${rid} an order: it is offline`);
    }
    const { caller } = await this.#pool.to(live).connect(CONNECT_MS, signal);
    const full = { term: this.#term, ...request } as Request<O>;
    return await caller.call(order, full, { timeoutMs: ORDER_MS, signal }) as Answer<O>;
  }
}
