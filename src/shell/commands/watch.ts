/** `\watch`: a statement again and again, drawn in place for people. */
import type { Shell } from "../shell.ts";
import { ShellError } from "../shell_error.ts";
import { runStatement } from "../statement_runner.ts";
import type { CommandInput } from "./command.ts";

const SECONDS_DEFAULT = 2;
const SECONDS_MIN = 0.1;
const SECONDS_MAX = 86_400;

export async function watch(shell: Shell, { args, statement }: CommandInput): Promise<void> {
  const sql = statement === "" ? shell.lastStatement : statement;
  if (sql === "") throw new ShellError("No query specified");
  const seconds = args === "" ? SECONDS_DEFAULT : Number(args.replace(/\s*s$/, ""));
  if (!(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX)) {
    throw new ShellError(
      `\\watch takes seconds from ${SECONDS_MIN} to ${SECONDS_MAX}, not ${args}`,
    );
  }
  const pager = shell.settings.pager;
  // A pager would hold up the next look.
  shell.settings.pager = "";
  try {
    for (;;) {
      await beginLook(shell, seconds);
      const isDone = await runStatement(shell, sql);
      if (!isDone || shell.interrupts.interrupted) return;
      if (await isInterrupted(shell, seconds * 1000)) return;
    }
  } finally {
    shell.settings.pager = pager;
  }
}

/** What a script does, again and again until it fails or the process is to end. */
export async function watchScript(
  shell: Shell,
  ms: number,
  run: () => Promise<boolean>,
): Promise<void> {
  const { time, stop } = shell.port;
  for (;;) {
    await beginLook(shell, ms / 1000);
    if (!await run()) return;
    await time.sleep(ms, stop);
  }
}

/** Over the last look where a person sees it, below it elsewhere. */
async function beginLook({ port, printer }: Shell, seconds: number): Promise<void> {
  if (port.out.isTerminal) await port.out.write("\x1b[H\x1b[2J");
  const time = new Date(port.time.wall()).toISOString().slice(0, 19).replace("T", " ");
  await printer.say(`Every ${seconds} s: ${time}`);
}

/** Waits; true where Ctrl-C came first. */
async function isInterrupted(shell: Shell, ms: number): Promise<boolean> {
  try {
    await shell.interrupts.during((signal) => shell.port.time.sleep(ms, signal));
    return false;
  } catch (error) {
    if (!shell.interrupts.interrupted) throw error;
    return true;
  }
}
