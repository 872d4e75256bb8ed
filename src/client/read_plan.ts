/** Where a read may go: who can answer it, with whose help, and which of them is asked first. */
import type { ReadLevel } from "../protocol/calls/region.ts";
import type { Route, ServerRef } from "../protocol/model.ts";
import { serversOf } from "./routes.ts";

export interface ReadFacts {
  readonly level: ReadLevel;
  readonly zone: string;
  /** Rises by one with each read, so that servers take turns. */
  readonly turn: number;
  readonly isSuspect: (server: ServerRef) => boolean;
}

/** A server to ask, the regions that it reads of its own, and those whose rows it must gather. */
export interface Reader {
  readonly server: ServerRef;
  readonly here: readonly Route[];
  readonly gathered: readonly Gathered[];
}

export interface Gathered {
  readonly route: Route;
  /** Who has a copy, those to be asked first in front. */
  readonly servers: readonly ServerRef[];
}

/**
 * The servers that hold all the regions, best first: slaves before the primary, those of the own
 * zone before others, and last those that were not answering a moment ago. `latest` is for the
 * primary alone.
 */
export function planRead(routes: readonly Route[], facts: ReadFacts): readonly Reader[] {
  const [first, ...others] = routes.map((route) => eligible(route, facts));
  const shared = (first ?? []).filter(({ rid }) =>
    others.every((servers) => servers.some((each) => each.rid === rid))
  );
  return inTurn(shared, (server) => rank(server, routes, facts), facts.turn)
    .map((server) => ({ server, here: routes, gathered: [] }));
}

/**
 * The servers that hold some of the regions: first those where the fewest rows are missing. None
 * where a region has nobody to be read from.
 */
export function planGather(
  routes: readonly Route[],
  facts: ReadFacts,
  rowsOf: (route: Route) => number,
): readonly Reader[] {
  const holders = routes.map((route) => ({ route, servers: eligible(route, facts) }));
  if (holders.some(({ servers }) => servers.length === 0)) return [];
  const all = new Map(holders.flatMap(({ servers }) => servers.map((each) => [each.rid, each])));
  const holds = (server: ServerRef, servers: readonly ServerRef[]) =>
    servers.some(({ rid }) => rid === server.rid);
  const missing = (server: ServerRef) =>
    holders.filter(({ servers }) => !holds(server, servers))
      .reduce((sum, { route }) => sum + rowsOf(route) + 1, 0);
  const order = (server: ServerRef) =>
    (facts.isSuspect(server) ? SUSPECT : 0) + missing(server) * RANKS +
    rank(server, routes, facts);
  return inTurn([...all.values()], order, facts.turn).map((server) => ({
    server,
    here: holders.filter(({ servers }) => holds(server, servers)).map(({ route }) => route),
    gathered: holders.filter(({ servers }) => !holds(server, servers)).map((
      { route, servers },
    ) => ({
      route,
      servers: inTurn(servers, (each) => rank(each, [route], facts), facts.turn),
    })),
  }));
}

const RANKS = 8;
const SUSPECT = Number.MAX_SAFE_INTEGER / 2;

function eligible(route: Route, { level }: ReadFacts): readonly ServerRef[] {
  if (level !== "latest") return serversOf(route);
  return route.primary === null ? [] : [route.primary];
}

/** The lower, the sooner it is asked. */
function rank(server: ServerRef, routes: readonly Route[], facts: ReadFacts): number {
  const isPrimary = routes.some(({ primary }) => primary?.rid === server.rid);
  return (facts.isSuspect(server) ? 4 : 0) + (isPrimary ? 2 : 0) +
    (server.zone === facts.zone ? 0 : 1);
}

/** In order; of those that come first equally, another one each turn. */
function inTurn(
  servers: readonly ServerRef[],
  order: (server: ServerRef) => number,
  turn: number,
): readonly ServerRef[] {
  const sorted = servers.map((server) => ({ server, place: order(server) }))
    .sort((a, b) => a.place - b.place);
  const equals = sorted.filter(({ place }) => place === sorted[0]?.place).length;
  const from = turn % Math.max(1, equals);
  const turned = [...sorted.slice(from, equals), ...sorted.slice(0, from), ...sorted.slice(equals)];
  return turned.map(({ server }) => server);
}
