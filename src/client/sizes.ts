/** About how many rows tables have, for deciding which of them are to be sent about. */
import type { Clock } from "../ports/clock.ts";
import type { Answer } from "../protocol/messages.ts";
import type { Route } from "../protocol/model.ts";
import type { Deadline } from "./deadline.ts";
import { serversOf } from "./routes.ts";
import type { Servers } from "./servers.ts";

/** An answer is good enough for so long, and worth no longer a wait than this. */
const KEPT_MS = 60_000;
const ASK_MS = 500;

interface Known {
  readonly rows: ReadonlyMap<string, number>;
  readonly until: number;
}

export class Sizes {
  readonly #clock: Clock;
  readonly #servers: Servers;
  readonly #known = new Map<string, Known>();

  constructor(clock: Clock, servers: Servers) {
    this.#clock = clock;
    this.#servers = servers;
  }

  /** What of each region the tables have; 0 where nobody says so in time. */
  async of(
    routes: readonly Route[],
    tables: readonly string[],
    deadline: Deadline,
  ): Promise<(route: Route) => number> {
    const found = await Promise.all(routes.map((route) => this.#rows(route, deadline)));
    const sizes = new Map(routes.map(({ region }, at) => [
      region,
      tables.reduce((sum, table) => sum + (found[at]?.get(table) ?? 0), 0),
    ]));
    return ({ region }) => sizes.get(region) ?? 0;
  }

  async #rows(route: Route, deadline: Deadline): Promise<ReadonlyMap<string, number>> {
    const known = this.#known.get(route.region);
    if (known !== undefined && known.until > this.#clock.now()) return known.rows;
    const rows = await this.#ask(route, deadline.within(ASK_MS)).catch(() => null);
    deadline.throwIfStopped();
    if (rows !== null) {
      this.#known.set(route.region, { rows, until: this.#clock.now() + KEPT_MS });
    }
    return rows ?? known?.rows ?? new Map();
  }

  async #ask({ region, ...route }: Route, deadline: Deadline): Promise<Known["rows"] | null> {
    const servers = serversOf({ region, ...route });
    const server = servers.find((each) => !this.#servers.isSuspect(each)) ?? servers[0];
    if (server === undefined) return null;
    const caller = await this.#servers.connect(server, deadline);
    const answer: Answer<"replicas"> = await caller.call("replicas", { region }, deadline.limits());
    const tables = answer.replicas.flatMap((replica) => replica.tables);
    return new Map(tables.map(({ table, fingerprint }) => [table, fingerprint?.rows ?? 0]));
  }
}
