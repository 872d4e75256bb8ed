/** Statements without tables: to whichever region server answers. */
import { MinisqlError } from "../protocol/errors.ts";
import type { Request } from "../protocol/messages.ts";
import type { Address } from "../ports/network.ts";
import type { Random } from "../ports/random.ts";
import type { Answered, Outcome, Use } from "./answers.ts";
import type { Context } from "./context.ts";
import type { Deadline } from "./deadline.ts";
import type { MasterClient } from "./master_client.ts";
import { Attempts, isRetriable } from "./retry.ts";
import type { Routes } from "./routes.ts";
import type { Servers } from "./servers.ts";
import type { Statement } from "./statement.ts";

export interface AnyServerDeps {
  readonly random: Random;
  readonly routes: Routes;
  readonly servers: Servers;
  readonly masters: MasterClient;
}

/** What the master has to answer where there are others to ask. */
const MASTER_MS = 1500;

export class AnyServer {
  readonly #deps: AnyServerDeps;
  #turn = 0;

  constructor(deps: AnyServerDeps) {
    this.#deps = deps;
  }

  async run<T>(
    statement: Statement,
    context: Context,
    deadline: Deadline,
    use: Use<T>,
  ): Promise<T> {
    const { routes, random } = this.#deps;
    const request: Request<"evaluate"> = {
      sql: statement.sql,
      ...(statement.usesLastInsertId ? { lastInsertId: context.lastInsertId } : {}),
    };
    const attempts = new Attempts(routes, random, deadline);
    for (;;) {
      let last: MinisqlError | null = null;
      for (const server of await this.#candidates(deadline)) {
        try {
          return await this.#ask(server, request, deadline, use);
        } catch (error) {
          deadline.throwIfStopped();
          if (!isRetriable(error)) throw error;
          last = error;
        }
      }
      await attempts.next([], last ?? noServer());
    }
  }

  async #ask<T>(
    server: Address,
    request: Request<"evaluate">,
    deadline: Deadline,
    use: Use<T>,
  ): Promise<T> {
    const { servers } = this.#deps;
    const caller = await servers.connect(server, deadline);
    try {
      return await use(caller.rows("evaluate", request, deadline.limits()), outcomeOf);
    } catch (error) {
      if (!caller.usable) servers.suspect(server);
      throw error;
    }
  }

  /** Servers of the cache, in turns; the master's where none of those answers, or none is known. */
  async #candidates(deadline: Deadline): Promise<readonly Address[]> {
    const { routes, servers } = this.#deps;
    const known = routes.servers;
    if (known.length === 0) return await this.#online(deadline);
    const answering = known.filter((server) => !servers.isSuspect(server));
    if (answering.length === 0) {
      return await this.#online(deadline.within(MASTER_MS)).catch(() => known);
    }
    const turn = this.#turn++ % answering.length;
    return [...answering.slice(turn), ...answering.slice(0, turn)];
  }

  async #online(deadline: Deadline): Promise<readonly Address[]> {
    const { servers } = await this.#deps.masters.call("servers", {}, deadline.limits());
    const online = servers.filter(({ status }) => status === "online");
    if (online.length === 0) throw noServer();
    return online;
  }
}

function outcomeOf({ result }: Answered): Outcome {
  return { result, receipt: null };
}

function noServer(): MinisqlError {
  const why = "Cannot run the statement: the cluster has no region server online; " +
    "start one with minisql region";
  return new MinisqlError("UNAVAILABLE", why);
}
