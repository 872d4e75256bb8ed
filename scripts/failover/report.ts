/** The outcome of a run, in lines. */
import type { Journal, Outcome } from "./journal.ts";
import type { FailoverOptions } from "./options.ts";
import type { Strike } from "./strikes.ts";
import type { Verdict } from "./verdict.ts";

const FAULTS_SHOWN_MAX = 20;

export interface Run {
  readonly options: FailoverOptions;
  readonly strikes: readonly Strike[];
  readonly journal: Journal;
  readonly verdict: Verdict;
}

export function* report({ options, strikes, journal, verdict }: Run): Iterable<string> {
  const signal = options.stops ? "SIGSTOP" : "SIGKILL";
  yield "";
  yield `${strikes.length} times ${signal} to the primary's region server, ${options.writers} ` +
    `writers, 3 copies, a session timeout of ${options.sessionTimeout}`;
  yield line("no write acknowledged", strikes.map(({ outageMs }) => outageMs));
  yield line("a writer's first after it", strikes.flatMap(({ waitsMs }) => waitsMs));
  yield line("in sync again", strikes.map(({ healedMs }) => healedMs));
  yield line("all writes", journal.times);
  const inserts = countsOf([...journal.inserts.values()]);
  const increments = [...journal.increments.values()];
  for (const outcome of ["done", "unknown", "refused"] as const) {
    const incremented = increments.reduce((sum, counts) => sum + counts[outcome], 0);
    yield `${outcome.padEnd(26)}${inserts[outcome]} inserts, ${incremented} increments`;
  }
  const errors = errorsIn(journal);
  yield errors === 0 ? "no writer was told an error" : `failed: ${errors} writes ended in an error`;
  yield* verdict.faults.slice(0, FAULTS_SHOWN_MAX);
  yield verdict.faults.length === 0
    ? `ok: nothing lost, nothing doubled, ${verdict.rows} rows equal on all copies`
    : `failed: ${verdict.faults.length} faults`;
}

/** Writes that their callers have to see to: a failover is to cost them nothing but time. */
export function errorsIn({ inserts, increments }: Journal): number {
  const inserted = countsOf([...inserts.values()]);
  return [inserted, ...increments.values()].reduce(
    (sum, { unknown, refused }) => sum + unknown + refused,
    0,
  );
}

function line(what: string, values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, sorted.length * share | 0)];
  const seconds = (ms = NaN) => `${(ms / 1000).toFixed(3)} s`;
  const [p50, p99, max] = [at(0.5), at(0.99), sorted.at(-1)].map(seconds);
  return `${what.padEnd(26)}p50 ${p50}, p99 ${p99}, max ${max}`;
}

function countsOf(outcomes: readonly Outcome[]): Readonly<Record<Outcome, number>> {
  const counts = { done: 0, unknown: 0, refused: 0 };
  for (const outcome of outcomes) counts[outcome]++;
  return counts;
}
