/** Asks one after the other of those who have a region's rows, until one of them answers. */
import type { Clock } from "../../ports/clock.ts";
import type { GatheredRegion } from "../../protocol/calls/region.ts";
import { MinisqlError } from "../../protocol/errors.ts";
import type { Caller } from "../../rpc/caller.ts";
import type { GatherDeps } from "./gather_deps.ts";

/** How long all of it may take, and who may end it before. */
export interface Limit {
  readonly until: number;
  readonly signal: AbortSignal;
}

export interface Asking {
  readonly rid: number;
  readonly caller: Pick<Caller, "call" | "rows">;
  /** For one call, made now. */
  readonly options: { readonly timeoutMs: number; readonly signal: AbortSignal };
}

/** `ask` must leave nothing behind where it rejects: it is called again for another server. */
export async function fromAny<T>(
  { clock, limits, connect }: Pick<GatherDeps, "clock" | "limits" | "connect">,
  { region, tables, servers }: GatheredRegion,
  limit: Limit,
  ask: (asking: Asking) => Promise<T>,
): Promise<T> {
  let last = new MinisqlError("UNAVAILABLE", "no server that has a copy of it is known");
  for (const rid of servers) {
    try {
      const options = optionsOf(clock, limit);
      const connectMs = Math.min(options.timeoutMs, limits.gatherConnectMs);
      const caller = await connect(rid, { ...options, timeoutMs: connectMs });
      return await ask({ rid, caller, options: optionsOf(clock, limit) });
    } catch (error) {
      if (!(error instanceof MinisqlError) || error.retry === "never") throw error;
      limit.signal.throwIfAborted();
      last = error;
    }
  }
  // A read that was lost on the way has changed nothing.
  const code = last.code === "OUTCOME_UNKNOWN" ? "UNAVAILABLE" : last.code;
  const what = `Cannot gather rows of ${tables.join(" and ")} (region ${region})`;
  throw new MinisqlError(code, `${what}: ${last.message}`, { cause: last });
}

function optionsOf(clock: Clock, { until, signal }: Limit): Asking["options"] {
  const timeoutMs = until - clock.now();
  if (timeoutMs > 0) return { timeoutMs, signal };
  throw new MinisqlError("TIMEOUT", "Cannot finish the read: its time was over while gathering");
}
