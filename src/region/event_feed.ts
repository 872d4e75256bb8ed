/** What happens on a region server, told to the master with the next heartbeat. */
import { Deferred } from "../base/deferred.ts";
import type { LogFields, LogLevel, Reporter } from "../ports/reporter.ts";
import type { ClusterEvent } from "../protocol/events.ts";

export interface ToldEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: ClusterEvent;
}

/** Without a master for so long, the oldest are only in this server's log. */
const WAITING_MAX = 200;

export class EventFeed {
  readonly #wallMs: () => number;
  #waiting: ToldEvent[] = [];
  #news = new Deferred<void>();

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** A reporter that passes everything on, and keeps events for the master. */
  over(reporter: Reporter): Reporter {
    const wrap = (inner: Reporter): Reporter => ({
      event: (event: ClusterEvent) => {
        inner.event(event);
        this.#add(event);
      },
      log: (level: LogLevel, message: string, fields?: LogFields) =>
        inner.log(level, message, fields),
      keeps: (level: LogLevel) => inner.keeps(level),
      child: (fields: LogFields) => wrap(inner.child(fields)),
      part: (name: string) => wrap(inner.part(name)),
    });
    return wrap(reporter);
  }

  /** Resolves when there is something to tell. */
  get news(): Promise<void> {
    return this.#waiting.length > 0 ? Promise.resolve() : this.#news.promise;
  }

  take(): readonly ToldEvent[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#news = new Deferred();
    return taken;
  }

  /** They were not taken: they are told again. */
  putBack(events: readonly ToldEvent[]): void {
    this.#waiting = [...events, ...this.#waiting].slice(-WAITING_MAX);
    if (this.#waiting.length > 0) this.#news.resolve();
  }

  #add(event: ClusterEvent): void {
    this.#waiting.push({ at: this.#wallMs(), event });
    if (this.#waiting.length > WAITING_MAX) this.#waiting.shift();
    this.#news.resolve();
  }
}
