/** The cluster as its operators see it. */
import type { ReadLevel } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Answer, Request } from "../protocol/messages.ts";
import type { Route } from "../protocol/model.ts";
import type { Address } from "../ports/network.ts";
import type { ClusterAdmin, GatherPlan, MasterCall, QueryOptions } from "./api.ts";
import { asMinisqlError, type Deadline } from "./deadline.ts";
import type { MasterClient } from "./master_client.ts";
import type { Routes } from "./routes.ts";
import type { Servers } from "./servers.ts";
import { readStatement, type Statement } from "./statement.ts";

type CallOptions = Pick<QueryOptions, "timeoutMs" | "signal">;

export interface AdminDeps {
  readonly masters: MasterClient;
  readonly servers: Servers;
  readonly routes: Routes;
  readonly deadline: (options: QueryOptions) => Deadline;
  readonly gathering: (
    statement: Statement,
    read: ReadLevel,
    deadline: Deadline,
  ) => Promise<GatherPlan | null>;
}

export class Admin implements ClusterAdmin {
  readonly #deps: AdminDeps;

  constructor(deps: AdminDeps) {
    this.#deps = deps;
  }

  async master<N extends MasterCall>(
    op: N,
    request: Request<N>,
    options: CallOptions = {},
  ): Promise<Answer<N>> {
    return await this.#ask(options, (deadline) => {
      return this.#deps.masters.call(op, request, deadline.limits());
    });
  }

  async server<N extends MasterCall>(
    address: Address,
    op: N,
    request: Request<N>,
    options: CallOptions = {},
  ): Promise<Answer<N>> {
    return await this.#ask(options, async (deadline) => {
      const caller = await this.#deps.servers.connect(address, deadline);
      return await caller.call(op, request, deadline.limits());
    });
  }

  async locate(table: string): Promise<Route | null> {
    const { routes } = this.#deps;
    return await this.#ask({}, async (deadline) => {
      try {
        const [located] = await routes.find([table], deadline);
        if (located !== undefined) await routes.renew(located, deadline);
        return routes.known(table);
      } catch (error) {
        if (error instanceof MinisqlError && error.code === "NO_SUCH_TABLE") return null;
        throw error;
      }
    });
  }

  async gathering(sql: string, read: ReadLevel): Promise<GatherPlan | null> {
    const statement = readStatement(sql);
    return await this.#ask({}, (deadline) => this.#deps.gathering(statement, read, deadline));
  }

  async #ask<T>(options: CallOptions, work: (deadline: Deadline) => Promise<T>): Promise<T> {
    const deadline = this.#deps.deadline(options);
    try {
      deadline.throwIfStopped();
      return await work(deadline);
    } catch (error) {
      throw asMinisqlError(error, deadline);
    }
  }
}
