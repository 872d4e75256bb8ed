/** Turns what a command threw into a line on stderr and an exit code. */
import { CoordinatorError, type CoordinatorErrorCode } from "../ports/coordinator.ts";
import { DiskError } from "../ports/disk.ts";
import { type ErrorCode, MinisqlError } from "../protocol/errors.ts";
import { ShellError } from "../shell/shell_error.ts";
import { EXIT, SIGNAL_EXIT } from "./exit_codes.ts";
import { BrokenOutput, type Output } from "./output.ts";
import { Interrupted } from "./process.ts";
import { UsageError } from "./usage_error.ts";

const UNREACHABLE: ReadonlySet<ErrorCode> = new Set(["UNAVAILABLE", "UNAUTHENTICATED"]);

const COORDINATOR_UNREACHABLE: ReadonlySet<CoordinatorErrorCode> = new Set([
  "connection_loss",
  "suspended",
  "session_ended",
  "forbidden",
]);

/** The exit code of an expected error, which it also tells; null for a bug. */
export async function reportError(error: unknown, err: Output): Promise<number | null> {
  if (error instanceof BrokenOutput) return EXIT.brokenPipe;
  const code = exitCodeOf(error);
  if (code === null || error instanceof Interrupted) return code;
  try {
    await err.line(`${err.terminal.style.red("minisql:")} ${(error as Error).message}`);
    if (error instanceof UsageError) {
      const command = error.command === undefined ? "" : ` ${error.command}`;
      await err.line(`Try 'minisql${command} --help' for what it accepts.`);
    }
  } catch (problem) {
    if (!(problem instanceof BrokenOutput)) throw problem;
  }
  return code;
}

function exitCodeOf(error: unknown): number | null {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof Interrupted) return SIGNAL_EXIT[error.signal];
  if (error instanceof MinisqlError) {
    return UNREACHABLE.has(error.code) ? EXIT.unreachable : EXIT.failed;
  }
  if (error instanceof CoordinatorError) {
    return COORDINATOR_UNREACHABLE.has(error.code) ? EXIT.unreachable : EXIT.failed;
  }
  return error instanceof DiskError || error instanceof ShellError ? EXIT.failed : null;
}
