/** Several statements of a session, one after the other: what all engines have in common. */
import type { Clock } from "../ports/clock.ts";
import type {
  EngineSession,
  Flushed,
  Outcome,
  Rows,
  RunAllOptions,
  Statement,
} from "../ports/engine.ts";
import { type ErrorCode, MinisqlError } from "../protocol/errors.ts";

/** With these the time of all is over. */
const ENDING: ReadonlySet<ErrorCode> = new Set(["TIMEOUT", "CANCELLED"]);

export interface Turns {
  readonly session: Pick<EngineSession, "usable" | "undone">;
  readonly clock: Clock;
  readonly count: number;
  readonly options: RunAllOptions;
}

/** Has `run` run the statement at a place, and those behind it that it likes, until it is enough. */
export async function runInTurn(
  { session, clock, count, options }: Turns,
  run: (at: number, options: RunAllOptions) => Promise<readonly Outcome[]>,
): Promise<readonly Outcome[]> {
  const deadline = clock.now() + options.timeoutMs;
  const outcomes: Outcome[] = [];
  while (outcomes.length < count) {
    const timeoutMs = Math.max(1, deadline - clock.now());
    outcomes.push(...await run(outcomes.length, { ...options, timeoutMs }));
    const last = outcomes.at(-1);
    if (!(last instanceof MinisqlError)) continue;
    if (ENDING.has(last.code) || session.undone || !session.usable) break;
  }
  return outcomes;
}

/** Each by itself. */
export async function runOneByOne(
  session: EngineSession,
  clock: Clock,
  statements: readonly Statement[],
  options: RunAllOptions,
): Promise<readonly Outcome[]> {
  const turns = { session, clock, count: statements.length, options };
  return await runInTurn(turns, async (at, limit) => {
    const { sql, context } = statements[at] as Statement;
    return [await outcomeOf(session.run(sql, { ...limit, context }))];
  });
}

/** All, and then the fingerprints. */
export async function flushAfter(
  session: Pick<EngineSession, "usable" | "undone">,
  count: number,
  outcomes: readonly Outcome[],
  flush: EngineSession["flushFingerprints"],
): Promise<Flushed> {
  const isOver = outcomes.length < count || session.undone || !session.usable;
  return { outcomes, fingerprints: isOver ? null : await flush() };
}

export async function outcomeOf(rows: Promise<Rows>): Promise<Outcome> {
  try {
    return await rows;
  } catch (error) {
    if (error instanceof MinisqlError) return error;
    throw error;
  }
}
