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
  for (const each of sooner) each.then(wake, wake);
  await promise;
  stop();
  signal.removeEventListener("abort", wake);
}
