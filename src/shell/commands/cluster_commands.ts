/** Commands that look at the cluster. */
import { type Look, LOOKS, STATUS } from "../cluster/looks.ts";
import { seeLog } from "../cluster/log.ts";
import { viewLines } from "../columns.ts";
import { durationWords } from "../output/outcome_words.ts";
import type { Shell } from "../shell.ts";
import { ShellError } from "../shell_error.ts";
import { statusView } from "../views.ts";
import type { CommandInput, ShellCommand } from "./command.ts";

const ENTRIES_DEFAULT = 20;

function lookCommand(look: Look): ShellCommand {
  return {
    names: [`\\${look.name}`],
    args: "",
    does: look.summary,
    async run(shell) {
      const { view } = await shell.interrupts.during((signal) =>
        look.see(shell.client.admin, shell.lookOptions(signal))
      );
      await shell.printer.lines(viewLines(view), shell.settings.pager);
    },
  };
}

export const CLUSTER_COMMANDS: readonly ShellCommand[] = [
  {
    names: ["\\s", "\\status", "status"],
    args: "",
    does: STATUS.summary,
    run: showStatus,
  },
  ...LOOKS.filter((look) => look !== STATUS).map(lookCommand),
  {
    names: ["\\log"],
    args: "TABLE [ENTRIES]",
    does: "Show the end of a table's replication log",
    run: showLog,
  },
];

/** The session as MySQL's `\s` has it, below the cluster's state. */
async function showStatus(shell: Shell): Promise<void> {
  const { connection, version } = shell.options;
  const status = await shell.interrupts.during((signal) =>
    shell.client.admin.master("status", {}, { signal })
  );
  const { master } = status;
  const same = status.version === version ? " (same version as client)" : "";
  const facts: readonly (readonly [string, string])[] = [
    ["Client version", `minisql ${version}`],
    ["Server version", `minisql ${status.version}${same}`],
    ["Connection", `${master.id} at ${master.host}:${master.port}`],
    ["Current user", connection.user ?? "(anyone)"],
    ["Current database", shell.settings.database ?? connection.cluster],
    ["Reads", shell.session.read],
    ["Transaction", shell.session.inTransaction ? "open" : "none"],
    ["Protocol", "minisql, lines of JSON over TCP"],
    ["Characterset", "utf8mb4"],
    ["Highest epoch", String(status.epochMax)],
    ["Uptime", durationWords(status.uptimeMs)],
  ];
  const lines = facts.map(([name, value]) => `${`${name}:`.padEnd(24)}${value}`);
  const all = ["--------------", ...viewLines(statusView(status)), "", ...lines, "--------------"];
  await shell.printer.lines(all, shell.settings.pager);
}

async function showLog(shell: Shell, { args }: CommandInput): Promise<void> {
  const [table, count] = args.split(/\s+/);
  const limit = count === undefined ? ENTRIES_DEFAULT : Number(count);
  if (table === undefined || table === "" || !(limit >= 1 && limit <= 1000)) {
    throw new ShellError("Usage: \\log TABLE [ENTRIES], of which there may be 1000");
  }
  const { view } = await shell.interrupts.during((signal) =>
    seeLog(shell.client.admin, table, { from: null, limit, signal })
  );
  await shell.printer.lines(viewLines(view), shell.settings.pager);
}
