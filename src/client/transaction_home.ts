/** Where a transaction is open: at the primary of one region, on one connection. */
import { MinisqlError } from "../protocol/errors.ts";
import type { Request } from "../protocol/messages.ts";
import type { Caller } from "../rpc/caller.ts";
import type { Context } from "./context.ts";
import type { Deadline } from "./deadline.ts";
import { Attempts, isRetriable } from "./retry.ts";
import type { Located } from "./routes.ts";
import type { RunnerDeps } from "./runner.ts";
import { noPrimary, onlyOne } from "./writes.ts";

export interface Home {
  readonly located: Located;
  readonly region: string;
  readonly epoch: number;
  readonly caller: Caller;
  readonly id: string;
}

export interface Opening {
  readonly tables: readonly string[];
  readonly context: Context;
  readonly isReadOnly: boolean;
  /** Done with it before anybody gets it; where that fails for a reason that passes, it is begun anew. */
  readonly first: (home: Home) => Promise<void>;
}

/** What a rollback may take: whoever waits for it has mostly waited enough. */
const ROLLBACK_MS = 5000;

/** Opens a transaction at the primary of the region that the tables are in, whichever that is. */
export async function openHome(
  deps: RunnerDeps,
  opening: Opening,
  deadline: Deadline,
): Promise<Home> {
  const { routes, random } = deps;
  const { tables } = opening;
  const attempts = new Attempts(routes, random, deadline);
  for (;;) {
    const located = onlyOne(tables, await routes.find(tables, deadline));
    let home: Home | null = null;
    let last: MinisqlError;
    try {
      home = await begin(deps, opening, located, deadline);
      await opening.first(home);
      return home;
    } catch (error) {
      if (home !== null) void leaveHome(home, deadline);
      deadline.throwIfStopped();
      if (await attempts.haveMoved(tables, error)) continue;
      if (!isRetriable(error)) throw error;
      last = error;
    }
    await attempts.next([located], last);
  }
}

async function begin(
  { servers }: RunnerDeps,
  { context, isReadOnly }: Opening,
  located: Located,
  deadline: Deadline,
): Promise<Home> {
  const { foreignKeyChecks, positions } = context;
  const { region, epoch, primary } = located.route;
  if (primary === null) throw noPrimary(located.route);
  const caller = await servers.connect(primary, deadline);
  const request: Request<"begin"> = {
    ...{ region, epoch },
    ...(isReadOnly ? { readOnly: true } : {}),
    ...(foreignKeyChecks ? {} : { foreignKeyChecks: false }),
  };
  const { transaction: id, seq } = await caller.call("begin", request, deadline.limits());
  const home = { located, region, epoch, caller, id };
  if (seq >= positions.at(region)) {
    positions.noteSeen(region, seq);
    return home;
  }
  // One that was primary once, and does not know yet that others have gone on without it.
  await leaveHome(home, deadline);
  const why = `Cannot begin at ${seq} in ${region}: ${positions.at(region)} was seen before`;
  throw new MinisqlError("BEHIND", why);
}

/**
 * Rolls the transaction back. Resolves when the server has done so, or the time is up: then it does
 * so when it is asked for nothing for a while, or the link ends.
 */
export async function leaveHome({ region, id, caller }: Home, deadline: Deadline): Promise<void> {
  if (!caller.usable) return;
  const request = { region, transaction: id };
  const done = caller.call("rollback", request, { timeoutMs: ROLLBACK_MS });
  try {
    await deadline.until(done);
  } catch (error) {
    // Whoever has cancelled a statement wants this all the same, and waits for nothing.
    if (!(error instanceof MinisqlError)) throw error;
  }
}
