/** The reporter of a real process: LogTape decides what is kept, and lines go to one writer. */
import {
  configureSync,
  getLogger,
  type Logger,
  type LoggerConfig,
  type LogRecord,
  resetSync,
} from "@logtape/logtape";
import type { Clock } from "../ports/clock.ts";
import type { LogFields, LogLevel, Reporter } from "../ports/reporter.ts";
import { eventSentence, severityOf } from "../protocol/event_words.ts";
import type { ClusterEvent } from "../protocol/events.ts";
import type { LineFormat } from "./log_format.ts";
import type { LogLevels } from "./log_levels.ts";

const ROOT = "minisql";

export interface LoggingDeps {
  readonly clock: Clock;
  /** Takes one line, without its line end. Must not throw and not wait. */
  readonly write: (line: string) => void;
}

export interface LoggingOptions {
  readonly format: LineFormat;
  readonly levels: LogLevels;
}

/** LogTape has one configuration a process, so a process opens this once. */
export class Logging {
  readonly reporter: Reporter;
  readonly #deps: LoggingDeps;
  readonly #format: LineFormat;
  #levels: LogLevels;

  constructor(deps: LoggingDeps, options: LoggingOptions) {
    this.#deps = deps;
    this.#format = options.format;
    this.#levels = options.levels;
    this.#configure();
    this.reporter = new LogtapeReporter(deps.clock, [ROOT], {});
  }

  get levels(): LogLevels {
    return this.#levels;
  }

  /** Takes effect with the next line of every reporter, those handed out before included. */
  setLevels(levels: LogLevels): void {
    this.#levels = levels;
    this.#configure();
  }

  close(): void {
    resetSync();
  }

  #configure(): void {
    const { all, parts } = this.#levels;
    const loggers: LoggerConfig<"lines", never>[] = [
      { category: [ROOT], lowestLevel: all, sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ];
    for (const [part, lowestLevel] of Object.entries(parts)) {
      // Sinks taken over from the parent would keep the parent's level, and write lines twice.
      const category = [ROOT, ...part.split(".")];
      loggers.push({ category, lowestLevel, sinks: ["lines"], parentSinks: "override" });
    }
    configureSync({ reset: true, sinks: { lines: (record) => this.#write(record) }, loggers });
  }

  #write(record: LogRecord): void {
    const [root, ...parts] = record.category;
    this.#deps.write(this.#format({
      at: record.timestamp,
      level: record.level,
      part: (root === ROOT ? parts : record.category).join("."),
      message: record.message.map(String).join(""),
      fields: record.properties,
    }));
  }
}

class LogtapeReporter implements Reporter {
  readonly #clock: Clock;
  readonly #category: readonly [string, ...string[]];
  readonly #logger: Logger;
  readonly #fields: LogFields;

  constructor(clock: Clock, category: readonly [string, ...string[]], fields: LogFields) {
    this.#clock = clock;
    this.#category = category;
    this.#logger = getLogger(category);
    this.#fields = fields;
  }

  event(event: ClusterEvent): void {
    this.log(severityOf(event.event), eventSentence(event), event);
  }

  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    // Emitted as a finished record: LogTape would read {braces} in a message as placeholders.
    this.#logger.emit({
      level,
      message: [message],
      rawMessage: message,
      timestamp: this.#clock.wallMicros() / 1000,
      properties: { ...this.#fields, ...fields },
    });
  }

  keeps(level: LogLevel): boolean {
    return this.#logger.isEnabledFor(level);
  }

  child(fields: LogFields): Reporter {
    return new LogtapeReporter(this.#clock, this.#category, { ...this.#fields, ...fields });
  }

  part(name: string): Reporter {
    return new LogtapeReporter(this.#clock, [...this.#category, name], this.#fields);
  }
}
