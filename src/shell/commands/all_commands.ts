/** The shell's own commands, in the order in which help lists them. */
import { ACTION_COMMANDS } from "./action_commands.ts";
import { CLUSTER_COMMANDS } from "./cluster_commands.ts";
import type { ShellCommand } from "./command.ts";
import { FILE_COMMANDS } from "./file_commands.ts";
import { HELP_COMMANDS } from "./help_commands.ts";
import { LIST_COMMANDS } from "./list_commands.ts";
import { OUTPUT_COMMANDS } from "./output_commands.ts";
import { STATEMENT_COMMANDS } from "./statement_commands.ts";

export const ALL_COMMANDS: readonly ShellCommand[] = [
  ...HELP_COMMANDS,
  ...STATEMENT_COMMANDS,
  ...LIST_COMMANDS,
  ...CLUSTER_COMMANDS,
  ...ACTION_COMMANDS,
  ...OUTPUT_COMMANDS,
  ...FILE_COMMANDS,
];
