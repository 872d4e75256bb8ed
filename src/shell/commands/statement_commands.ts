/** Commands about statements and the session they run in. */
import { quoteName } from "../../client/sql_text.ts";
import { READ_LEVELS, type ReadLevel } from "../../protocol/calls/region.ts";
import { ShellError } from "../shell_error.ts";
import { runStatement } from "../statement_runner.ts";
import type { Shell } from "../shell.ts";
import type { CommandInput, ShellCommand } from "./command.ts";
import { watch } from "./watch.ts";

/** Runs what was typed before the command, as MySQL's `\g` does. */
function ender(names: readonly string[], does: string, vertical: boolean): ShellCommand {
  return {
    names,
    args: "",
    does,
    takesStatement: true,
    async run(shell, { statement }) {
      if (statement === "") throw new ShellError("No query specified");
      await runStatement(shell, statement, { vertical });
    },
  };
}

export const STATEMENT_COMMANDS: readonly ShellCommand[] = [
  ender(["\\g", "go"], "Run the statement, as a delimiter does", false),
  ender(["\\G", "ego"], "Run the statement and show each row with a line for each column", true),
  {
    names: ["\\c", "clear"],
    args: "",
    does: "Forget the statement that has begun (`clear;` is something else: it drops all tables)",
    takesStatement: true,
    run: () => Promise.resolve(),
  },
  {
    names: ["\\p", "print"],
    args: "",
    does: "Print the last statement",
    run: (shell) => shell.printer.say(shell.lastStatement),
  },
  {
    names: ["\\u", "use"],
    args: "DATABASE",
    does: "Use another database",
    run: async (shell, { args }) => {
      if (args === "") throw new ShellError("USE must be followed by a database name");
      await runStatement(shell, `USE ${quoteName(args.replace(/^`(.*)`$/, "$1"))}`);
    },
  },
  {
    names: ["\\r", "connect"],
    args: "",
    does: "Begin a new session: settings and an open transaction are gone",
    async run(shell) {
      await shell.beginSession();
      shell.names.forget();
      await shell.printer.say("A new session.");
    },
  },
  {
    names: ["\\read"],
    args: `[${READ_LEVELS.join("|")}]`,
    does: "How reads are checked",
    run: setRead,
  },
  {
    names: ["\\watch"],
    args: "[SECONDS]",
    does: "Run the statement again and again until Ctrl-C",
    takesStatement: true,
    run: watch,
  },
  {
    names: ["\\#", "rehash"],
    args: "",
    does: "Forget the names that completion knows",
    run: (shell) => Promise.resolve(shell.names.forget()),
  },
  {
    names: ["\\q", "exit", "quit"],
    args: "",
    does: "Leave",
    run: (shell) => {
      shell.isLeaving = true;
      return Promise.resolve();
    },
  },
];

async function setRead(shell: Shell, { args }: CommandInput): Promise<void> {
  if (args !== "") {
    if (!isReadLevel(args)) {
      throw new ShellError(`\\read takes ${READ_LEVELS.join(", ")}, not ${args}`);
    }
    shell.session.setRead(args);
  }
  await shell.printer.say(`Reads are ${shell.session.read}.`);
}

function isReadLevel(text: string): text is ReadLevel {
  return (READ_LEVELS as readonly string[]).includes(text);
}
