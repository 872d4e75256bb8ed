/** Delays between attempts: doubling up to a limit, spread so that peers do not return in step. */

export interface BackoffPolicy {
  /** The first delay, before any spreading. */
  readonly initialMs: number;
  /** No delay is longer. */
  readonly limitMs: number;
}

/**
 * The delay before attempt `attempt` (0 is the first retry). `random` gives a number in [0, 1);
 * half of each delay is fixed and half is drawn, so that a herd scatters but nobody spins.
 */
export function backoffDelay(policy: BackoffPolicy, attempt: number, random: () => number): number {
  const full = Math.min(policy.limitMs, policy.initialMs * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * random();
}
