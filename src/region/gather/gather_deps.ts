/** What gathering needs of the server that it runs on. */
import type { Clock } from "../../ports/clock.ts";
import type { Engine } from "../../ports/engine.ts";
import type { Caller } from "../../rpc/caller.ts";
import type { ReadLimits } from "../read/limits.ts";

export interface GatherDeps {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly limits: ReadLimits;
  /** A connection to another server; raises `UNAVAILABLE` where there is none to be had. */
  readonly connect: Connect;
}

export type Connect = (
  rid: number,
  wait: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<Pick<Caller, "call" | "rows">>;
