/** Help: what commands there are, what a statement looks like here, and what there is not. */
import { pad } from "../../base/width.ts";
import type { Shell } from "../shell.ts";
import type { CommandInput, ShellCommand } from "./command.ts";
import { statementHelp } from "./statement_help.ts";

export const HELP_COMMANDS: readonly ShellCommand[] = [
  {
    names: ["\\?", "\\h", "help", "?"],
    args: "[STATEMENT]",
    does: "Show this help, or that of a statement such as SELECT",
    run: showHelp,
  },
];

async function showHelp(shell: Shell, { args }: CommandInput): Promise<void> {
  const lines = args === "" ? commandLines(shell) : statementHelp(args);
  await shell.printer.lines(lines, shell.settings.pager);
}

function commandLines(shell: Shell): readonly string[] {
  const rows = shell.commands.all.map(({ names, args, does }) => ({
    names: `${names.join(" ")} ${args}`.trim(),
    does,
  }));
  const width = Math.min(36, Math.max(...rows.map(({ names }) => names.length)));
  const { style } = shell.port.out;
  return [
    "Statements end with ; or \\g, with \\G for a line for each column. Commands:",
    "",
    ...rows.flatMap(({ names, does }) =>
      names.length > width
        ? [`  ${style.bold(names)}`, `  ${" ".repeat(width)}  ${does}`]
        : [`  ${style.bold(pad(names, width))}  ${does}`]
    ),
    "",
    "Also: SHOW SERVERS, REGIONS, MASTERS, TABLE STATUS, EVENTS, JOBS, CLUSTER STATUS;",
    "EXPLAIN ROUTE <statement>; DELIMITER; help <statement>.",
  ];
}
