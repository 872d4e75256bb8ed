/** What Ctrl-C does while something runs: the first ends that, the second leaves the shell. */
import { MinisqlError } from "../protocol/errors.ts";
import type { ShellPort } from "./port.ts";

/** The shell is left at once, whatever still runs. */
export class LeaveNow extends Error {
  override readonly name = "LeaveNow";
}

export class Interrupts {
  readonly #port: ShellPort;
  /** Without a person Ctrl-C ends the process as everywhere. */
  readonly #interactive: boolean;
  #interrupted = false;
  #isRunning = false;
  #missed = false;

  constructor(port: ShellPort, interactive: boolean) {
    this.#port = port;
    this.#interactive = interactive;
  }

  /** Whether what ran last was ended by Ctrl-C. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** From now on Ctrl-C is ours, also between two statements. The answer gives it back. */
  listen(): () => void {
    return this.#port.onInterrupt(() => this.#missed ||= !this.#isRunning);
  }

  /** Whether it was pressed while nothing ran, since this was asked last. */
  takeMissed(): boolean {
    const missed = this.#missed;
    this.#missed = false;
    return missed;
  }

  /** Does the work; its signal aborts on Ctrl-C and when the process is to end. */
  async during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#interrupted = false;
    if (!this.#interactive) return await work(this.#port.stop);
    const cancelling = new AbortController();
    const leaving = Promise.withResolvers<never>();
    leaving.promise.catch(() => {});
    const release = this.#port.onInterrupt(() => {
      if (this.#interrupted) return leaving.reject(new LeaveNow("Interrupted twice"));
      this.#interrupted = true;
      cancelling.abort(new MinisqlError("CANCELLED", "Query execution was interrupted"));
    });
    this.#isRunning = true;
    const running = work(AbortSignal.any([cancelling.signal, this.#port.stop]));
    running.catch(() => {});
    try {
      return await Promise.race([running, leaving.promise]);
    } finally {
      this.#isRunning = false;
      release();
    }
  }
}
