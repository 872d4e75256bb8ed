/** Reads: to a replica that is new enough, and to another where that one cannot answer. */
import type { ReadLevel } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Request } from "../protocol/messages.ts";
import type { Route, ServerRef } from "../protocol/model.ts";
import type { Clock } from "../ports/clock.ts";
import type { Random } from "../ports/random.ts";
import { type Answered, type Outcome, readError, type Use } from "./answers.ts";
import type { GatherPlan } from "./api.ts";
import { type Context, meaning } from "./context.ts";
import type { Deadline } from "./deadline.ts";
import { planGather, planRead, type Reader } from "./read_plan.ts";
import { Attempts, isRetriable } from "./retry.ts";
import type { Located, Routes } from "./routes.ts";
import type { Servers } from "./servers.ts";
import { Sizes } from "./sizes.ts";
import type { Statement } from "./statement.ts";

export interface ReadsDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly routes: Routes;
  readonly servers: Servers;
  readonly zone: string;
}

export interface Read {
  readonly statement: Statement;
  readonly tables: readonly string[];
  readonly level: ReadLevel;
  readonly context: Context;
}

/** Errors that say that the route is out of date, so that asking others by it is idle. */
const OUT_OF_DATE: ReadonlySet<string> = new Set(["NOT_PRIMARY", "STALE_EPOCH"]);

export class Reads {
  readonly #deps: ReadsDeps;
  /** Of each region, how many reads it has had: servers take turns. */
  readonly #turns = new Map<string, number>();
  readonly #sizes: Sizes;

  constructor(deps: ReadsDeps) {
    this.#deps = deps;
    this.#sizes = new Sizes(deps.clock, deps.servers);
  }

  /**
   * Runs a read and gives its reply to `use`; again elsewhere as long as `use` fails for a reason
   * that another server may not have.
   */
  async run<T>(read: Read, deadline: Deadline, use: Use<T>): Promise<T> {
    const { routes, random } = this.#deps;
    const attempts = new Attempts(routes, random, deadline);
    for (;;) {
      const located = await routes.find(read.tables, deadline);
      let last: MinisqlError | null = null;
      for (const reader of await this.#plan(located, read, deadline)) {
        try {
          return await this.#ask(reader, read, deadline, use);
        } catch (raised) {
          const error = readError(raised);
          if (await attempts.haveMoved(read.tables, error)) break;
          deadline.throwIfStopped();
          if (!isRetriable(error)) throw error;
          last = error;
          if (OUT_OF_DATE.has(last.code)) break;
        }
      }
      await attempts.next(located, last ?? noReplica(read.tables));
    }
  }

  /** What a read would have brought together, and where; null where one server holds all of it. */
  async gathering(read: Read, deadline: Deadline): Promise<GatherPlan | null> {
    const located = await this.#deps.routes.find(read.tables, deadline);
    const [reader] = await this.#plan(located, read, deadline);
    if (reader === undefined) throw noReplica(read.tables);
    if (reader.gathered.length === 0) return null;
    const { region, also = [], gather = [] } = requestOf(reader, read);
    const caller = await this.#deps.servers.connect(reader.server, deadline);
    const regions = [region, ...also.map((each) => each.region)];
    const request = { sql: read.statement.sql, regions, gather, read: read.level };
    const plan = await caller.call("planGather", request, deadline.limits());
    return { rid: reader.server.rid, regions, ...plan };
  }

  async #plan(
    located: readonly Located[],
    { level, tables }: Read,
    deadline: Deadline,
  ): Promise<readonly Reader[]> {
    const { servers, zone } = this.#deps;
    const routes = located.map(({ route }) => route);
    const region = routes[0]?.region ?? "";
    const turn = this.#turns.get(region) ?? 0;
    this.#turns.set(region, turn + 1);
    const isSuspect = (server: ServerRef) => servers.isSuspect(server);
    const facts = { level, zone, turn, isSuspect };
    const whole = planRead(routes, facts);
    if (whole.length > 0 || routes.length < 2) return whole;
    return planGather(routes, facts, await this.#sizes.of(routes, tables, deadline));
  }

  async #ask<T>(reader: Reader, read: Read, deadline: Deadline, use: Use<T>): Promise<T> {
    const { servers } = this.#deps;
    const { server } = reader;
    const caller = await servers.connect(server, deadline);
    const request = requestOf(reader, read);
    try {
      const reply = caller.rows("query", request, deadline.limits());
      return await use(reply, (answer) => checked(answer, request, read));
    } catch (error) {
      if (!caller.usable) servers.suspect(server);
      throw error;
    }
  }
}

function requestOf(
  { here, gathered }: Reader,
  { statement, tables, level, context }: Read,
): Request<"query"> {
  const { positions } = context;
  const named = (route: Route) => {
    const { region, epoch } = route;
    return { region, epoch, after: positions.at(region) };
  };
  const [first, ...others] = here;
  const request = {
    ...(first === undefined ? { region: "", epoch: 0 } : named(first)),
    ...{ sql: statement.sql, read: level },
    ...meaning(statement, context),
  };
  if (others.length === 0 && gathered.length === 0) return request;
  const gather = gathered.map(({ route: { region, tables: held }, servers }) => ({
    ...{ region, after: positions.at(region) },
    tables: held.filter((table) => tables.includes(table)),
    servers: servers.map(({ rid }) => rid),
  }));
  return {
    ...request,
    ...(others.length === 0 ? {} : { also: others.map(named) }),
    ...(gather.length === 0 ? {} : { gather }),
  };
}

/** What was read must be as new as what was seen before; a server that errs is not believed. */
function checked(
  { result, receipt }: Answered,
  { region, after = 0, also = [], gather = [] }: Request<"query">,
  { context }: Read,
): Outcome {
  const isNew = (other: { readonly region: string; readonly after: number }) =>
    receipt?.also?.some((each) => each.region === other.region && each.seq >= other.after) === true;
  const areNew = [...also, ...gather].every(isNew);
  if (receipt === undefined || receipt.region !== region || receipt.seq < after || !areNew) {
    const at = receipt === undefined ? "nowhere" : `${receipt.region} at ${receipt.seq}`;
    const why = `Cannot use what was read: it stands on ${at}, and not on ${region} at ${after}`;
    throw new MinisqlError("BEHIND", why);
  }
  context.positions.noteRead(receipt);
  return { result, receipt };
}

function noReplica(tables: readonly string[]): MinisqlError {
  const why = `Cannot read ${tables.join(" and ")}: no replica in sync is known to be up`;
  return new MinisqlError("UNAVAILABLE", why);
}
