/** Where a read may go: which servers hold all its tables, and which of them is asked first. */
import type { ReadLevel } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Route, ServerRef } from "../protocol/model.ts";
import { serversOf } from "./routes.ts";

export interface ReadFacts {
  readonly level: ReadLevel;
  readonly zone: string;
  /** Rises by one with each read, so that servers take turns. */
  readonly turn: number;
  readonly isSuspect: (server: ServerRef) => boolean;
}

/**
 * The servers to try, best first: slaves before the primary, those of the own zone before others,
 * and last those that were not answering a moment ago. `latest` is for the primary alone. Raises
 * `UNSUPPORTED` where no server holds all the regions.
 */
export function planRead(routes: readonly Route[], facts: ReadFacts): readonly ServerRef[] {
  const isPrimary = ({ rid }: ServerRef) => routes.some(({ primary }) => primary?.rid === rid);
  const [first, ...others] = routes.map((route) =>
    facts.level !== "latest" ? serversOf(route) : route.primary === null ? [] : [route.primary]
  );
  const shared = (first ?? []).filter(({ rid }) =>
    others.every((servers) => servers.some((each) => each.rid === rid))
  );
  if (shared.length === 0 && others.length > 0) throw apart(routes, facts.level);
  const rank = (server: ServerRef) =>
    (facts.isSuspect(server) ? 4 : 0) + (isPrimary(server) ? 2 : 0) +
    (server.zone === facts.zone ? 0 : 1);
  const sorted = [...shared].sort((a, b) => rank(a) - rank(b));
  const equals = sorted.filter((server, _, [best = server]) => rank(server) === rank(best));
  const turn = facts.turn % Math.max(1, equals.length);
  return [...equals.slice(turn), ...equals.slice(0, turn), ...sorted.slice(equals.length)];
}

function apart(routes: readonly Route[], level: ReadLevel): MinisqlError {
  const names = routes.map(({ tables }) => tables[0] ?? "").join(" and ");
  const why = level === "latest"
    ? "they have different primaries; read at another level than latest"
    : "no server holds all of them at present; read them one by one";
  return new MinisqlError("UNSUPPORTED", `Cannot read ${names} in one statement: ${why}`);
}
