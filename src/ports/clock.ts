/** Time, as the roles see it. Virtual in the simulator, so nothing else may tell the time. */

export interface Clock {
  /**
   * Monotonic milliseconds with a fraction. Only differences mean anything, and only in one
   * process. Deadlines and leases are measured with it: it never jumps when the wall clock is set.
   */
  now(): number;

  /** Microseconds since 1970 by the wall clock: what NOW() and people are told. Decides nothing. */
  wallMicros(): number;

  /** Runs `action` once, after at least `ms`. The answer calls it off; calling off late is fine. */
  after(ms: number, action: () => void): () => void;

  /** Resolves after at least `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
