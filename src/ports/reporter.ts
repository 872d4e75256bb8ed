/**
 * What a role tells people: typed events, and lines for the log.
 *
 * Reporting never throws and never waits. Not promised: that a line arrives. Where nobody reads
 * fast enough, lines are dropped and their number is told; events that must last go to the catalog.
 */
import type { ClusterEvent } from "../protocol/events.ts";

/** From the least to the most urgent. */
export const LOG_LEVELS = ["trace", "debug", "info", "warning", "error", "fatal"] as const;

export type LogLevel = typeof LOG_LEVELS[number];

/**
 * What a line is about: `rid`, `region`, `epoch`, `table`, `request`, `error`, … Any value will do,
 * bigints and errors too. Secrets are masked by name (`password`, `token`, …) and in SQL and URLs.
 */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Reporter {
  /** Something happened in the cluster that its users may want to know. */
  event(event: ClusterEvent): void;

  log(level: LogLevel, message: string, fields?: LogFields): void;

  /** Whether lines of this level are kept, for callers whose fields cost something to gather. */
  keeps(level: LogLevel): boolean;

  /** The same reporter, with fields added to each of its lines. */
  child(fields: LogFields): Reporter;

  /** The same reporter for one part of the program (`rpc`, `election`), with a level of its own. */
  part(name: string): Reporter;
}
