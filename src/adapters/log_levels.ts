/** Which log lines are kept: one level for all, and others for parts of the program. */
import { LOG_LEVELS, type LogLevel } from "../ports/reporter.ts";

export interface LogLevels {
  readonly all: LogLevel;
  /** By the name of a part: `rpc`, `region.election`. */
  readonly parts: Readonly<Record<string, LogLevel>>;
}

export const LEVELS_ACCEPTED = `${
  LOG_LEVELS.join(", ")
}, or a list such as info,rpc=debug,region.election=trace`;

/** Reads `info` or `info,rpc=debug`; null where the text is no such thing. */
export function parseLogLevels(text: string): LogLevels | null {
  let all: LogLevel = "info";
  const parts: Record<string, LogLevel> = {};
  for (const item of text.split(",")) {
    const match = /^(?:([\w-]+(?:\.[\w-]+)*)=)?(\w+)$/.exec(item.trim());
    const level = LOG_LEVELS.find((each) => each === match?.[2]);
    if (match === null || level === undefined) return null;
    if (match[1] === undefined) all = level;
    else parts[match[1]] = level;
  }
  return { all, parts };
}

export function formatLogLevels({ all, parts }: LogLevels): string {
  return [all, ...Object.entries(parts).map(([part, level]) => `${part}=${level}`)].join(",");
}
