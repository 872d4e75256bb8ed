/** Flags of commands that keep a log, and the log they describe: on stderr, for people or as JSON. */
import { LineWriter } from "../adapters/line_writer.ts";
import { humanLine, jsonLine, type LineFormat } from "../adapters/log_format.ts";
import { LEVELS_ACCEPTED, parseLogLevels } from "../adapters/log_levels.ts";
import { Logging } from "../adapters/logtape_reporter.ts";
import { SystemClock } from "../adapters/system_clock.ts";
import { LOG_LEVELS } from "../ports/reporter.ts";
import type { CommandContext } from "./command.ts";
import type { ConfigOf, FlagTable } from "./flags.ts";
import { UsageError } from "./usage_error.ts";

const LEVEL = `(?:${LOG_LEVELS.join("|")})`;
const ITEM = String.raw`(?:[\w-]+(?:\.[\w-]+)*=)?${LEVEL}`;

export const LOG_FLAGS = {
  "log-level": {
    kind: "text",
    default: "info",
    pattern: new RegExp(`^${ITEM}(?:,${ITEM})*$`),
    accepts: LEVELS_ACCEPTED,
    value: "LEVEL",
    section: "Logging",
    help: "The least urgent lines to keep, for parts of the program too: info,rpc=debug",
  },
  "log-format": {
    kind: "choice",
    values: ["auto", "human", "json"],
    default: "auto",
    section: "Logging",
    help: "How lines look; auto is human at a terminal and json elsewhere",
  },
} as const satisfies FlagTable;

/**
 * Opens the log on stderr, or at the end of a file. It is written out and closed when the process
 * ends.
 */
export function openLogging(
  config: ConfigOf<typeof LOG_FLAGS>,
  { err, process }: CommandContext,
  file: string | null = null,
): Logging {
  const { isTerminal, style } = err.terminal;
  const isAutoJson = file === null && !isTerminal;
  const isJson = config.logFormat === "json" || config.logFormat === "auto" && isAutoJson;
  const kept = isJson ? jsonLine : humanLine({ colour: file === null && style.isColoured });
  const format = file === null ? kept : tellingOfCrashes(kept);
  const levels = parseLogLevels(config.logLevel);
  if (levels === null) throw new UsageError(`Cannot use --log-level="${config.logLevel}"`);

  const clock = new SystemClock();
  const writer = new LineWriter(file === null ? Deno.stderr : openFile(file), {
    droppedLine: (count) =>
      format({
        at: clock.wallMicros() / 1000,
        level: "warning",
        part: "log",
        message: `${count} lines were dropped: whoever reads stderr is too slow`,
        fields: { count },
      }),
  });
  const logging = new Logging({ clock, write: writer.write }, { format, levels });
  process.onExit(() => writer.flush());
  process.reportTo(logging.reporter);
  return logging;
}

/** What ends the process is told to whoever sees it end, wherever the log is. */
function tellingOfCrashes(format: LineFormat): LineFormat {
  const told = humanLine({ colour: false });
  return (line) => {
    if (line.level === "fatal") console.error(told(line));
    return format(line);
  };
}

function openFile(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { append: true, create: true, mode: 0o600 });
  } catch (error) {
    throw new UsageError(`Cannot log to ${path}: ${(error as Error).message}`);
  }
}
