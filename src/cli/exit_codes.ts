/** What the exit codes of `minisql` mean; the help text and scripts rely on them. */

export const EXIT = {
  ok: 0,
  /** A statement or an operation failed. */
  failed: 1,
  /** An option or an argument is wrong; nothing was done. */
  usage: 2,
  /** A server cannot be reached, or does not let this user in. */
  unreachable: 3,
  /** A check was made, and found something wrong. */
  problems: 4,
  /** A bug: the process ended itself rather than go on in an unknown state. */
  crashed: 70,
  /** Whoever read the output went away. */
  brokenPipe: 141,
} as const;

/** As shells report a process that a signal ended. */
export const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type EndingSignal = keyof typeof SIGNAL_EXIT;
