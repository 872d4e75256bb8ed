/** The subcommands that exist, in the order in which help lists them within their groups. */
import { ACTION_COMMANDS } from "./cluster_actions.ts";
import { CLUSTER_COMMANDS } from "./cluster_commands.ts";
import type { Command } from "./command.ts";
import { completionsCommand } from "./completions.ts";
import { exportCommand } from "./export.ts";
import { healthcheckCommand } from "./healthcheck.ts";
import { helpCommand } from "./help.ts";
import { importCommand } from "./import.ts";
import { logCommand } from "./log.ts";
import { masterCommand } from "./master.ts";
import { protocolCommand } from "./protocol.ts";
import { regionCommand } from "./region.ts";
import { upCommand } from "./up.ts";
import { shellCommand } from "./shell.ts";
import { versionCommand } from "./version.ts";

export const COMMANDS: readonly Command[] = [
  masterCommand,
  regionCommand,
  upCommand,
  shellCommand,
  importCommand,
  exportCommand,
  ...CLUSTER_COMMANDS,
  logCommand,
  ...ACTION_COMMANDS,
  healthcheckCommand,
  protocolCommand,
  completionsCommand,
  helpCommand,
  versionCommand,
];
