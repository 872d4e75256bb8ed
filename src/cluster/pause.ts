/** A pause that ends early when something happens, or when nobody waits any more. */
import type { Clock } from "../ports/clock.ts";

/** Resolves after `ms` (null: no limit), when one of `sooner` settles, or when the signal aborts. */
export async function pause(
  clock: Clock,
  ms: number | null,
  signal: AbortSignal,
  sooner: readonly Promise<unknown>[] = [],
): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = ms === null ? () => {} : clock.after(ms, resolve);
  const wake = () => resolve();
  signal.addEventListener("abort", wake, { once: true });
  const leave = sooner.map((each) => whenSettled(each, wake));
  await promise;
  stop();
  signal.removeEventListener("abort", wake);
  for (const each of leave) each();
}

/**
 * Who waits for each promise. A promise forgets nobody before it settles, so that pauses beside one
 * that lives as long as a session would add up: it is asked once, for all of them.
 */
const waiting = new WeakMap<Promise<unknown>, Set<() => void>>();

/** Calls `wake` once the promise has settled, unless the answer is called before. */
function whenSettled(promise: Promise<unknown>, wake: () => void): () => void {
  const all = waiting.get(promise) ?? firstToWait(promise);
  all.add(wake);
  return () => all.delete(wake);
}

function firstToWait(promise: Promise<unknown>): Set<() => void> {
  const all = new Set<() => void>();
  waiting.set(promise, all);
  const settled = () => {
    // Whoever comes later asks the promise anew, which answers at once.
    waiting.delete(promise);
    for (const wake of all) wake();
  };
  promise.then(settled, settled);
  return all;
}
