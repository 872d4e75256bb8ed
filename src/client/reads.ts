/** Reads: to a replica that is new enough, and to another where that one cannot answer. */
import type { ReadLevel } from "../protocol/calls/region.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Request } from "../protocol/messages.ts";
import type { ServerRef } from "../protocol/model.ts";
import type { Random } from "../ports/random.ts";
import { type Answered, type Outcome, readError, type Use } from "./answers.ts";
import { type Context, meaning } from "./context.ts";
import type { Deadline } from "./deadline.ts";
import { planRead } from "./read_plan.ts";
import { Attempts, isRetriable } from "./retry.ts";
import type { Located, Routes } from "./routes.ts";
import type { Servers } from "./servers.ts";
import type { Statement } from "./statement.ts";

export interface ReadsDeps {
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

  constructor(deps: ReadsDeps) {
    this.#deps = deps;
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
      for (const server of await this.#plan(located, read, deadline)) {
        try {
          return await this.#ask(server, located, read, deadline, use);
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

  /** Where it may go; asked about anew before it is given up as going nowhere. */
  async #plan(
    located: readonly Located[],
    { level, tables }: Read,
    deadline: Deadline,
  ): Promise<readonly ServerRef[]> {
    const { routes, servers, zone } = this.#deps;
    const region = located[0]?.route.region ?? "";
    const turn = this.#turns.get(region) ?? 0;
    this.#turns.set(region, turn + 1);
    const isSuspect = (server: ServerRef) => servers.isSuspect(server);
    const facts = { level, zone, turn, isSuspect };
    try {
      return planRead(located.map(({ route }) => route), facts);
    } catch {
      await Promise.all(located.map((each) => routes.renew(each, deadline)));
      const renewed = await routes.find(tables, deadline);
      return planRead(renewed.map(({ route }) => route), facts);
    }
  }

  async #ask<T>(
    server: ServerRef,
    located: readonly Located[],
    read: Read,
    deadline: Deadline,
    use: Use<T>,
  ): Promise<T> {
    const { servers } = this.#deps;
    const caller = await servers.connect(server, deadline);
    const request = requestOf(located, read);
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
  located: readonly Located[],
  { statement, level, context }: Read,
): Request<"query"> {
  const { positions } = context;
  const [first, ...others] = located.map(({ route: { region, epoch } }) => ({
    ...{ region, epoch },
    after: positions.at(region),
  }));
  return {
    ...(first ?? { region: "", epoch: 0 }),
    ...(others.length === 0 ? {} : { also: others }),
    ...{ sql: statement.sql, read: level },
    ...meaning(statement, context),
  };
}

/** What was read must be as new as what was seen before; a server that errs is not believed. */
function checked(
  { result, receipt }: Answered,
  { region, after = 0 }: Request<"query">,
  { context }: Read,
): Outcome {
  if (receipt === undefined || receipt.region !== region || receipt.seq < after) {
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
