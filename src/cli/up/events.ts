/** What happens in a cluster in this process, for those who tell it to people as it happens. */
import type { LogFields, LogLevel, Reporter } from "../../ports/reporter.ts";
import type { ClusterEvent } from "../../protocol/events.ts";

export interface Happening {
  /** By `Clock.now()`. */
  readonly at: number;
  /** The member that told of it. */
  readonly member: string;
  readonly event: ClusterEvent;
}

export type Hear = (happening: Happening) => void;

export class Events {
  readonly #clock: { now(): number };
  readonly #hearers = new Set<Hear>();

  constructor(clock: { now(): number }) {
    this.#clock = clock;
  }

  /** Hears all that happens from now on, until the answer is called. */
  hear(hear: Hear): () => void {
    this.#hearers.add(hear);
    return () => void this.#hearers.delete(hear);
  }

  /** A reporter for one member, which is heard and goes on to `log` while `alive` says so. */
  reporter(member: string, log: Reporter, alive: () => boolean): Reporter {
    const told = (event: ClusterEvent) => {
      this.#tell({ at: this.#clock.now(), member, event }, log);
    };
    return new MemberReporter(log.child({ member }), told, alive);
  }

  /** Whoever reports something has nothing to do with what is made of it. */
  #tell(happening: Happening, log: Reporter): void {
    for (const hear of [...this.#hearers]) {
      try {
        hear(happening);
      } catch (error) {
        log.log("error", `Cannot tell of ${happening.event.event}`, { error });
      }
    }
  }
}

class MemberReporter implements Reporter {
  readonly #log: Reporter;
  readonly #told: (event: ClusterEvent) => void;
  readonly #alive: () => boolean;

  constructor(log: Reporter, told: (event: ClusterEvent) => void, alive: () => boolean) {
    this.#log = log;
    this.#told = told;
    this.#alive = alive;
  }

  event(event: ClusterEvent): void {
    if (!this.#alive()) return;
    this.#log.event(event);
    this.#told(event);
  }

  log(level: LogLevel, message: string, fields?: LogFields): void {
    if (this.#alive()) this.#log.log(level, message, fields);
  }

  keeps(level: LogLevel): boolean {
    return this.#alive() && this.#log.keeps(level);
  }

  child(fields: LogFields): Reporter {
    return new MemberReporter(this.#log.child(fields), this.#told, this.#alive);
  }

  part(name: string): Reporter {
    return new MemberReporter(this.#log.part(name), this.#told, this.#alive);
  }
}
