/** The life of the process: signals, crashes, and the last things done before it ends. */
import type { Clock } from "../ports/clock.ts";
import type { Reporter } from "../ports/reporter.ts";
import { type EndingSignal, EXIT, SIGNAL_EXIT } from "./exit_codes.ts";

/** What a command may ask of the process. */
export interface ProcessControl {
  /**
   * Aborts, with an `Interrupted`, when the process is asked to end: let go of work in good order
   * and return. A second signal, or too much time, ends the process at once.
   */
  readonly stop: AbortSignal;

  /** Resolves once `stop` has aborted, also when it had before: what a server waits for. */
  stopped(): Promise<void>;

  /** Hears SIGHUP as "read your settings again". Without a listener it ends the process. */
  onReload(listener: () => void): () => void;

  /** Hears SIGINT in place of the process: Ctrl-C in a shell ends a query, not the shell. */
  onInterrupt(listener: () => void): () => void;

  /**
   * Runs before the process ends, however it ends: puts the terminal right, writes last lines out.
   * What was registered last comes first. A promise is waited for, but not for long.
   */
  onExit(action: () => void | Promise<void>): () => void;

  /** Where signals and crashes are reported from now on. Until then crashes go to stderr. */
  reportTo(reporter: Reporter): void;
}

/** Why the process was asked to end. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly signal: EndingSignal;

  constructor(signal: EndingSignal) {
    super(`Ended by ${signal}`);
    this.signal = signal;
  }
}

/** The operating system, as far as a process needs it. */
export interface System {
  readonly clock: Clock;
  onSignal(signal: EndingSignal, listener: () => void): () => void;
  /** Errors that nobody caught. */
  onUncaught(listener: (error: unknown) => void): () => void;
  writeError(text: string): void;
}

export interface ProcessOptions {
  /** How long a graceful end may take. Container tools kill after 30 s or so. */
  readonly graceMs?: number;
  /** How long all exit actions together may take. */
  readonly lastWordsMs?: number;
}

const GRACE_MS = 25_000;
const LAST_WORDS_MS = 1000;

export class Process implements ProcessControl {
  readonly #system: System;
  readonly #options: Required<ProcessOptions>;
  readonly #stopping = new AbortController();
  readonly #ended = Promise.withResolvers<number>();
  readonly #exitActions = new Set<() => void | Promise<void>>();
  readonly #reloadListeners = new Set<() => void>();
  readonly #interruptListeners = new Set<() => void>();
  readonly #release: (() => void)[] = [];
  #reporter: Reporter | null = null;
  #isOver = false;

  constructor(system: System, options: ProcessOptions = {}) {
    this.#system = system;
    this.#options = { graceMs: GRACE_MS, lastWordsMs: LAST_WORDS_MS, ...options };
  }

  get stop(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Runs the program and answers with the exit code: its own, or that of what ended it. */
  async run(main: (control: ProcessControl) => Promise<number>): Promise<number> {
    // A process that runs as PID 1 gets no signal that it does not listen to.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      this.#release.push(this.#system.onSignal(signal, () => this.#take(signal)));
    }
    this.#release.push(this.#system.onUncaught((error) => this.#crash(error)));
    try {
      const code = await Promise.race([this.#runMain(main), this.#ended.promise]);
      await this.#lastActs();
      return code;
    } finally {
      for (const release of this.#release.splice(0)) release();
    }
  }

  stopped(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stop.addEventListener("abort", () => resolve(), { once: true });
    if (this.stop.aborted) resolve();
    return promise;
  }

  onReload(listener: () => void): () => void {
    return added(this.#reloadListeners, listener);
  }

  onInterrupt(listener: () => void): () => void {
    return added(this.#interruptListeners, listener);
  }

  onExit(action: () => void | Promise<void>): () => void {
    return added(this.#exitActions, action);
  }

  reportTo(reporter: Reporter): void {
    this.#reporter = reporter;
  }

  async #runMain(main: (control: ProcessControl) => Promise<number>): Promise<number> {
    try {
      return await main(this);
    } catch (error) {
      this.#crash(error);
      return EXIT.crashed;
    } finally {
      // What fails while the process ends is no news any more.
      this.#isOver = true;
    }
  }

  #take(signal: EndingSignal): void {
    if (signal === "SIGHUP" && this.#reloadListeners.size > 0) {
      this.#reporter?.log("info", "Reading settings again on SIGHUP");
      this.#tell(this.#reloadListeners);
    } else if (signal === "SIGINT" && this.#interruptListeners.size > 0) {
      this.#tell(this.#interruptListeners);
    } else {
      this.#end(signal);
    }
  }

  #tell(listeners: ReadonlySet<() => void>): void {
    for (const listener of [...listeners]) listener();
  }

  #end(signal: EndingSignal): void {
    if (this.stop.aborted || this.#isOver) return this.#endNow(SIGNAL_EXIT[signal]);
    const { graceMs } = this.#options;
    this.#reporter?.log("info", `Ending on ${signal}; a second signal ends at once`);
    this.#release.push(this.#system.clock.after(graceMs, () => {
      this.#reporter?.log("error", `Ending now: not done ${graceMs} ms after ${signal}`);
      this.#endNow(SIGNAL_EXIT[signal]);
    }));
    this.#stopping.abort(new Interrupted(signal));
  }

  /** Says what happened and ends: after a bug nothing the process holds can be trusted. */
  #crash(error: unknown): void {
    if (this.#isOver) return;
    if (this.#reporter !== null) {
      this.#reporter.log("fatal", "Crashed on a bug in minisql; please report it", { error });
    } else {
      const text = error instanceof Error ? error.stack ?? error.message : String(error);
      this.#system.writeError(`minisql: crashed on a bug, please report it: ${text}\n`);
    }
    this.#endNow(EXIT.crashed);
  }

  #endNow(code: number): void {
    this.#isOver = true;
    this.#ended.resolve(code);
  }

  async #lastActs(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const disarm = this.#system.clock.after(this.#options.lastWordsMs, resolve);
    await Promise.race([promise, this.#runExitActions()]);
    disarm();
  }

  async #runExitActions(): Promise<void> {
    for (const action of [...this.#exitActions].toReversed()) {
      try {
        await action();
      } catch (error) {
        this.#reporter?.log("error", "Cannot end in good order", { error });
      }
    }
  }
}

function added<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => void set.delete(item);
}
