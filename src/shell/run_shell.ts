/** The shell from its start to its exit code: a conversation, a script on stdin, or `-e`. */
import { orAborted } from "../base/abort.ts";
import type { Client } from "../client/api.ts";
import { watchScript } from "./commands/watch.ts";
import { converse } from "./conversation.ts";
import { LeaveNow } from "./interrupts.ts";
import type { ShellOptions } from "./options.ts";
import type { ShellPort } from "./port.ts";
import { runPieces, runText } from "./script.ts";
import { Shell } from "./shell.ts";
import { runStatement, tellFailure } from "./statement_runner.ts";
import { quoteName } from "../client/sql_text.ts";

/** What scripts rely on. */
export const SHELL_EXIT = { ok: 0, failed: 1, unreachable: 3, interrupted: 130 } as const;

/**
 * Runs a shell on a client, which stays the caller's. Rejects with the reason of `port.stop` when
 * the process is to end, and with what `write` raised when nobody reads.
 */
export async function runShell(
  client: Client,
  port: ShellPort,
  options: ShellOptions,
): Promise<number> {
  const shell = new Shell(client, port, options);
  try {
    const { tee } = options;
    if (tee !== null) await shell.printer.teeTo(tee);
    if (!await useDatabase(shell) || !await shell.initSession()) return exitCode(shell);
    if (!shell.interactive) {
      await runScripts(shell);
      return exitCode(shell);
    }
    await converse(shell);
    // After a conversation there is no failure: its person has seen what went wrong.
    return SHELL_EXIT.ok;
  } catch (error) {
    if (error instanceof LeaveNow) return SHELL_EXIT.interrupted;
    throw error;
  } finally {
    // The end of the process waits for no server.
    if (!port.stop.aborted) await shell.close().catch(() => {});
  }
}

async function useDatabase(shell: Shell): Promise<boolean> {
  const { database } = shell.options;
  if (database === null) return true;
  return await runStatement(shell, `USE ${quoteName(database)}`);
}

async function runScripts(shell: Shell): Promise<void> {
  const { execute, watchMs } = shell.options;
  if (execute.length === 0) await runInput(shell);
  else if (watchMs === null) await runGiven(shell);
  else await watchScript(shell, watchMs, () => runGiven(shell));
}

async function runInput(shell: Shell): Promise<void> {
  try {
    await runPieces(shell, typed(shell.port), null);
  } catch (error) {
    // What is told of the input as a whole is at no line of it.
    shell.place = null;
    await tellFailure(shell, error);
  }
}

/** Answers whether there is more to be done. */
async function runGiven(shell: Shell): Promise<boolean> {
  const { execute, force } = shell.options;
  for (const text of execute) {
    const isWell = await runText(shell, text);
    if (shell.isLeaving || !isWell && !force) return false;
  }
  return true;
}

async function* typed({ keyboard, stop }: ShellPort): AsyncIterable<Uint8Array> {
  for (;;) {
    const piece = await orAborted(keyboard.read(), stop);
    if (piece === null) return;
    yield piece;
  }
}

function exitCode(shell: Shell): number {
  if (shell.outcome === "ok") return SHELL_EXIT.ok;
  return shell.outcome === "failed" ? SHELL_EXIT.failed : SHELL_EXIT.unreachable;
}
