/**
 * Removes what a server keeps of regions that others keep now. It was away while it was replaced, or
 * the order to remove its copy did not reach it.
 */
import { pause } from "../cluster/pause.ts";
import type { Clock } from "../ports/clock.ts";
import type { Reporter } from "../ports/reporter.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Replicas } from "./replicas.ts";

export interface TidyingDeps {
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly replicas: Replicas;
  readonly orders: { removeRegion(region: string): Promise<void> };
}

const LOOK_MS = 5000;
/** A copy that is not wanted any more is kept for so long: whoever moves it removes it first. */
const KEEP_MS = 10_000;

/** Looks now and then, until the signal aborts. */
export async function tidy(
  { clock, reporter, replicas, orders }: TidyingDeps,
  signal: AbortSignal,
): Promise<void> {
  let since = new Map<string, number>();
  while (!signal.aborted) {
    await pause(clock, LOOK_MS, signal);
    const now = clock.now();
    since = new Map(replicas.letGo.map(({ region }) => [region, since.get(region) ?? now]));
    for (const [region, from] of since) {
      if (signal.aborted || now - from < KEEP_MS) continue;
      try {
        await orders.removeRegion(region);
        reporter.log("info", `Removed the copy of region ${region}, which others keep now`);
      } catch (error) {
        if (!(error instanceof MinisqlError)) throw error;
        reporter.log("debug", `Cannot remove region ${region} yet: ${error.message}`);
      }
    }
  }
}
