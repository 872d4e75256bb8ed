/** Who can tell where a region is: the master, or else the servers that hold it. */
import { MinisqlError } from "../protocol/errors.ts";
import type { Route, ServerRef } from "../protocol/model.ts";
import type { Deadline } from "./deadline.ts";
import type { MasterClient } from "./master_client.ts";
import type { RouteSources } from "./routes.ts";
import type { Servers } from "./servers.ts";

/** Tables that a master is asked for at once. */
const TABLES_MAX = 1000;
/** What the master has to answer while somebody waits for a failover. */
const RELOCATE_MS = 1500;
const SURVEY_MS = 800;

export class ClusterRoutes implements RouteSources {
  readonly #masters: MasterClient;
  readonly #servers: Servers;
  readonly #deadline: (timeoutMs: number) => Deadline;

  constructor(
    masters: MasterClient,
    servers: Servers,
    /** For what is asked on nobody's behalf. */
    deadline: (timeoutMs: number) => Deadline,
  ) {
    this.#masters = masters;
    this.#servers = servers;
    this.#deadline = deadline;
  }

  async locate(tables: readonly string[], deadline: Deadline): Promise<readonly Route[]> {
    const found: Route[] = [];
    for (let from = 0; from < tables.length; from += TABLES_MAX) {
      const request = { tables: tables.slice(from, from + TABLES_MAX) };
      found.push(...(await this.#masters.call("locate", request, deadline.limits())).routes);
    }
    return found;
  }

  async relocate(table: string): Promise<readonly Route[] | "gone" | null> {
    try {
      return await this.locate([table], this.#deadline(RELOCATE_MS));
    } catch (error) {
      if (!(error instanceof MinisqlError)) throw error;
      return error.code === "NO_SUCH_TABLE" ? "gone" : null;
    }
  }

  survey(last: Route, members: readonly ServerRef[]): Promise<Route | null> {
    const { promise, resolve } = Promise.withResolvers<Route | null>();
    let best: Route | null = null;
    const looks = members.map(async (server) => {
      const found = await this.#ask(server, last, members);
      if (found === null || best !== null && best.epoch >= found.epoch) return;
      best = found;
      // There is nothing better to come; the others may take their time.
      if (found.epoch > last.epoch) resolve(found);
    });
    void Promise.all(looks).then(() => resolve(best));
    return promise;
  }

  /** The route as the server tells it, if it believes to be the primary. */
  async #ask(
    server: ServerRef,
    last: Route,
    members: readonly ServerRef[],
  ): Promise<Route | null> {
    const { region, tables } = last;
    const deadline = this.#deadline(SURVEY_MS);
    try {
      const caller = await this.#servers.connect(server, deadline);
      const answer = await caller.call("replicas", { region }, deadline.limits());
      const mine = answer.replicas.find((each) =>
        each.region === region && each.role === "primary"
      );
      if (mine === undefined || answer.rid !== server.rid) return null;
      const slaves = members.filter(({ rid }) => rid !== server.rid && mine.inSync.includes(rid));
      const state = slaves.length > 0 ? "writable" : "read_only";
      return { region, tables, epoch: mine.epoch, primary: server, slaves, state };
    } catch (error) {
      if (error instanceof MinisqlError) return null;
      throw error;
    }
  }
}
