/** The way into the library: a client of a cluster, from its masters or its coordination service. */
import type { Clock } from "../ports/clock.ts";
import type { Coordinator } from "../ports/coordinator.ts";
import type { Network } from "../ports/network.ts";
import type { Random } from "../ports/random.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Greeting } from "../rpc/channel.ts";
import { Admin } from "./admin.ts";
import type { Client, ConnectOptions, QueryOptions } from "./api.ts";
import { ClusterClient } from "./client.ts";
import { Deadline } from "./deadline.ts";
import type { Desk } from "./desk.ts";
import { MasterClient } from "./master_client.ts";
import { MasterFinder } from "./master_finder.ts";
import { Positions } from "./positions.ts";
import { RouteFeed } from "./route_feed.ts";
import { ClusterRoutes } from "./route_sources.ts";
import { Routes } from "./routes.ts";
import { Runner } from "./runner.ts";
import { Servers } from "./servers.ts";
import { StatementReader } from "./statement_reader.ts";
import { WriteNumbers } from "./write_numbers.ts";

export interface ClientDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  /** Where masters are found that nobody named. */
  readonly coordinator?: Coordinator;
}

const TIMEOUT_MS = 30_000;
const CLUSTER = "minisql";
const NAME = "client";

/**
 * A client of the cluster that these masters are of, or that the coordination service knows the
 * masters of. Connections are made when they are needed, so nothing fails here; close it to end
 * them.
 */
export function connect(deps: ClientDeps, options: ConnectOptions): Client {
  const { clock, random } = deps;
  const { cluster = CLUSTER, zone = "", read: level = "voted" } = options;
  const closed = new AbortController();
  const deadline = ({ timeoutMs = options.timeoutMs ?? TIMEOUT_MS, signal }: QueryOptions) =>
    new Deadline(clock, timeoutMs, closed.signal, signal);
  const greeting = greetingOf(options, cluster);
  const { coordinator } = deps;
  const finder = coordinator === undefined ? null : new MasterFinder(coordinator, options.root);
  const masters = new MasterClient(deps, { masters: options.masters ?? [], finder, greeting });
  const servers = new Servers(deps, greeting);
  const sources = new ClusterRoutes(masters, servers, (timeoutMs) => deadline({ timeoutMs }));
  const routes = new Routes(sources, {
    onTables: () => feed.wake(),
    onLeft: (server) => servers.probe(server),
  });
  const feed = new RouteFeed({ clock, random, masters }, routes);
  const numbers = new WriteNumbers(random);
  const runner = new Runner({ clock, random, masters, servers, routes, numbers }, {
    cluster,
    zone,
  });
  const statements = new StatementReader(masters);
  const desk: Desk = { runner, statements, cluster, level, deadline };
  const end = async () => {
    closed.abort(new MinisqlError("UNAVAILABLE", "Cannot go on: the client is closed"));
    feed.close();
    masters.close();
    servers.close();
    await finder?.close();
  };
  const admin = new Admin({
    ...{ masters, servers, routes, deadline },
    gathering: (statement, read, limit) => runner.gathering(statement, read, limit),
  });
  return new ClusterClient({ desk, positions: Positions.none(), level, admin, end });
}

function greetingOf({ name = NAME, user, password }: ConnectOptions, cluster: string): Greeting {
  return {
    ...{ cluster, role: "client", name },
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  };
}
