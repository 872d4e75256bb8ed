/** A reporter that remembers, for tests and the simulator. */
import type { LogFields, LogLevel, Reporter } from "../ports/reporter.ts";
import type { ClusterEvent, EventName } from "../protocol/events.ts";

export interface ReportedLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly part: string;
  readonly fields: LogFields;
}

export interface ReportedEvent {
  readonly event: ClusterEvent;
  readonly part: string;
  /** Fields of the reporter it was told to, such as whose reporter it is. */
  readonly fields: LogFields;
}

export type Report =
  | ({ readonly kind: "line" } & ReportedLine)
  | ({ readonly kind: "event" } & ReportedEvent);

export interface MemoryReporterOptions {
  /** Told of each report as it is made: a trace, a digest, a condition waited for. */
  readonly onReport?: (report: Report) => void;
  /** At least so many of the newest are kept, and at most twice as many. */
  readonly reportsMax?: number;
}

const REPORTS_MAX = 100_000;

/** What a family of reporters has in common: children write to the same memory. */
interface Memory {
  readonly lines: ReportedLine[];
  readonly events: ReportedEvent[];
  readonly max: number;
  readonly onReport: (report: Report) => void;
}

export class MemoryReporter implements Reporter {
  readonly #memory: Memory;
  readonly #fields: LogFields;
  readonly #part: string;

  constructor(options: MemoryReporterOptions = {}) {
    const { onReport = () => {}, reportsMax = REPORTS_MAX } = options;
    this.#memory = { lines: [], events: [], max: reportsMax, onReport };
    this.#fields = {};
    this.#part = "";
  }

  get lines(): readonly ReportedLine[] {
    return this.#memory.lines;
  }

  get events(): readonly ReportedEvent[] {
    return this.#memory.events;
  }

  /** The events of one name, in order. */
  eventsOf<N extends EventName>(name: N): readonly Extract<ClusterEvent, { event: N }>[] {
    const isIt = (event: ClusterEvent): event is Extract<ClusterEvent, { event: N }> =>
      event.event === name;
    return this.#memory.events.map(({ event }) => event).filter(isIt);
  }

  event(event: ClusterEvent): void {
    this.#tellEvent(event, this.#part, this.#fields);
  }

  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.#tellLine({ level, message, part: this.#part, fields: { ...this.#fields, ...fields } });
  }

  keeps(): boolean {
    return true;
  }

  child(fields: LogFields): Reporter {
    return this.#derive(this.#part, { ...this.#fields, ...fields });
  }

  part(name: string): Reporter {
    return this.#derive(this.#part === "" ? name : `${this.#part}.${name}`, this.#fields);
  }

  #derive(part: string, fields: LogFields): Reporter {
    return {
      event: (event) => this.#tellEvent(event, part, fields),
      log: (level, message, more = {}) =>
        this.#tellLine({ level, message, part, fields: { ...fields, ...more } }),
      keeps: () => true,
      child: (more) => this.#derive(part, { ...fields, ...more }),
      part: (name) => this.#derive(part === "" ? name : `${part}.${name}`, fields),
    };
  }

  #tellEvent(event: ClusterEvent, part: string, fields: LogFields): void {
    const report = { event, part, fields };
    keep(this.#memory.events, report, this.#memory.max);
    this.#memory.onReport({ kind: "event", ...report });
  }

  #tellLine(line: ReportedLine): void {
    keep(this.#memory.lines, line, this.#memory.max);
    this.#memory.onReport({ kind: "line", ...line });
  }
}

function keep<T>(list: T[], item: T, max: number): void {
  list.push(item);
  if (list.length > 2 * max) list.splice(0, max);
}
