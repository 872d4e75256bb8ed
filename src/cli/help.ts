/** `minisql help [COMMAND]`. */
import { command } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { commandHelp, programHelp } from "./help_text.ts";
import { findCommand } from "./find_command.ts";

export const helpCommand = command({
  name: "help",
  summary: "Show help, of a command where one is named",
  group: "Tools",
  positionals: { command: { kind: "text", value: "COMMAND", help: "The command to explain" } },
  flags: {},
  examples: [{ line: "minisql help version", does: "The options of a command" }],
  async run({ command: name }, { out, commands }) {
    const text = name === null
      ? programHelp(commands, out.terminal)
      : commandHelp(findCommand(commands, name), out.terminal);
    await out.line(text);
    return EXIT.ok;
  },
});
