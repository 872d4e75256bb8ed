/** Commands that reach out of the shell: to files and other programs. */
import { runFile } from "../script.ts";
import type { Shell } from "../shell.ts";
import { ShellError } from "../shell_error.ts";
import { runStatement } from "../statement_runner.ts";
import type { CommandInput, ShellCommand } from "./command.ts";

export const FILE_COMMANDS: readonly ShellCommand[] = [
  {
    names: ["\\.", "\\i", "source"],
    args: "FILE",
    does: "Run the statements in a file",
    run: async (shell, { name, args }) => {
      if (args === "") throw new ShellError(`Usage: ${name} FILE`);
      await runFile(shell, unquoted(args));
    },
  },
  {
    names: ["\\!", "system"],
    args: "COMMAND",
    does: "Run a command of the system",
    run: async (shell, { name, args }) => {
      if (args === "") throw new ShellError(`Usage: ${name} COMMAND`);
      const code = await shell.port.programs.run(args);
      if (code !== 0) await shell.printer.say(`It ended with exit code ${code}.`);
    },
  },
  {
    names: ["\\|"],
    args: "COMMAND",
    does: "Run the statement, and send its rows to a command of the system",
    takesStatement: true,
    run: async (shell, { args, statement }) => {
      if (args === "") throw new ShellError("Usage: \\| COMMAND");
      const sql = statement === "" ? shell.lastStatement : statement;
      if (sql === "") throw new ShellError("No query specified");
      await runStatement(shell, sql, { program: args });
    },
  },
  {
    names: ["\\o"],
    args: "[FILE]",
    does: "Write results to a file from now on; without one, to the screen again",
    run: async (shell, { args }) => {
      if (args === "") await shell.target.toScreen();
      else await shell.target.toFile(unquoted(args));
      const where = args === "" ? "shown" : `written to file '${unquoted(args)}'`;
      await shell.printer.say(`Results are ${where}.`);
    },
  },
  {
    names: ["\\e", "edit"],
    args: "",
    does: "Edit the statement with $VISUAL, $EDITOR or vi",
    takesStatement: true,
    run: edit,
  },
  {
    names: ["\\T", "tee"],
    args: "FILE",
    does: "Write everything that is shown to a file too",
    run: async (shell, { args }) => {
      if (args === "") throw new ShellError("Usage: \\T FILE");
      await shell.printer.teeTo(unquoted(args));
      await shell.printer.say(`Logging to file '${unquoted(args)}'`);
    },
  },
  {
    names: ["\\t", "notee"],
    args: "",
    does: "Stop writing to that file",
    run: async (shell) => {
      await shell.printer.endTee();
      await shell.printer.say("Outfile disabled.");
    },
  },
];

/** What is edited comes back as what is being typed, to be looked at once more. */
async function edit(shell: Shell, { statement }: CommandInput): Promise<void> {
  if (!shell.interactive) throw new ShellError("\\e needs a terminal");
  const { files, programs, variable } = shell.port;
  const editor = variable("VISUAL") ?? variable("EDITOR") ?? "vi";
  const path = await files.temporary(".sql");
  try {
    await files.replace(path, `${statement === "" ? shell.lastStatement : statement}\n`, true);
    const code = await programs.run(`${editor} '${path}'`);
    if (code !== 0) throw new ShellError(`Cannot edit: ${editor} ended with exit code ${code}`);
    shell.draft = (await files.read(path) ?? "").trimEnd();
  } finally {
    await files.remove(path);
  }
}

function unquoted(path: string): string {
  return path.replace(/^'(.*)'$|^"(.*)"$/, "$1$2");
}
