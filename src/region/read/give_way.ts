/**
 * A look that takes long must not hold a schema change up, which waits for whoever has read the
 * table, while everybody else waits for it.
 */
import { pause } from "../../cluster/pause.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Engine } from "../../ports/engine.ts";
import { readApplied } from "../books.ts";
import type { ReadableReplica } from "../readable.ts";
import { Changing } from "./snapshot.ts";

const LOOK_MS = 500;

export interface GivenWay {
  /** Aborts with the signal given, or when a schema change has begun. */
  readonly signal: AbortSignal;
  /** The schema change that was given way to; null where there was none. */
  reason(): Changing | null;
  end(): Promise<void>;
}

export function giveWay(
  { clock, engine }: { readonly clock: Clock; readonly engine: Engine },
  { region }: ReadableReplica,
  signal: AbortSignal,
): GivenWay {
  const ended = new AbortController();
  const changed = new AbortController();
  let reason: Changing | null = null;
  const look = async () => {
    await pause(clock, LOOK_MS, ended.signal);
    if (ended.signal.aborted) return;
    const session = await engine.session();
    try {
      while (!ended.signal.aborted && reason === null) {
        const applied = await readApplied(session, region);
        if (applied?.state === "changing" || applied?.state === "emptying") {
          reason = new Changing(region, applied.seq);
          changed.abort(reason);
        }
        await pause(clock, LOOK_MS, ended.signal);
      }
    } finally {
      await session.close();
    }
  };
  // Where the database cannot be asked, whoever looks at it will not go on for long either.
  const looking = look().catch(() => {});
  return {
    signal: AbortSignal.any([signal, changed.signal]),
    reason: () => reason,
    end: async () => {
      ended.abort();
      await looking;
    },
  };
}
