/** Runs one statement: its rows to the data, how it ended beside them, errors to where they go. */
import type { QueryStream } from "../client/api.ts";
import { MinisqlError } from "../protocol/errors.ts";
import type { Column, StatementResult } from "../protocol/values.ts";
import { clusterStatement } from "./cluster/statements.ts";
import { mayRun } from "./guard.ts";
import { fittingFormat, FORMAT_WRITERS } from "./output/choose_format.ts";
import { errorHint, errorLine, isUnreachable, ownErrorLine } from "./output/error_words.ts";
import { changeWords, receiptWords, rowsWords, timingWords } from "./output/outcome_words.ts";
import { type Format, type FormatOptions, WINDOW_ROWS } from "./output/result_format.ts";
import type { Shell } from "./shell.ts";
import { ShellError } from "./shell_error.ts";

const RULE = "--------------";
/** With `-v` so many times: statements are shown, rows counted, times told. */
const VERBOSE = { echo: 1, counts: 2, times: 3 } as const;

/** How the rows of one statement are wanted, where not as usual. */
export interface ResultWishes {
  readonly vertical?: boolean;
  /** A program that they go to, in place of the screen. */
  readonly program?: string;
}

/** Runs the statement and answers whether it was done. */
export async function runStatement(
  shell: Shell,
  sql: string,
  wishes: ResultWishes = {},
): Promise<boolean> {
  const { printer, options } = shell;
  if (options.verbose >= VERBOSE.echo) await printer.say(`${RULE}\n${sql}\n${RULE}\n`);
  shell.lastStatement = sql;
  try {
    if (!await mayRun(shell, sql)) return true;
    await shell.interrupts.during((signal) => answer(shell, sql, wishes, signal));
    shell.statementDone(sql);
    return true;
  } catch (error) {
    return await tellFailure(shell, error);
  }
}

/** Tells an error that was to be expected; anything else is raised again. */
export async function tellFailure(shell: Shell, error: unknown): Promise<false> {
  const { printer, port } = shell;
  port.stop.throwIfAborted();
  if (error instanceof ShellError) {
    await printer.error(ownErrorLine(error.message, shell.place));
  } else if (error instanceof MinisqlError) {
    const { interrupted } = shell.interrupts;
    if (interrupted) await printer.say("Ctrl-C -- query killed.");
    const shown = interrupted && error.code === "CANCELLED"
      ? new MinisqlError("CANCELLED", "Query execution was interrupted")
      : error;
    await printer.error(errorLine(shown, shell.place));
    const hint = errorHint(shown);
    if (hint !== null && !interrupted) await printer.hint(hint);
  } else {
    throw error;
  }
  shell.failed(isUnreachable(error));
  return false;
}

async function answer(
  shell: Shell,
  sql: string,
  wishes: ResultWishes,
  signal: AbortSignal,
): Promise<void> {
  const { time } = shell.port;
  const started = time.now();
  const stream = await clusterStatement(shell, sql, signal) ??
    shell.session.stream(sql, [], { signal });
  const columns = await columnsOf(stream);
  const isQuery = columns.length > 0;
  const { rows, ms: readingMs } = isQuery
    ? await write(shell, stream, columns, wishes)
    : await drain(stream);
  const { result, receipt } = await stream.outcome;
  const ms = time.now() - started - readingMs;
  await tellOutcome(shell, { isQuery, rows, result, ms });
  if (shell.settings.timing) await shell.printer.say(timingWords(ms, receipt));
  if (shell.settings.receipt && receipt !== null) await shell.printer.say(receiptWords(receipt));
  if ((result.warnings ?? 0) > 0 && shell.settings.showWarnings) await showWarnings(shell, signal);
  if (shell.interactive || shell.options.verbose >= VERBOSE.counts) await shell.printer.say("");
}

/** A stream that fails does so in three places; one of them is enough. */
async function columnsOf(stream: QueryStream): Promise<readonly Column[]> {
  stream.outcome.catch(() => {});
  return await stream.columns;
}

interface Written {
  readonly rows: number;
  /** How long the reader of the rows took over them. */
  readonly ms: number;
}

async function drain(stream: QueryStream): Promise<Written> {
  for await (const batch of stream) void batch;
  return { rows: 0, ms: 0 };
}

async function write(
  shell: Shell,
  stream: QueryStream,
  columns: readonly Column[],
  { vertical = false, program }: ResultWishes,
): Promise<Written> {
  const { time } = shell.port;
  const elsewhere = await shell.target.sink(program ?? null);
  const format = formatFor(shell, { vertical, isShown: elsewhere === null });
  const writer = format(columns, formatOptions(shell, elsewhere === null));
  const sink = elsewhere ??
    shell.printer.result(shell.settings.pager, format !== FORMAT_WRITERS.vertical);
  let rows = 0;
  let ms = 0;
  const taken = async (taking: Promise<void>) => {
    const started = time.now();
    await taking;
    ms += time.now() - started;
  };
  try {
    for await (const batch of stream) {
      rows += batch.length;
      await taken(sink.write(writer.rows(batch)));
    }
    await taken(sink.write(writer.end()));
  } finally {
    await taken(sink.close());
  }
  return { rows, ms };
}

interface Looks {
  readonly vertical: boolean;
  /** On the screen. */
  readonly isShown: boolean;
}

function formatFor(shell: Shell, { vertical, isShown }: Looks): Format {
  if (vertical) return FORMAT_WRITERS.vertical;
  const { settings, port } = shell;
  const format = shell.formatFor(isShown);
  if (format === "table" && settings.vertical === "on") return FORMAT_WRITERS.vertical;
  if (format === "table" && settings.vertical === "auto" && isShown) {
    return fittingFormat(port.size().columns);
  }
  return FORMAT_WRITERS[format];
}

function formatOptions(shell: Shell, isShown: boolean): FormatOptions {
  const { options, settings, port } = shell;
  const { header, raw, nullText, binary, quick, silent } = options;
  const { out } = port;
  // One -s is what a pipe is by itself; with both, or two of them, names are too much.
  const isTerse = silent > (out.isTerminal ? 1 : 0) && shell.formatFor(isShown) === "tsv";
  return {
    header: header && !isTerse,
    raw,
    nullText,
    binary,
    terminal: out.isTerminal && isShown ? { style: out.style, columns: port.size().columns } : null,
    cut: settings.pager === "",
    windowRows: quick ? 1 : WINDOW_ROWS,
  };
}

interface Outcome {
  readonly isQuery: boolean;
  readonly rows: number;
  readonly result: StatementResult;
  readonly ms: number;
}

async function tellOutcome(shell: Shell, { isQuery, rows, result, ms }: Outcome): Promise<void> {
  const { interactive, options, printer } = shell;
  const counts = interactive ? options.silent === 0 : options.verbose >= VERBOSE.counts;
  if (!counts) return;
  const told = interactive || options.verbose >= VERBOSE.times ? ms : null;
  const words = isQuery ? rowsWords(rows, result.warnings ?? 0, told) : changeWords(result, told);
  await printer.say(words);
}

async function showWarnings({ printer, session }: Shell, signal: AbortSignal): Promise<void> {
  const { rows } = await session.query("SHOW WARNINGS", [], { signal });
  const lines = rows.map(([level, code, message]) => `${level} (Code ${code}): ${message}`);
  // A server that does many things at once counts them only.
  const shown = lines.length > 0 ? lines : ["The warnings were counted, but not kept."];
  await printer.say(["", ...shown].join("\n"));
}
